"""Pairs in both orders, and what is made of contradictions, abstentions and equal texts."""

import json
import random
from dataclasses import asdict

import pytest

from research.self_improvement.families.family import Challenge, Performance
from research.self_improvement.judging import planted
from research.self_improvement.judging.answers import NO_VERDICT
from research.self_improvement.judging.comparing import Compared, Contest, compare, seats, to_compare
from research.self_improvement.judging.meta_judge import order_of
from research.self_improvement.judging.panel import own_points, ranked, results, silences

CHALLENGE = Challenge(family="planted", skill="any", difficulty=0, content="it: do it well")
SAID = [Performance(text="it 2.0 good"), Performance(text="it -2.0 bad and long"), Performance(text="it 0.0 middling")]


def said(there: str, back: str) -> Compared:
    return Compared(challenge="c", one=0, other=1, judge="j", there=there, back=back)


@pytest.mark.parametrize(
    "there, back, points",
    [
        ("A", "B", 1),
        ("B", "A", -1),
        ("A", "A", 0),
        ("B", "B", 0),
        ("tie", "tie", 0),
        ("A", "tie", 0.5),
        ("A", "?", None),
        ("?", "B", None),
    ],
)
def test_points_are_of_both_orders_or_there_are_none(there: str, back: str, points: float | None) -> None:
    assert said(there, back).points == points


def test_two_orders_are_one_result_and_an_abstention_is_none() -> None:
    (found,) = results([said("A", "A"), said("A", "?")])
    assert found == (0, 1, 0.5, 0, 0.5)
    assert results([said("A", "B")], {"j": 0.25}) == [(0, 1, 0.25, 0, 0)]
    assert results([said("A", "B")], {}) == []


def test_what_was_said_is_plain_data() -> None:
    assert Compared(**json.loads(json.dumps(asdict(said("A", "?"))))) == said("A", "?")


def test_a_judge_that_reads_puts_in_order_and_one_that_says_a_does_not() -> None:
    contest = Contest(CHALLENGE, SAID, to_compare(SAID, random.Random(0)))
    panel = {"reads": planted.good(0, sharpness=30), "A": planted.always("A")}
    found = compare(planted.compare, [contest], panel)
    assert [each.judge for each in found] == ["reads"] * 3 + ["A"] * 3
    assert ranked(found[:3], 3).order() == [0, 2, 1]
    assert ranked(found[3:], 3).values == pytest.approx([0, 0, 0])
    assert order_of(own_points(found[:3], 3)) == [[0], [2], [1]]
    assert order_of(own_points(found[3:], 3)) == [[0, 1, 2]]


def test_silence_is_kept_and_counted() -> None:
    contest = Contest(CHALLENGE, SAID, [(0, 1), (1, 2)])
    found = compare(planted.compare, [contest], {"dumb": planted.always("I like both")})
    assert [each.points for each in found] == [None, None]
    assert silences(found) == {NO_VERDICT: 4}
    assert order_of(own_points(found, 3)) == []


def test_a_judge_that_does_not_answer_each_is_an_error() -> None:
    with pytest.raises(ValueError, match="short answered 1 of 2"):
        compare(planted.compare, [Contest(CHALLENGE, SAID, [(0, 1)])], {"short": lambda asked: ["A"]})


def test_performances_that_are_all_equal_are_no_pair() -> None:
    same = [Performance(text="a")] * 4
    assert to_compare(same, random.Random(0)) == []
    assert compare(planted.compare, [Contest(CHALLENGE, same, [])], {"never asked": lambda asked: ["A"]}) == []
    assert to_compare([*same, Performance(text="b")], random.Random(0)) == [(0, 4)]


def test_with_few_meetings_all_hang_together() -> None:
    many = [Performance(text=str(number)) for number in range(12)]
    for seed in range(20):
        pairs = to_compare(many, random.Random(seed), meets=4)
        assert len(pairs) == 24 and all(one < other for one, other in pairs)
        reached = {0}
        for _ in many:
            reached |= {place for pair in pairs if reached & set(pair) for place in pair}
        assert len(reached) == 12


def test_seats_of_one_model_are_told_apart() -> None:
    panel = seats("m", 2, lambda seed: planted.by_lot(seed))
    assert list(panel) == ["m#0", "m#1"]
