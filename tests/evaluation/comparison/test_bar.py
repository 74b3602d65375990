"""When replies made to win do win, by hand: the interval decides, in the column's direction, on the cases of both."""

import pytest

from evaluation.comparison.bar import REFERENCE, bar, held, margins
from evaluation.comparison.figures import Contestant, Results
from evaluation.judges.base import DIMENSIONS
from evaluation.metrics import METRICS
from evaluation.metrics.base import Column
from evaluation.scoring.pedagogy import PEDAGOGY
from tests.evaluation.report.made_up import record

GOOD = Column(name="good", label="good", description="")
BLUNT = Column(name="blunt", label="blunt", description="", better="lower")
SALAD = Contestant(name="salad", members=("salad",), control=True, kind="borrowed", label="a salad")
CHEERED = Contestant(name="cheered", members=("cheered",), control=True, kind="style", label="cheered", adds=True)


def results(**models: list[float | None]) -> Results:
    """By model the values of `good`, None where there is none; `blunt` is their opposite."""
    models = {REFERENCE if name == "reference" else name: values for name, values in models.items()}
    records = [
        record(name, f"c{n}", metrics={} if value is None else {"good": value, "blunt": 1 - value})
        for name, values in models.items()
        for n, value in enumerate(values)
    ]
    special = {"salad": SALAD, "cheered": CHEERED}
    contestants = [
        special.get(name, Contestant(name=name, members=(name,), control=name == REFERENCE)) for name in models
    ]
    return Results(records, contestants, next(iter(models)), [GOOD, BLUNT], seed=0)


GOOD_REPLIES = [0.7, 0.9, 0.8, 0.6] * 6


@pytest.mark.parametrize("column", [GOOD, BLUNT])
def test_a_control_is_beaten_where_the_interval_leaves_out_nothing(column):
    found = bar(results(model=[0.5] * 24, reference=GOOD_REPLIES, salad=[0.4, 0.5] * 12), column)
    (margin,) = found.margins
    assert found.is_reference and margin.is_beaten and not found.unbeaten
    assert margin.lead.value == pytest.approx(0.3) and 0.2 < margin.lead.low < 0.3 < margin.lead.high < 0.4
    near = bar(results(model=[0.5] * 24, reference=GOOD_REPLIES, salad=[1.0, 0.4] * 12), column)
    assert near.margins[0].lead.value > 0 and near.unbeaten == [near.margins[0]]


def test_only_cases_that_both_have_count():
    values = [1.0] * 8 + [None] * 16
    found = bar(results(model=[0.5] * 24, reference=[0.5] * 8 + [1.0] * 16, salad=values), GOOD)
    (margin,) = found.unbeaten
    assert (margin.ours, margin.theirs, margin.lead.num_cases) == (0.5, 1.0, 8)


def test_without_good_replies_the_best_model_is_the_bar():
    found = bar(results(poor=[0.1] * 24, better=GOOD_REPLIES, salad=[0.2, 0.3] * 12), GOOD)
    assert found.by.name == "better" and not found.is_reference and not found.unbeaten
    assert bar(results(poor=[0.1] * 24, better=GOOD_REPLIES, salad=[0.2, 0.3] * 12), BLUNT).by.name == "better"


def test_what_adds_to_good_replies_wins_only_where_they_surely_rise():
    level = bar(results(model=[0.5] * 24, reference=GOOD_REPLIES, cheered=[0.8, 0.9, 0.7, 0.6] * 6), GOOD)
    assert level.margins == () and not level.unbeaten and len(level.added) == 1
    raised = bar(results(model=[0.5] * 24, reference=GOOD_REPLIES, cheered=[0.9, 1.0, 0.9, 0.7] * 6), GOOD)
    assert raised.unbeaten == list(raised.added)


def test_a_control_of_few_cases_says_nothing():
    found = bar(results(model=[0.5] * 24, reference=GOOD_REPLIES, salad=[1.0] * 7 + [None] * 17), GOOD)
    assert not found.unbeaten and found.margins == () and len(found.few) == 1


def test_nothing_tried_is_nothing_won():
    found = bar(results(model=[0.5] * 24, reference=GOOD_REPLIES), GOOD)
    assert found.margins == found.added == () and not found.unbeaten
    aimless = Column(name="good", label="", description="", better="neither")
    assert margins(results(model=[0.5] * 24, salad=[1.0] * 24), SALAD, aimless, [SALAD]) == []


def test_which_columns_are_held_to_it():
    claims = ["recast", "corrected_present", "good_reply", "hint_without_reveal", "uptake", "question_at_end"]
    assert all(held(METRICS[name], "x") for name in claims) and held(PEDAGOGY, "x")
    assert held(DIMENSIONS["providing_guidance"], "x") and not held(DIMENSIONS["revealing_of_the_answer"], "x")
    keeps = ["in_role", "corrected_absent", "answer_revealed", "explicit_correction", "level_fit", "checks"]
    assert not any(held(METRICS[name], "x") for name in keeps) and all(held(METRICS[name], name) for name in keeps)
    assert not held(METRICS["asks"], "asks")
