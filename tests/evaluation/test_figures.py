import numpy as np
import pytest

from evaluation.cases import Truth
from evaluation.figures import Contestant, Results, _estimate, in_dialogue, in_group, summarise
from evaluation.metrics import METRICS
from evaluation.play import Record
from evaluation.stats import proportion


def record(model: str, number: int, value: float | None, *, turn=0, num_turns=1, error="tense", role=1.0) -> Record:
    truth = Truth(learner="I go.", strategy="recast", rule="must", corrected="you went", error=error, level="A1")
    metrics = {"in_role": role} | ({} if value is None else {"corrected_present": value})
    return Record(
        model=model, case=f"c{number}", turn=turn, num_turns=num_turns, split="unseen", cluster=f"k{number // 2}",
        combination=(), tags=(), messages=[{"role": "user", "content": "I go."}], reply="x", finish="stop",
        num_tokens=1, metrics=metrics, truth=truth, reference=None,
    )  # fmt: skip


A, B, C = (Contestant(name=name, members=(name,)) for name in "abc")
POOL = Contestant(name="pool", members=("b", "c"))


def results(values: dict[str, list[float | None]], contestants=(A, B)) -> Results:
    records = [record(model, number, value) for model, found in values.items() for number, value in enumerate(found)]
    return Results(records, contestants, "a", seed=0)


def test_estimates_are_clustered_shares_of_what_applies():
    found = results({"a": [0, 1, None, 1, 1, 0], "b": [1] * 6}).estimate(A, "corrected_present")
    assert found == proportion([0, 1, 1, 1, 0], ["k0", "k0", "k1", "k2", "k2"])
    assert (found.num_cases, found.num_clusters, found.value) == (5, 3, 0.6)
    assert results({"a": [None], "b": [None]}).estimate(A, "corrected_present") is None


def test_comparison_is_paired_and_signed():
    found = results({"a": [0, 0, 1, 1], "b": [1, 1, 1, 0]}).compare(B, "corrected_present")
    assert found.difference.value == 0.25 and (found.higher, found.same, found.lower) == (2, 1, 1)


def test_groups():
    records = [record("a", n, float(n % 2), error="article" if n < 4 else "tense") for n in range(10)]
    found = Results(records, [A], "a", seed=0)
    assert found.groups("error") == ["article", "tense"] and found.groups("strategy") == ["recast"]
    assert found.estimate(A, "corrected_present", in_group("error", "article")).num_cases == 4


def test_later_turns_count_in_dialogues_only():
    records = [record("a", 0, 1.0, num_turns=2), record("a", 0, 0.0, turn=1, num_turns=2), record("a", 1, 1.0)]
    found = Results(records, [A], "a", seed=0)
    assert found.estimate(A, "corrected_present").value == 1
    assert found.estimate(A, "corrected_present", in_dialogue).value == 0.5


def test_a_dialogue_is_whole_when_every_turn_is():
    records = []
    for number, roles in enumerate([(1, 1), (1, 0), (1, 1), (0, 1)]):
        records += [record("a", number, None, turn=turn, num_turns=2, role=role) for turn, role in enumerate(roles)]
    found = Results(records, [A], "a", seed=0).dialogues(A, "in_role")
    assert (found.value, found.num_cases) == (0.5, 4)
    assert Results([record("a", 0, 1.0)], [A], "a", seed=0).dialogues(A, "in_role") is None


def test_a_pool_of_runs_averages_them_and_is_less_sure():
    values = {"a": [0.0] * 40, "b": [1.0] * 36 + [0.0] * 4, "c": [1.0] * 20 + [0.0] * 20}
    found = results(values, (A, B, C, POOL))
    pooled = found.estimate(POOL, "corrected_present")
    assert pooled.value == pytest.approx(0.7) and pooled.low < 0.55 and pooled.high > 0.85
    assert found.compare(POOL, "corrected_present").difference.value == pytest.approx(0.7)


def test_summary_is_plain_data_with_everything():
    import json

    found = results({"a": [0, 1, 0, 1], "b": [1, 1, 1, 1]})
    summary = summarise(found, [METRICS["corrected_present"], METRICS["in_role"]])
    assert json.loads(json.dumps(summary)) == summary
    assert summary["a"]["metrics"]["corrected_present"]["against_baseline"] is None
    entry = summary["b"]["metrics"]["corrected_present"]
    assert entry["overall"]["value"] == 1 and entry["against_baseline"]["difference"]["value"] == 0.5
    assert entry["groups"]["error"]["tense"]["num_cases"] == 4 and entry["whole_dialogues"] is None


def test_a_pooled_share_stays_a_share():
    for value in (0.0, 1.0):
        pooled = _estimate(np.full((2, 8), value), [str(case) for case in range(8)], seed=0)
        assert pooled.value == value and 0.0 <= pooled.low < pooled.high <= 1.0
