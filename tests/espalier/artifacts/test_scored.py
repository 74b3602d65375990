"""Of a run is told what evaluations found of the weights that it has now, of each suite the best founded."""

from espalier.artifacts import records, registry
from espalier.artifacts.paths import artifact
from espalier.artifacts.scored import scores_of_runs
from tests.espalier.artifacts.forge import forge, forge_scores


def told() -> dict[str, list[str]]:
    return {run: list(map(str, found)) for run, found in scores_of_runs(registry.survey()).items()}


def test_what_decided_is_told_with_its_interval_and_whether_the_verdict_stands() -> None:
    forge("run:trunk")
    forge("run:core", "run:trunk")
    forge_scores("both", {"trunk": (0.25, 0.2, 0.3), "core": (0.75, 0.7, 0.8)})
    forge_scores("doubted", {"core": (0.5, 0.4, 0.6)}, suite="pedagogical", withheld="canned questions (0.6)")
    assert told() == {
        "run:trunk": ["recast: fix_given 0.25 (0.2–0.3)"],
        "run:core": [
            "pedagogical: fix_given 0.5 (0.4–0.6), verdict withheld",
            "recast: fix_given 0.75 (0.7–0.8)",
        ],
    }


def test_of_one_suite_the_newest_over_the_most_cases_counts() -> None:
    forge("run:core")
    for name, created, num_cases, value in (
        ("a", "2026-01-01", 1000, 0.1), ("b", "2026-01-02", 1000, 0.2), ("quick", "2026-01-03", 5, 0.9)
    ):  # fmt: skip
        forge_scores(name, {"core": (value, value, value)}, created=created, num_cases=num_cases)
    assert told() == {"run:core": ["recast: fix_given 0.2 (0.2–0.2)"]}


def test_what_other_weights_reached_is_not_told() -> None:
    forge("run:core")
    forge_scores("recast", {"core": (0.75, 0.7, 0.8)})
    manifest = records.read_json(artifact("runs", "core") / "manifest.json")
    records.write_json(artifact("runs", "core") / "manifest.json", manifest | {"content_hash": "f" * 64})
    assert told() == {}


def test_scores_of_another_form_are_passed_over() -> None:
    forge("run:core")
    forge_scores("recast", {"core": (0.75, 0.7, 0.8)})
    manifest = records.read_json(artifact("scores", "recast") / "manifest.json")
    records.write_json(artifact("scores", "recast") / "manifest.json", manifest | {"intervals": {"core": 3}})
    assert told() == {}
