from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from evaluation.cache import Cache
from evaluation.cases.case import Case
from evaluation.judges.base import DIMENSIONS, Verdict
from evaluation.play import play
from evaluation.scoring.pedagogy import columns
from evaluation.scoring.verdicts import add_pedagogy, add_verdicts
from tests.evaluation.toy_world import Echo


@dataclass
class Fixed:
    """Judges every reply alike, and remembers what it was asked."""

    verdict: Verdict
    name: str = "fixed"
    identity: dict[str, Any] = field(default_factory=lambda: {"name": "fixed"})
    dimensions: tuple[str, ...] = tuple(DIMENSIONS)
    judged: list[str] = field(default_factory=list)

    def judge(self, items):
        self.judged += [item.reply for item in items]
        return [dict.fromkeys(self.dimensions, self.verdict) for _ in items]


@pytest.fixture
def cache(tmp_path):
    with Cache(tmp_path / "cache.sqlite") as cache:
        yield cache


@pytest.fixture
def records(cache):
    cases = [Case(name=str(place), messages=[{"role": "user", "content": f"Say {place}."}]) for place in range(3)]
    return play(Echo(), cases, [], cache=cache, seed=0)


def test_a_verdict_becomes_a_column_and_a_note(records, cache):
    judge = Fixed(Verdict(value=0.5, why="half", votes={"a": 0.0, "b": 1.0}))
    heard = []
    found = add_verdicts(records, judge, ["actionability"], cache=cache, on_verdict=heard.append)
    assert [record.metrics for record in found] == [{"actionability": 0.5}] * 3
    assert found[0].notes == {"actionability": {"why": "half", "votes": {"a": 0.0, "b": 1.0}}} and heard == [0, 3]


def test_an_abstention_is_no_value(records, cache):
    found = add_verdicts(records, Fixed(Verdict(value=None, why="cannot tell")), ["coherence"], cache=cache)
    assert found[0].metrics == {} and found[0].notes == {"coherence": {"why": "cannot tell", "abstained": True}}


def test_a_reply_is_judged_once(records, cache):
    first, second = Fixed(Verdict(value=1.0)), Fixed(Verdict(value=1.0))
    before = add_verdicts([*records, *records], first, ["coherence"], cache=cache)
    after = add_verdicts(records, second, ["coherence"], cache=cache)
    assert len(first.judged) == 3 and second.judged == [] and before[:3] == after


@dataclass
class ByLength(Fixed):
    """The longer, the better."""

    def judge(self, items):
        return [dict.fromkeys(self.dimensions, Verdict(value=len(item.reply) / 100)) for item in items]


def test_each_models_reply_to_a_case_is_judged_for_itself(records, cache):
    others = [replace(record, model="other", reply=record.reply + "!!") for record in records]
    judge = ByLength(Verdict(value=None))
    found = add_verdicts([*records, *others], judge, ["coherence"], cache=cache)
    assert [record.metrics["coherence"] for record in found] == [0.1] * 3 + [0.12] * 3


def test_another_judge_judges_anew(records, cache):
    add_verdicts(records, Fixed(Verdict(value=1.0)), ["coherence"], cache=cache)
    other = Fixed(Verdict(value=0.0), identity={"name": "other"})
    assert add_verdicts(records, other, ["coherence"], cache=cache)[0].metrics == {"coherence": 0.0}


def test_what_failed_is_told_from_what_was_withheld(records, cache):
    found = add_verdicts(records, Fixed(Verdict(value=None, why="timeout", failed=True)), ["coherence"], cache=cache)
    assert found[0].notes["coherence"] == {"why": "timeout", "abstained": True, "failed": True}


def test_what_failed_is_asked_again(records, cache):
    add_verdicts(records, Fixed(Verdict(value=None, why="timeout", failed=True)), ["coherence"], cache=cache)
    again = Fixed(Verdict(value=1.0))
    add_verdicts(records, again, ["coherence"], cache=cache)
    assert len(again.judged) == 3


def test_a_reply_that_failed_is_not_judged(records, cache):
    judge = Fixed(Verdict(value=1.0))
    found = add_verdicts([replace(records[0], finish="error")], judge, ["coherence"], cache=cache)
    assert judge.judged == [] and found[0].metrics == {}


def test_the_pedagogy_score_wants_all_its_parts(records):
    whole = replace(records[0], metrics=dict.fromkeys(columns(), 1.0))
    parts = replace(records[1], metrics=dict.fromkeys(columns()[1:], 1.0))
    first, second = add_pedagogy([whole, parts])
    assert 0 <= first.metrics["pedagogy"] <= 1 and "pedagogy" not in second.metrics
