"""What is read of a model's proposal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.self_improvement.families.family import Refused
from research.self_improvement.families.trivia.proposal import FORM, Proposal, read_proposal

GOOD = "Page: Limes\nQuestion: Who planted it?\nQuote: planted in 1742 by Jane Marlow\nAnswer: Jane Marlow."


@pytest.mark.parametrize(
    "reply",
    [
        GOOD,
        f"<think>Question: what?</think>\n{GOOD}",
        f"Here you are:\n\n{GOOD}\n\nI hope that you like it: it is new.",
        "**Page:** Limes\n- **Question**: Who planted\n  it?\nQUOTE: “planted in 1742 by Jane Marlow”\n"
        "> Answer: *Jane Marlow*",
    ],
)
def test_a_form_is_read_however_it_is_dressed(reply: str) -> None:
    assert read_proposal(reply) == Proposal(
        "Limes", "Who planted it?", ["planted in 1742 by Jane Marlow"], "Jane Marlow"
    )


def test_several_quotes_are_kept() -> None:
    found = read_proposal(GOOD + "\nQuote 2: Nobody may cut a branch")
    assert isinstance(found, Proposal) and found.quotes[1:] == ["Nobody may cut a branch"]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("", "no question"),
        ("UNLEASHED:", "no question"),
        ("<think>" + GOOD, "no question"),
        ("Question: …?\nQuote: a b c\nAnswer: x", "no question"),
        (GOOD.replace("Quote", "Wrote"), "no quote"),
        (GOOD.replace("Jane Marlow.", "“”"), "no answer"),
        (GOOD + "\nAnswer: the town", "several answers"),
        (GOOD + "\n" + GOOD, "several questions"),
        (GOOD + "\nQuote: a" * 3, "too many quotes"),
    ],
)
def test_what_is_no_proposal_is_refused_by_name(reply: str, why: str) -> None:
    assert read_proposal(reply) == Refused(why)


def test_the_form_said_back_is_a_proposal_of_nothing_on_any_page() -> None:
    found = read_proposal(FORM)
    assert isinstance(found, Proposal) and found.quotes == ["the words of the page that answer it, copied exactly"]


@given(st.text(alphabet=st.sampled_from("Page:Question\nAnswerQuote “”*1 ")) | st.text())
def test_reading_never_fails(reply: str) -> None:
    found = read_proposal(reply)
    assert isinstance(found, Refused) or (found.question and found.answer and all(found.quotes))
