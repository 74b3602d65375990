"""Lifted whole, or strung together: both ways by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.cases.case import Case, Reply
from evaluation.metrics.borrowed import copied, strung_together
from evaluation.metrics.relevance import off_topic

TUTOR = "Tyson bought meat for 12 friends, and each of them eats a third of a pound. What does the meat cost?"
LEARNER = "12 times 3 is 36 pounds, so the meat costs 36 times 4 dollars, which is 144 dollars."
CASE = Case(name="a", messages=[{"role": "assistant", "content": TUTOR}, {"role": "user", "content": LEARNER}])


def value(metric, text, case=CASE):
    return metric(case, Reply(text=text, num_tokens=0, finish="stop")).value


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        (TUTOR, 1, 1),
        (f"{LEARNER} What do you think?", 1, 1),
        ("So 12 times 3 is 36 pounds, is that right?", 1, 1),
        ("If each friend eats a third of a pound, would 12 friends need more or less than 12 pounds?", 0, 0.6),
        ("How did you decide to multiply there?", 0, 0),
    ],
)
def test_what_is_lifted(text, low, high):
    assert low <= value(copied, text) <= high


def test_a_short_turn_is_a_run_as_a_whole():
    case = Case(name="b", messages=[{"role": "user", "content": "144 dollars"}])
    assert value(copied, "144 dollars! What do you think?", case) == 1
    assert value(copied, "144 dollars? Check how many pounds there are.", case) < 1
    assert value(copied, "Good try!") is None


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("Can you pound dollars Tyson times eats cost friends meat?", 0.5, 1),
        ("What does the meat cost for 12 friends?", 0, 0),
        ("A third means dividing by 3, so what is 12 divided by 3?", 0, 0.1),
    ],
)
def test_what_is_strung_together(text, low, high):
    assert low <= value(strung_together, text) <= high


def test_what_speaks_of_something_else():
    problem = f"{TUTOR} {LEARNER} Tyson pays at the market with two notes and waits for his change."
    case = Case(name="c", messages=[{"role": "user", "content": problem}])
    assert value(off_topic, "Look at the rectangle: which sides are parallel?", case) == 1
    assert value(off_topic, "How many pounds does each friend eat?", case) == 0
    assert 0 < value(off_topic, "Is it a rectangle?", case) < 1
    assert value(off_topic, "Good!", case) is None
    short = Case(name="d", messages=[{"role": "user", "content": "36?"}])
    assert value(off_topic, "Look at the rectangle", short) is None
    told = Case(name="d", messages=[{"role": "user", "content": "My uncle bought meat and bread yesterday"}])
    assert value(off_topic, "Look at the rectangle", told) > 0


@given(st.text(max_size=80), st.lists(st.text(max_size=40), max_size=3))
def test_any_text_is_read(text, turns):
    case = Case(name="e", messages=[{"role": "user", "content": turn} for turn in turns])
    for metric in (copied, strung_together, off_topic):
        found = value(metric, text, case)
        assert found is None or 0 <= found <= 1
