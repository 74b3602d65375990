import json

import numpy as np
import pytest

from evaluation.cases.case import Truth
from evaluation.comparison.figures import Contestant, Coverage, Results, leader
from evaluation.comparison.stats import holm, mean
from evaluation.comparison.summary import summarise
from evaluation.comparison.tables import Scope, first_reply, in_dialogue, in_group
from evaluation.metrics.base import Column
from evaluation.scoring.records import Record
from tests import cpu

SHARE = Column(name="share", label="a share", description="Zero or one.")
ROLE = Column(name="in_role", label="in role", description="Zero or one.")
WORDS = Column(name="words", label="words", description="How many.", high=float("inf"), better="neither")
COLUMNS = [SHARE, ROLE, WORDS]


def record(
    model: str,
    number: int,
    value: float | None = None,
    *,
    turn=0,
    sample=0,
    num_turns=1,
    error="tense",
    role=1.0,
    **more,
) -> Record:
    truth = Truth(
        learner="I go.", strategy="recast", rule="must", corrected="you went", error=error, level="A1",
        first_language="Thai",
    )  # fmt: skip
    metrics = {"in_role": role, "words": 3.0 + number} | ({} if value is None else {"share": value})
    facts = {
        "model": model, "case": f"c{number}", "turn": turn, "sample": sample, "num_turns": num_turns, "split": "unseen",
        "cluster": f"k{number // 2}", "combination": (), "tags": (), "messages": [{"role": "user", "content": "I go."}],
        "reply": "x", "finish": "stop", "error": "", "num_tokens": 1, "log_likelihoods": (), "metrics": metrics,
        "notes": {}, "truth": truth, "reference": None, "answer": "", "criteria": "",
    }  # fmt: skip
    return Record(**facts | more)


A, B, C = (Contestant(name=name, members=(name,)) for name in "abc")
POOL = Contestant(name="pool", members=("b", "c"))


def results(values: dict[str, list[float | None]], contestants=(A, B), seed=0) -> Results:
    records = [record(model, number, value) for model, found in values.items() for number, value in enumerate(found)]
    return Results(records, contestants, "a", COLUMNS, seed=seed)


def of(records, contestants=(A,), baseline="a") -> Results:
    return Results(records, contestants, baseline, COLUMNS, seed=0)


def test_estimates_are_clustered_shares_of_what_applies():
    found = results({"a": [0, 1, None, 1, 1, 0], "b": [1] * 6}).estimate(A, "share")
    assert found == mean([0, 1, 1, 1, 0], [0, 0, 1, 2, 2])
    assert (found.num_cases, found.num_clusters, found.value) == (5, 3, 0.6)
    assert results({"a": [None], "b": [None]}).estimate(A, "share") is None
    assert results({"a": [1]}, [A]).estimate(A, "no_such_column") is None


def test_a_column_that_is_no_share_keeps_its_unit():
    found = results({"a": [1] * 6}, [A]).estimate(A, "words")
    assert found.value == 5.5 and 0 < found.low < 2 and 9 < found.high < 11  # three clusters: t is 4.3


def test_comparison_is_paired_and_signed():
    found = results({"a": [0, 0, 1, 1], "b": [1, 1, 1, 0]}).compare(B, "share")
    assert found.difference.value == 0.25 and (found.higher, found.same, found.lower) == (2, 1, 1)


def test_pairs_are_those_that_both_have_whatever_the_order():
    records = [record("a", n, float(n % 2)) for n in range(6)]
    records += [record("b", n, 1.0 if n != 3 else None) for n in reversed(range(8))]
    found = of(records, (A, B)).compare(B, "share")
    # Cases 0, 1, 2, 4, 5: the third is not measured for b, and a was not asked the last two.
    assert found.difference.num_cases == 5 and (found.higher, found.same, found.lower) == (3, 2, 0)
    assert of(records, (A, B)).estimate(B, "share").num_cases == 7
    apart = [record("a", 0, 1.0), record("b", 1, 1.0)]
    assert of(apart, (A, B)).compare(B, "share") is None


def test_samples_of_a_case_are_paired_with_their_like_and_count_as_one_cluster():
    records = [record("a", 0, float(sample == 1), sample=sample) for sample in range(4)]
    records += [record("b", 0, float(sample != 1), sample=sample) for sample in range(4)]
    found = of(records, (A, B)).compare(B, "share")
    assert (found.higher, found.same, found.lower) == (3, 0, 1)
    assert (found.difference.num_cases, found.difference.num_clusters) == (4, 1)


def test_what_is_missing_is_counted_and_not_a_zero():
    records = [record("a", n, 1.0) for n in range(4)]
    failed = {"finish": "error", "error": "429", "metrics": {}, "reply": ""}
    records += [record("b", 0, 1.0), record("b", 1, **failed), record("b", 2, notes={"share": {"abstained": True}})]
    found = of([*records, record("b", 3)], (A, B))
    assert found.coverage(B, "share") == Coverage(measured=1, abstained=1, failed=1)
    assert found.coverage(A, "share") == Coverage(measured=4, abstained=0, failed=0)
    assert found.estimate(B, "share").value == 1 and found.compare(B, "share").difference.num_cases == 1


def test_groups():
    records = [record("a", n, float(n % 2), error="article" if n < 4 else "tense") for n in range(10)]
    records.append(record("a", 10, 1.0, tags=("sums", "stress")))
    found = of(records)
    assert found.groups("error") == ["article", "tense"] and found.groups("strategy") == ["recast"]
    assert found.groups("first_language") == ["Thai"] and found.groups("level") == ["A1"]
    assert found.groups("tag") == ["stress", "sums"]
    assert found.estimate(A, "share", in_group("error", "article")).num_cases == 4
    assert found.estimate(A, "share", in_group("tag", "sums")).num_cases == 1
    assert found.estimate(A, "share", in_group("tag", "no such")) is None
    assert in_group("tag", "sums")(records[-1]) and not in_group("tag", "sums")(records[0])


