"""Judgements as preference pairs: right ones, as many A as B, and none where none is better."""

import random
from collections import Counter

from research.self_improvement.judging import planted
from research.self_improvement.judging.comparing import Judge, compare
from research.self_improvement.judging.preferences import ALIKE, NO_MEASURE, SURPLUS, judgements

PANEL: dict[str, Judge] = {f"good-{number}": planted.good(number, sharpness=4) for number in range(4)} | {
    "random": planted.by_lot(0),
    "A": planted.always("A"),
}
EQUAL = dict.fromkeys(PANEL, 1.0)


def made(panel: dict[str, Judge], known: bool, challenges: int = 12):
    contests, truths = planted.contests(random.Random(0), challenges, 5)
    compared = compare(planted.compare, contests, panel)
    return judgements(planted.compare, contests, compared, EQUAL, truths if known else None), truths


def share_right(lines) -> float:
    right = 0
    for line in lines:
        task, *texts = planted.shown(line["messages"])
        one, other = (planted.quality(task, text) for text in texts)
        right += line["chosen"][0]["content"] == ("A" if one > other else "B")
    return right / len(lines)


def test_by_truth_every_chosen_answer_is_right_and_no_rejected_one() -> None:
    found, _ = made(PANEL, known=True)
    assert len(found.lines) > 40
    assert share_right(found.lines) == 1
    assert all(line["chosen"] != line["rejected"] for line in found.lines)


def test_without_truth_the_others_decide_and_most_are_right() -> None:
    found, _ = made(PANEL, known=False)
    assert len(found.lines) > 20 and share_right(found.lines) > 0.95
    # Who always says A is right of half of the questions, and of no pair.
    assert "A" not in {line["meta"]["chosen_by"] for line in found.lines}
    assert "A" in {line["meta"]["rejected_by"] for line in found.lines}


def test_no_letter_is_taught() -> None:
    for known in (True, False):
        found, _ = made(PANEL | {"A again": planted.always("A")}, known)
        says = Counter(line["chosen"][0]["content"] for line in found.lines)
        assert says["A"] == says["B"] > 0 and set(says) == {"A", "B"}
        assert len({line["id"] for line in found.lines}) == len(found.lines)


def test_against_who_always_says_a_alone_nothing_is_left() -> None:
    # Only where B is right does "always A" err: all pairs would say B, and teach that.
    found, _ = made({"good-0": planted.good(0, sharpness=60, tie=0), "A": planted.always("A")}, known=True)
    assert found.lines == [] and found.left_out[SURPLUS] == 12 * 10


def test_seats_of_one_model_do_not_find_each_other_right() -> None:
    panel = {f"long#{number}": planted.longest(number, slips=0.0) for number in range(4)} | {
        f"good-{number}": planted.good(number, sharpness=4) for number in range(3)
    }
    found, _ = made(panel, known=False)
    assert {line["meta"]["rejected_by"].partition("#")[0] for line in found.lines} >= {"long"}
    assert share_right(found.lines) > 0.9


def test_what_is_empty_is_not_rejected_either() -> None:
    found, _ = made({"good-0": planted.good(0, sharpness=60, tie=0), "dumb": planted.always("")}, known=True)
    assert found.lines == [] and found.left_out == {ALIKE: 12}


def test_panels_that_agree_or_say_only_ties_give_none() -> None:
    found, _ = made({"good-0": planted.good(0, sharpness=60, tie=0)}, known=True)
    assert found.lines == [] and found.left_out == {ALIKE: 12}
    found, _ = made({"one": planted.always("tie"), "other": planted.always("tie")}, known=False)
    assert found.lines == [] and found.left_out == {NO_MEASURE: 12}
    found, _ = made({"one": planted.always(""), "other": planted.always("")}, known=True)
    assert found.lines == [] and found.left_out == {NO_MEASURE: 12}
