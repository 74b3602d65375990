"""The pedagogy score: its parts by hand, and the canned set that it must call bad."""

import random

import pytest

from espalier.text.ratings import WEIGHTS, missing, weighted
from evaluation.cases.case import Case, Reply
from evaluation.controls.base import Scene, controls
from evaluation.judges.base import DIMENSIONS
from evaluation.metrics import METRICS
from evaluation.metrics.base import Metric
from evaluation.scoring.columns import known_columns
from evaluation.scoring.pedagogy import CHECKS, PEDAGOGY, columns, pedagogy_score, statement

BEST = dict.fromkeys(WEIGHTS, 1.0) | {"revealing_of_the_answer": 0.0}
WORST = dict.fromkeys(WEIGHTS, 0.0) | {"revealing_of_the_answer": 1.0}
FITTING = {check.column.name: check.harmless for check in CHECKS}


def test_it_runs_from_nothing_to_one():
    assert pedagogy_score({**BEST, **FITTING}).value == pytest.approx(1)
    assert pedagogy_score({**WORST, **FITTING}).value == pytest.approx(0)
    assert sum(WEIGHTS.values()) == pytest.approx(1) and PEDAGOGY.is_share


@pytest.mark.parametrize("name", WEIGHTS)
def test_each_verdict_counts_its_weight_in_its_direction(name):
    turned = {**BEST, **FITTING, name: 1 - BEST[name]}
    assert pedagogy_score(turned).value == pytest.approx(1 - WEIGHTS[name])
    assert weighted({each: BEST[each] for each in WEIGHTS} | {name: 1 - BEST[name]}) == pytest.approx(1 - WEIGHTS[name])


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.column.name)
def test_a_check_costs_from_where_it_harms_to_where_nothing_is_left(check):
    middle = (check.harmless + check.hopeless) / 2
    for value, left in ((check.harmless, 1.0), (middle, (1 + check.left) / 2), (check.hopeless, check.left)):
        score = pedagogy_score({**BEST, **FITTING, check.column.name: value})
        assert score.value == pytest.approx(left)
        assert (check.column.name in score.why) is (left < 1)
    assert pedagogy_score({**BEST, **FITTING, check.column.name: 2 * check.hopeless - middle}).value == pytest.approx(
        check.left
    )


def test_of_one_question_the_worst_answer_counts_and_different_questions_multiply():
    about = [check for check in CHECKS if check.question == "about this"]
    lost = {check.column.name: check.hopeless for check in about}
    assert pedagogy_score({**BEST, **FITTING, **lost}).value == pytest.approx(min(check.left for check in about))
    wordless = {**lost, "plausible": 0.0}
    assert pedagogy_score({**BEST, **FITTING, **wordless}).value == pytest.approx(0.1 * 0.1)


def test_without_a_verdict_there_is_no_score_and_a_check_that_cannot_be_made_costs_nothing():
    for name in WEIGHTS.keys() - {"guiding"}:
        found = {key: value for key, value in {**BEST, **FITTING}.items() if key != name}
        assert pedagogy_score(found).value is None and missing(found) == [name]
    assert pedagogy_score(BEST).value == pytest.approx(1)


def test_a_verdict_that_is_not_taught_everywhere_leaves_its_weight_to_the_others():
    untaught = {name: value for name, value in BEST.items() if name != "guiding"}
    assert pedagogy_score(untaught).value == pytest.approx(1) and missing(untaught) == []
    no_action = {**untaught, "actionability": 0.0}
    assert pedagogy_score(no_action).value == pytest.approx(1 - WEIGHTS["actionability"] / (1 - WEIGHTS["guiding"]))


def test_its_columns_exist():
    assert set(columns()) <= known_columns().keys() and set(WEIGHTS) <= DIMENSIONS.keys()
    assert statement()["weights"] == WEIGHTS and statement()["version"] == 2


LEARNERS = (
    "3 x 4 is 7, so Ann has 7 apples.",
    "Yesterday I go to the market with my sister.",
    "The ice melts because cold goes out of it.",
    "La casa es rojo y grande.",
)


@pytest.mark.parametrize("name", ["salad", "keywords", "restated", "copied_turn", "parroted"])
def test_what_borrows_is_bad_even_for_a_judge_that_finds_all_of_it_perfect(name):
    found = []
    for number, text in enumerate(LEARNERS * 5):
        tutor = f"Let us begin with number {number}. Tell me what you think about the {text.split()[-1]}"
        messages = [{"role": "assistant", "content": tutor}, {"role": "user", "content": text}]
        (made,) = controls()[name].replies([Scene(messages=messages)], seed=number)
        if made is not None:
            found.append(_score(Case(name=text, messages=messages), made))
    assert found and sum(found) / len(found) < 0.6
    good = ("How many apples are in each of the 3 bags?", "So you went to the market! Who was with your sister?")
    cases = [Case(name=text, messages=[{"role": "user", "content": text}]) for text in LEARNERS[:2]]
    assert [_score(case, text) for case, text in zip(cases, good, strict=True)] == [1.0, 1.0]


UNREADABLE = ("👍", "שלום! מה דעתך?", "Ég veit það ekki alveg enn.")


@pytest.mark.parametrize("text", ["", "42", "7 8 9", "x" * 100_000, "?", *UNREADABLE])
def test_what_cannot_be_read_is_not_punished_and_never_breaks(text):
    case = Case(name="a", messages=[{"role": "user", "content": random.Random(0).choice(LEARNERS)}])
    assert 0 <= _score(case, text) <= 1
    if text in UNREADABLE:
        assert _score(case, text) == 1


def _score(case: Case, text: str) -> float:
    found = dict(BEST)
    for name in columns():
        metric = METRICS.get(name)
        if isinstance(metric, Metric):
            value = metric(case, Reply(text=text, num_tokens=0, finish="stop")).value
            if value is not None:
                found[name] = value
    score = pedagogy_score(found).value
    assert score is not None
    return score
