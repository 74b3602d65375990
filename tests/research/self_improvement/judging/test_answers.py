"""What a judge's text says, and what is none of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.self_improvement.judging.answers import EMPTY, NO_VERDICT, TWO_VERDICTS, read


@pytest.mark.parametrize(
    "text, side",
    [
        ("A", "A"),
        ("b.", "B"),
        ("tie", "tie"),
        ("A tie", "tie"),
        ("It's a tie.", "tie"),
        ("**B**", "B"),
        ("[[A]]", "A"),
        ('{"answer": "B"}', "B"),
        ("Answer: tie", "tie"),
        ("The better answer is B.", "B"),
        ("My verdict: reply A", "A"),
        ("Response B is better", "B"),
        ("B because it names the river.", "B"),
        ("A, since B is wrong", "A"),
        ("The first is short.\nThe second is wrong.\n\nFinal verdict: A", "A"),
        ("B\n\nThe first one does not answer what was asked.", "B"),
        ("<think>A? B? A\nA</think>\nB", "B"),
    ],
)
def test_a_verdict_is_a_line_of_its_own(text: str, side: str) -> None:
    assert read(text).side == side


@pytest.mark.parametrize(
    "text, why",
    [
        ("", EMPTY),
        ("  \n**\n", EMPTY),
        ("<think>B", EMPTY),
        ("A, B or tie", NO_VERDICT),
        ("A or B", NO_VERDICT),
        ("C", NO_VERDICT),
        ("both", NO_VERDICT),
        ("A man walks into B", NO_VERDICT),
        ("A: the cat sat", NO_VERDICT),
        ("Which is better? Answer with A, B or tie.", NO_VERDICT),
        ("Two texts follow.\nA\nand that was all", NO_VERDICT),
        ("A\nthe cat\nB\nthe dog", TWO_VERDICTS),
        ("A\nB\ntie", TWO_VERDICTS),
        ("A is better\nFinal verdict: B", TWO_VERDICTS),
    ],
)
def test_all_else_is_an_abstention_with_its_reason(text: str, why: str) -> None:
    assert read(text) == (None, why)


def test_the_prompt_said_back_is_no_verdict() -> None:
    prompt = "Which answer is better?\n\nA:\nthe cat\n\nB:\nthe dog\n\nAnswer with A, B or tie."
    assert read(prompt).side is None


@given(st.text(max_size=40))
def test_any_text_is_a_verdict_or_has_a_reason(text: str) -> None:
    side, why = read(text)
    assert (side is None) == bool(why)


@given(st.text(alphabet="AB tie\n.,*", max_size=30))
def test_letters_exchanged_is_the_verdict_exchanged(text: str) -> None:
    turned = text.translate(str.maketrans("AB", "BA"))
    if "A " in text or "B " in text:
        return  # "A tie" is one, "B tie" is none
    other = {"A": "B", "B": "A"}
    side = read(text).side
    assert read(turned).side == (other.get(side, side) if side else None)
