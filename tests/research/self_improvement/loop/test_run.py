"""The rounds of a loop: what is told to whom, what is taken, what ends it, and that it goes on where it was killed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from espalier.artifacts import records, registry
from espalier.artifacts.paths import artifact
from espalier.errors import UserError
from research.self_improvement import run
from tests.research.self_improvement.loop.toys import Toys

Go = Callable[..., int]
LEARNS = ["challenges", "performances", "judged", "ranked", "learned", "preferring", "exam"]


@pytest.fixture
def toys(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Toys:
    found = Toys(monkeypatch)
    found.start("core", 0.3)
    return found


@pytest.fixture
def go(toys: Toys) -> Go:
    def go(*words: str, rounds: int = 2, model: str = "run:core") -> int:
        small = {
            "proposals.number": 24, "proposals.asks": 6, "proposals.each": 2, "performances.k": 4,
            "judging.judges": "[]", "exam.size": 60, "exam.samples": 2, "families.social_games": "null",
            "families.predict_output.trained": 3, "ordinary.mix": "null", "core.suite": "null", "core.mix": "null",
            "learning.fewest": 4, "diversity.floor": "null", "stop.fall": "true",
        }  # fmt: skip
        told = [word for key, value in small.items() for word in (f"--{key}", str(value))]
        return run.main(
            ["smoke", "--name", "toy", "--warm", "false", "--model", model, "--rounds", str(rounds), *told, *words]
        )

    return go


def found(workspace: Path, number: int, name: str = "toy") -> dict:
    return records.read_json(workspace / "loops" / name / "exams" / f"r{number:02d}.json")


def test_a_loop_examines_then_learns_from_what_is_better_and_gets_better(toys: Toys, go: Go, workspace: Path) -> None:
    assert go() == 0
    assert toys.made == ["r00-exam"] + [f"r0{number}-{part}" for number in (1, 2) for part in LEARNS]
    assert toys.given("r01-performances", "models") == "run:core"
    assert toys.given("r02-performances", "models") == "run:toy-r01-preferring"
    assert toys.given("r02-challenges", "after") == "toy-r01-ranked"
    assert toys.given("r02-challenges", "earlier") == "toy-r01-challenges"
    assert [toys.given(f"r0{n}-preferring", "parent") for n in (1, 2)] == ["core", "toy-r01-preferring"]
    assert toys.given("r02-preferring", "growth") == "continue" and toys.given("r01-preferring", "growth") is None
    last = found(workspace, 2)
    assert last["taken"] and last["policy"] == "run:toy-r02-preferring" and last["trained_tokens"] == 1000
    page = (workspace / "loops" / "toy" / "report.md").read_text()
    assert "got better" in page and "all of 2 rounds are done" in page
    told = {each.spec: each for each in registry.survey()}
    assert told["loop:toy"].state == "complete" and "2 of them taken" in told["loop:toy"].about
    assert go() == 0 and toys.made.count("r02-exam") == 1, "what is complete is not run again"


def test_what_made_it_worse_is_not_taken_and_the_next_round_begins_before_it(
    toys: Toys, go: Go, workspace: Path
) -> None:
    toys.gains = [-0.3, 0.3]
    assert go() == 0
    worse, better = found(workspace, 1), found(workspace, 2)
    assert not worse["taken"] and worse["policy"] == "run:core" and "it fell from" in worse["why_not"][0]
    assert toys.given("r02-preferring", "parent") == "core" and better["taken"]
    mark = records.read_json(artifact("runs", "toy-r01-preferring") / "gates.json")
    assert not mark["passed"] and mark["reasons"] == worse["why_not"]


def test_two_rounds_in_a_row_that_are_not_taken_end_it(toys: Toys, go: Go, workspace: Path) -> None:
    toys.gains = [-0.3, -0.3, 0.5]
    assert go(rounds=5) == 0
    assert not (workspace / "loops" / "toy" / "exams" / "r03.json").exists()
    assert "2 rounds in a row were not taken" in (workspace / "loops" / "toy" / "report.md").read_text()


def test_a_round_that_says_the_same_again_and_again_is_rejected(toys: Toys, go: Go, workspace: Path) -> None:
    from research.self_improvement.families.predict_output.prompts import fenced

    toys.proposes = fenced("a = 3\nprint(a + 4)")
    assert go("--proposals.by_rule", "0", "--diversity.floor.repeated", "0") == 0
    assert found(workspace, 1)["taken"], "what one program leaves is written by rule"
    (why,) = found(workspace, 2)["why_not"]
    assert "1 of 24 challenges say again what was said" in why and not found(workspace, 2)["trained"]


def test_it_goes_on_where_it_was_killed_to_the_same_bytes(toys: Toys, go: Go, workspace: Path) -> None:
    go()
    whole = {path: (workspace / path).read_bytes() for path in _files(workspace)}
    for part in ("r01-judged", "r01-preferring", "r02-exam"):
        _remove(workspace)
        toys.dies_before = part
        with pytest.raises(KeyboardInterrupt):
            go()
        toys.dies_before = None
        go()
        assert {path: (workspace / path).read_bytes() for path in _files(workspace)} == whole, part


def test_more_rounds_go_on_and_anything_else_is_another_loop(toys: Toys, go: Go, workspace: Path) -> None:
    go(rounds=1)
    assert go(rounds=2) == 0 and toys.made.count("r01-exam") == 1 and found(workspace, 2)["taken"]
    with pytest.raises(UserError, match="was begun otherwise"):
        go("--learning.keep", "1", rounds=3)
    shutil.rmtree(artifact("corpora", "toy-r01-challenges"))
    with pytest.raises(UserError, match="corpus:toy-r01-challenges is gone, and round 3 of loop toy"):
        go(rounds=3)


def test_an_endpoint_is_not_trained_and_what_it_could_be_taught_by_is_kept(toys: Toys, go: Go, workspace: Path) -> None:
    assert go(model="openai:toy@http://127.0.0.1:9/v1", rounds=3) == 0
    assert not any("preferring" in part for part in toys.made) and "r03-ranked" in toys.made
    assert not found(workspace, 3)["taken"] and "cannot be trained here" in found(workspace, 3)["why_not"][0]
    lines = list(records.read_jsonl(workspace / "loops" / "toy" / "taught" / "preferences.jsonl"))
    assert lines and set(lines[0]) == {"input", "preferred_output", "non_preferred_output"}


def test_controls_learn_from_something_else(toys: Toys, go: Go) -> None:
    go("--name", "lot", "--judging.by", "lot", rounds=1)
    assert toys.given("lot-r01-ranked", "by") == "lot"
    go("--name", "truth", "--learning.what", "truth", "--proposals.by", "rules", rounds=1)
    assert toys.given("truth-r01-challenges", "model") == "null"
    assert toys.given("truth-r01-preferring", "objective") == "sft"
    go("--name", "judges", "--judging.by", "judges", "--judging.judges", "[policy,rule:random]", rounds=1)
    assert toys.given("judges-r01-judged", "judges") == "run:core"
    go("--name", "first", "--proposals.by", "start", rounds=2)
    assert toys.given("first-r02-challenges", "model") == "run:core"


def test_bad_words_are_told_before_anything_is_begun(toys: Toys, go: Go, workspace: Path) -> None:
    for words, message in [
        (["--judging.by", "judges"], "none is named"),
        (["--ordinary.mix", "nowhere"], "ordinary.mix: mix nowhere is not there"),
        (["--preferring.config", "nowhere.yaml"], "no such file"),
        (["--families.predict_output", "null"], "none is set up"),
        (["--model", "run:nobody"], "nobody"),
    ]:
        with pytest.raises(UserError, match=message):
            go(*words)
    assert not (workspace / "loops" / "toy" / "exams").exists()


def _files(workspace: Path) -> list[Path]:
    kept = ("corpora", "loops")
    found = [path for kind in kept for path in (workspace / kind).rglob("*") if path.is_file()]
    skip = ("manifest.json", "corpus.json", "loop.json", "times.jsonl", "lock", "report.md", "dashboard.html")
    return sorted(path.relative_to(workspace) for path in found if path.name not in skip)


def _remove(workspace: Path) -> None:
    for kind in ("corpora", "loops", "mixes"):
        shutil.rmtree(workspace / kind, ignore_errors=True)
    for path in (workspace / "runs").glob("toy-*"):
        shutil.rmtree(path)
