"""The pedagogy score: its parts by hand, and the canned set that it must call bad."""

import random

import pytest

from evaluation.cases.case import Case, Reply
from evaluation.controls.frames import pool as frames
from evaluation.judges.base import DIMENSIONS
from evaluation.metrics import METRICS
from evaluation.metrics.base import Metric
from evaluation.scoring.pedagogy import PEDAGOGY, WEIGHTS, columns, missing, pedagogy_score, statement, weighted

BEST = dict.fromkeys(WEIGHTS, 1.0) | {"revealing_of_the_answer": 0.0}
WORST = dict.fromkeys(WEIGHTS, 0.0) | {"revealing_of_the_answer": 1.0}
FITTING = {"relevance": 1.0, "hollow_question": 0.0}


def test_it_runs_from_nothing_to_one():
    assert pedagogy_score({**BEST, **FITTING}).value == pytest.approx(1)
    assert pedagogy_score({**WORST, **FITTING}).value == pytest.approx(0)
    assert sum(WEIGHTS.values()) == pytest.approx(1) and PEDAGOGY.is_share


@pytest.mark.parametrize("name", WEIGHTS)
def test_each_verdict_counts_its_weight_in_its_direction(name):
    turned = {**BEST, **FITTING, name: 1 - BEST[name]}
    assert pedagogy_score(turned).value == pytest.approx(1 - WEIGHTS[name])
    assert weighted({each: BEST[each] for each in WEIGHTS} | {name: 1 - BEST[name]}) == pytest.approx(1 - WEIGHTS[name])


def test_a_hollow_question_costs_and_never_below_nothing():
    assert pedagogy_score({**BEST, **FITTING, "hollow_question": 1.0}).value == pytest.approx(0.85)
    assert pedagogy_score({**WORST, **FITTING, "hollow_question": 1.0}).value == 0


def test_what_is_hardly_relevant_earns_hardly_anything():
    scores = [pedagogy_score({**BEST, **FITTING, "relevance": share}).value for share in (0.0, 0.1, 0.2, 0.6)]
    assert scores == pytest.approx([0.3, 0.65, 1, 1])


@pytest.mark.parametrize("name", columns())
def test_without_one_of_its_columns_there_is_no_score(name):
    found = {key: value for key, value in {**BEST, **FITTING}.items() if key != name}
    assert pedagogy_score(found).value is None and missing(found) == [name]


def test_its_columns_are_verdicts_and_metrics_that_exist():
    assert set(columns()) <= {*DIMENSIONS, *METRICS}
    assert statement()["weights"] == WEIGHTS and statement()["version"] == 1


def test_the_canned_set_is_bad_even_for_a_judge_that_finds_all_of_it_perfect():
    """10,000 replies, 104 distinct ones, hardly any with a word of the learner's, every one ending in "?"."""
    chance = random.Random(0)
    learners = (
        "3 x 4 is 7, so Ann has 7 apples.",
        "Yesterday I go to the market with my sister.",
        "The ice melts because cold goes out of it.",
        "La casa es rojo y grande.",
    )
    cases = [Case(name=text, messages=[{"role": "user", "content": text}]) for text in learners]
    pool = [f"{opening} {question}" for opening in frames("opening", "en") for question in frames("follow_up", "en")]
    assert len(set(pool)) == 104
    score = {(case.name, text): _score(case, text) for case in cases for text in pool}
    canned = [score[chance.choice(learners), chance.choice(pool)] for _ in range(10_000)]
    assert all(text.endswith("?") for text in pool)
    assert sum(canned) / len(canned) < 0.3
    fitting = ("How many apples are in each of the 3 bags?", "So you went to the market! Who was with your sister?")
    assert [_score(case, text) for case, text in zip(cases, fitting, strict=False)] == [1.0, 1.0]


def _score(case: Case, text: str) -> float:
    found = dict(BEST)
    for name in columns():
        metric = METRICS.get(name)
        if isinstance(metric, Metric):
            value = metric(case, Reply(text=text, num_tokens=0, finish="stop")).value
            assert value is not None
            found[name] = value
    score = pedagogy_score(found).value
    assert score is not None
    return score
