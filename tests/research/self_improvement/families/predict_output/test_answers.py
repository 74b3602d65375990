"""What counts as an answer: nothing but the right output wins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.self_improvement.families.family import Refused
from research.self_improvement.families.predict_output.answers import answer_in, tidy, truth_in


@pytest.mark.parametrize(
    "reply",
    [
        "7\n8", " 7 \n8\n\n", "```\n7\n8\n```", "```text\n7\n8\n```\n",
        "Output: 7\n8", "Output:\n7\n8", "3 + 4 = 7\nOutput:\n```\n7\n8\n```",
    ],
)  # fmt: skip
def test_the_answer_is_found(reply: str) -> None:
    assert answer_in(reply) == "7\n8"


@pytest.mark.parametrize(
    "reply",
    [
        "It is 7", "7.", "7.0", "07", "+7", "７", "7 8",
        "7\n\n8", "8\n7", "7\n8\n9", "`7`", "**7**", "'7'", "7 or 8", "-7", "output: 7",
        "```\n7\n```\n```\n8\n```", "Output: 7 (I am sure)",
    ],
)  # fmt: skip
def test_nothing_near_it_is_it(reply: str) -> None:
    assert answer_in(reply) not in ("7", "7\n8")


@pytest.mark.parametrize("reply", ["", " \n", "Output:", "Output:\n \n", "```\n```", "UNLEASHED\nOutput:\n```\n\n```"])
def test_no_answer(reply: str) -> None:
    assert answer_in(reply) == Refused("no answer")


def test_who_goes_through_several_has_none() -> None:
    assert answer_in("Output: 7\nOutput: 8") == Refused("several answers")
    assert answer_in("7\nOutput: 7\n  Output: 7") == Refused("several answers")


@given(st.text(max_size=60), st.text("0123456789-\n ", min_size=1, max_size=12))
def test_a_reply_wins_by_the_output_alone(reply: str, printed: str) -> None:
    truth = truth_in(printed)
    if isinstance(truth, str):
        assert all(answer_in(form) == truth for form in (truth, f"```\n{truth}\n```", f"{'x = 1'}\nOutput:\n{truth}"))
        # Without a mark and a fence, all of the reply is the answer.
        if "Output:" not in reply and "```" not in reply:
            assert (answer_in(reply) == truth) == (tidy(reply) == truth)


@pytest.mark.parametrize(
    ("printed", "why"),
    [
        ("", "prints nothing"),
        ("\n \n", "prints nothing"),
        ("x" * 300, "prints too much"),
        ("1\n" * 40, "prints too much"),
        ("\ufffd", "prints what is no text"),
        ("Output: 3", "prints what an answer is framed with"),
        ("```\n3\n```", "prints what an answer is framed with"),
    ],
)
def test_what_is_nothing_to_ask_for(printed: str, why: str) -> None:
    assert truth_in(printed) == Refused(why)