def test_comparisons_within_a_group():
    records = [
        record(m, n, float(m == "b" and n < 4), error="article" if n < 4 else "tense") for m in "ab" for n in range(8)
    ]
    found = of(records, (A, B))
    assert found.compare(B, "share", in_group("error", "article")).higher == 4
    assert found.compare(B, "share", in_group("error", "tense")).higher == 0


def test_later_turns_count_in_dialogues_only():
    records = [record("a", 0, 1.0, num_turns=2), record("a", 0, 0.0, turn=1, num_turns=2), record("a", 1, 1.0)]
    found = of(records)
    assert found.estimate(A, "share", first_reply).value == 1
    assert found.estimate(A, "share", in_dialogue).value == 0.5
    assert found.estimate(A, "share", in_group("error", "tense")).num_cases == 2
    assert found.estimate(A, "share", in_group("error", "tense", in_dialogue)).value == 0.5
    assert found.groups("error", Scope(dialogues=True)) == ["tense"]


def test_a_dialogue_is_whole_when_every_turn_is():
    records = []
    for number, roles in enumerate([(1, 1), (1, 0), (1, 1), (0, 1)]):
        records += [record("a", number, turn=turn, num_turns=2, role=role) for turn, role in enumerate(roles)]
    records += [record("a", 4, num_turns=2), record("a", 4, turn=1, num_turns=2, finish="error", metrics={})]
    found = of(records).dialogues(A, "in_role")
    assert (found.value, found.num_cases) == (0.5, 4)  # the one that failed is no dialogue
    assert of([record("a", 0, 1.0)]).dialogues(A, "in_role") is None


def test_a_pool_of_runs_averages_them_and_is_less_sure():
    values = {"a": [0.0] * 40, "b": [1.0] * 36 + [0.0] * 4, "c": [1.0] * 20 + [0.0] * 20}
    found = results(values, (A, B, C, POOL))
    pooled = found.estimate(POOL, "share")
    assert pooled.value == pytest.approx(0.7) and pooled.low < 0.55 and pooled.high > 0.85
    assert found.compare(POOL, "share").difference.value == pytest.approx(0.7)
    assert [each.name for each in found.candidates] == ["pool"]


def test_a_pooled_share_stays_a_share():
    for value in (0.0, 1.0):
        found = results({"a": [0.0] * 8, "b": [value] * 8, "c": [value] * 8}, (A, B, C, POOL)).estimate(POOL, "share")
        assert found.value == value and 0.0 <= found.low < found.high <= 1.0


def test_p_values_are_corrected_over_candidates_and_columns_with_a_direction():
    rng = np.random.default_rng(0)
    values = {m: list((rng.random(40) < share).astype(float)) for m, share in zip("abc", (0.2, 0.6, 0.4), strict=True)}
    found = results(values, (A, B, C))
    plain = {(each.name, name): found.compare(each, name).p_value for each in (B, C) for name in ("share", "in_role")}
    assert found.corrected([B, C]) == dict(zip(plain, holm(list(plain.values())), strict=True))
    assert set(found.corrected([B])) == {("b", "share"), ("b", "in_role")}
    assert set(found.corrected([B], [SHARE])) == {("b", "share")}


def test_who_leads_is_beyond_chance_in_the_columns_direction():
    found = results({"a": [0.0] * 40, "b": [1.0] * 38 + [0.0] * 2})
    comparison = found.compare(B, "share")
    lower = Column(name="share", label="", description="", better="lower")
    assert leader(SHARE, comparison, 0.01) == 1 and leader(lower, comparison, 0.01) == -1
    assert leader(SHARE, comparison, 0.05) == 0
    level = results({"a": [0.0, 1.0] * 20, "b": [1.0, 0.0] * 20}).compare(B, "share")
    assert leader(SHARE, level, 0.01) == 0


def test_another_baseline():
    found = results({"a": [0, 0, 1, 1], "b": [1, 1, 1, 0]}).against("b")
    assert found.baseline == B and found.compare(A, "share").difference.value == -0.25
    assert found.against("b") is found
    with pytest.raises(KeyError):
        found.against("nobody")


def test_summary_is_plain_data_with_everything():
    summary = summarise(results({"a": [0, 1, 0, 1], "b": [1, 1, 1, 1]}))
    assert json.loads(json.dumps(summary)) == summary
    assert summary["a"]["metrics"]["share"]["against_baseline"] is None
    entry = summary["b"]["metrics"]["share"]
    assert entry["overall"]["value"] == 1 and entry["against_baseline"]["difference"]["value"] == 0.5
    assert entry["groups"]["error"]["tense"]["num_cases"] == 4 and entry["whole_dialogues"] is None
    assert entry["coverage"] == {"measured": 4, "abstained": 0, "failed": 0}
    assert 0 < entry["against_baseline"]["p_value"] <= entry["against_baseline"]["p_corrected"]


def test_twenty_columns_of_a_thousand_clusters_are_resampled_together():
    rng = np.random.default_rng(0)
    columns = [Column(name=f"m{n}", label=f"m{n}", description="") for n in range(20)]
    records = [
        record(model, n, cluster=f"k{n}", metrics={c.name: float(value) for c, value in zip(columns, row, strict=True)})
        for model in "ab"
        for n, row in enumerate(rng.random((1000, 20)) < 0.5)
    ]
    with cpu.seconds_below(20):
        found = Results(records, (A, B), "a", columns, seed=0)
        assert len(found.corrected(found.candidates)) == 20
