"""Which replies are right, and which only look so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.self_improvement.families.trivia.answers import answer_of, is_right, normalised

HAS = ("What does Anna have?", ["a red kite", "kite"], ["Anna has a red kite."])
COUNT = ("How many plums did Tom buy?", ["three"], ["Tom bought three plums."])
WHO = ("Who came on Friday?", ["Tom"], ["Tom came on Friday."])


@pytest.mark.parametrize(
    ("case", "reply"),
    [
        (HAS, "A red kite."),
        (HAS, "kite"),
        (HAS, "Anna has a RED kite!"),
        (HAS, "She has the red kite."),
        (COUNT, "3"),
        (COUNT, "Tom bought three plums."),
        (COUNT, "<think>two, no</think>\nAnswer: three plums"),
        (COUNT, "Let me see.\n**Answer:** 3\nFinal answer: three"),
        (WHO, "It was Tom who came on Friday."),
        (WHO, "Tom\n\nBecause the page says so, or so I think."),
    ],
)
def test_a_right_answer_is_right_however_it_is_said(case: tuple[str, list[str], list[str]], reply: str) -> None:
    question, accepted, quotes = case
    assert is_right(answer_of(reply) or "", accepted, question, quotes)


@pytest.mark.parametrize(
    ("case", "reply"),
    [
        (HAS, ""),
        (HAS, "   \n  "),
        (HAS, "<think>a red kite"),
        (HAS, "Answer:"),
        (HAS, "What does Anna have?"),
        (HAS, "a red kite or a blue drum"),
        (HAS, "not a red kite"),
        (HAS, "kite, drum, coat"),
        (HAS, "Answer: a red kite\nAnswer: a blue drum"),
        (HAS, "a blue kite"),
        (HAS, "red"),
        (HAS, "Anna has it"),
        (COUNT, "two three four five"),
        (COUNT, "13"),
        (COUNT, "plums"),
        (WHO, "Anna Tom"),
        (WHO, "Anna and Tom came on Friday."),
        (WHO, "Tommy"),
        (WHO, "Friday"),
    ],
)
def test_what_offers_several_or_nothing_is_wrong(case: tuple[str, list[str], list[str]], reply: str) -> None:
    question, accepted, quotes = case
    assert not is_right(answer_of(reply) or "", accepted, question, quotes)


def test_names_and_numbers_of_the_quote_are_no_words_around_an_answer() -> None:
    question, accepted = "Who planted the tree?", ["Jane Marlow"]
    quotes = ["It was planted by Jane Marlow in 1742, and Doctor Hale bound it."]
    assert is_right("it was planted by Jane Marlow", accepted, question, quotes)
    assert not is_right("Jane Marlow Doctor Hale", accepted, question, quotes)
    assert not is_right("Jane Marlow 1742", accepted, question, quotes)


def test_numbers_written_as_words_are_numbers_and_a_denial_in_the_question_excuses_none() -> None:
    assert is_right("Tom bought plums", ["Tom"], "Who came?", ["Tom bought three plums."])
    assert not is_right("Tom three", ["Tom"], "Who came?", ["Tom bought three plums."])
    assert not is_right("not Tom", ["Tom"], "Who did not come?")


def test_a_list_may_be_said_in_any_order() -> None:
    assert is_right("a drum and a kite", ["a kite and a drum"], "What is blue?")
    assert not is_right("a drum", ["a kite and a drum"], "What is blue?")


def test_an_answer_has_an_end() -> None:
    assert is_right("kite " + "it " * 39, ["kite"], "What is it?")
    assert not is_right("kite " + "it " * 40, ["kite"], "What is it?")


def test_numbers_are_one_however_they_are_written() -> None:
    assert normalised("1,742 and twelve") == ["1742", "and", "12"]
    assert normalised("1,2 the") == ["1", "2"]


@given(st.text(), st.text(min_size=1), st.text())
def test_reading_never_fails_and_what_is_accepted_is_right_if_it_is_short(reply: str, wanted: str, asked: str) -> None:
    answer = answer_of(reply)
    assert answer is None or normalised(answer) or not is_right(answer, [wanted], asked)
    assert is_right(wanted, [wanted], asked) == (0 < len(normalised(wanted)) <= 40)
