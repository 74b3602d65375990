"""What lies in a workspace is told from small files: how it stands, what it is, and what it was made from."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from espalier.artifacts import records, registry
from espalier.artifacts.gates import Gates, write_gates
from espalier.artifacts.kinds import KINDS, artifact_at, owner
from espalier.artifacts.lineage import ancestors, change, children, descendants
from espalier.artifacts.lock import Lock
from espalier.artifacts.paths import repo_root
from espalier.artifacts.registry import Artifact
from espalier.artifacts.rounds import Round
from tests.espalier.artifacts.forge import forge


def found() -> dict[str, Artifact]:
    return {each.spec: each for each in registry.survey()}


def dead_pid() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_line_says_what_each_kind_is(workspace: Path) -> None:
    forge("corpus:talk", "openai:qwen3-8b@http://127.0.0.1:8000/v1")
    forge("mix:basil", "corpus:talk")
    forge("run:core", "mix:basil")
    records.append_jsonl(workspace / "runs" / "core" / "metrics.jsonl", {"step": 40, "loss": 2.0})
    forge("judge:classifier", "file:mrbench.json")
    forge("scores:recast", "run:core", "mix:basil", "judge:classifier")
    forge("export:core-gguf-q8_0", "run:core")
    assert {spec: each.about for spec, each in found().items()} == {
        "corpus:talk": "950 dialogues of 1,000 asked for, by qwen3-8b",
        "mix:basil": "60,000 rows, 16.0 MB, 2,400 rows held out, CC-BY-4.0 (research: allowed)",
        "run:core": "step 40  valid_bits_per_byte 1.5  loss 2",
        "judge:classifier": "taught by mrbench.json, not calibrated",
        "scores:recast": "recast, 1,000 cases, recast: trunk 0.25  core 0.75",
        "export:core-gguf-q8_0": "gguf q8_0, 0.0 MB, not verified",
    }
    assert all(each.state == "complete" for each in found().values())
    assert list(found()["scores:recast"].parents or ()) == ["run:core", "mix:basil", "judge:classifier"]


def test_what_is_not_complete_says_how_it_stands(workspace: Path) -> None:
    for spec in ("corpus:talk", "run:core", "scores:recast"):
        forge(spec, complete=False)
    (workspace / "runs" / "begun").mkdir()
    (workspace / "runs" / "begun" / "lock").touch()
    records.write_json(workspace / "runs" / "core" / "failed.json", {"reason": "loss is not finite"})
    lock = Lock(workspace / "corpora" / "talk" / "lock")
    lock.acquire("talk")
    try:
        states = {spec: (each.state, each.about) for spec, each in found().items()}
    finally:
        lock.release()
    assert states == {
        "corpus:talk": ("running", "dialogues by qwen3-8b"),
        "run:begun": ("interrupted", "nothing is written yet"),
        "run:core": ("failed", "loss is not finite"),
        "scores:recast": ("interrupted", "recast, 1,000 cases: trunk"),
    }


def test_calibrations_are_told_of(workspace: Path) -> None:
    facts = {"replies": 1992, "parents": {"file:mrbench.json": "ab"}, "metrics": {"asks": {}, "in_role": {}}}
    records.write_json(workspace / "judges" / "metrics" / "calibration.json", {**facts, "dimensions": {}})
    forge("judge:classifier", "file:mrbench.json")
    dimensions = {"tone": {"reliable_for_new_models": True}, "coherence": {"reliable_for_new_models": False}}
    records.write_json(
        workspace / "judges" / "classifier" / "calibration.json", {"replies": 1992, "dimensions": dimensions}
    )
    about = {spec: (each.state, each.about, each.parents) for spec, each in found().items()}
    assert about["judge:metrics"] == (
        "complete", "calibrated on 1,992 replies: 2 rule metrics against teachers", {"file:mrbench.json": "ab"}
    )  # fmt: skip
    said = "taught by mrbench.json, calibrated on 1,992 replies: reliable for new models by 1 of 2 dimensions"
    assert about["judge:classifier"][1] == said


def test_a_runs_gates_stand_before_all_else_that_is_said_of_it(workspace: Path) -> None:
    forge("run:core")
    for passed, regressed, gamed, said in (
        (True, False, False, ""),
        (False, False, False, "[gates failed]  "),
        (False, True, False, "[regressed]  "),
        (False, False, True, "[gamed]  "),
        (False, True, True, "[regressed] [gamed]  "),
    ):
        held_to = Gates(passed=passed, regressed=regressed, reasons=[], scores={}, changes={}, gamed=gamed)
        write_gates(workspace / "runs" / "core", held_to)
        (core,) = registry.survey()
        assert (core.state, core.about) == ("complete", f"{said}valid_bits_per_byte 1.5  loss 2")


def test_what_verification_said_of_an_export_is_told_of(workspace: Path) -> None:
    folder = workspace / "exports" / "out" / "core-gguf-q8_0"
    forge("export:core-gguf-q8_0", "run:core")
    findings = [{"check": "template", "passed": True}, {"check": "stop tokens", "passed": True}]
    for failing, said in (([], "verified by 2 checks"), (["logits"], "FAILED logits")):
        told = [*findings, *({"check": name, "passed": False} for name in failing)]
        records.write_json(folder / "verification.json", {"findings": told})
        (export,) = registry.survey()
        assert (export.state, export.about) == ("complete", f"gguf q8_0, 0.0 MB, {said}")


def test_checks_that_were_not_made_verify_nothing(workspace: Path) -> None:
    folder = workspace / "exports" / "out" / "core-merged"
    forge("export:core-merged", "run:core")
    unmade = {"check": "life", "passed": True, "figures": {"not_checked": "nothing is known"}}
    made = {"check": "logits", "passed": True, "figures": {}}
    for told, said in (
        ([unmade, unmade], "not verified, 2 not checked"),
        ([made, made, unmade], "verified by 2 checks, 1 not checked"),
    ):
        records.write_json(folder / "verification.json", {"findings": told})
        (export,) = registry.survey()
        assert export.about.endswith(f" MB, {said}")


def deep(path: Path) -> None:
    path.write_text("[" * 200_000)


DAMAGES = {
    "half a manifest": lambda path: path.write_bytes(path.read_bytes()[:40]),
    "no object": lambda path: path.write_text("[1, 2]"),
    "other types": lambda path: path.write_text('{"kind": "mix", "splits": 3}'),
    "another kind": lambda path: path.write_text('{"kind": "pack", "parents": {}}'),
    "parents of another form": lambda path: path.write_text('{"kind": "mix", "parents": ["run:core"]}'),
    "a round of another form": lambda path: path.write_text('{"kind": "mix", "round": "r03"}'),
    "too deep": deep,
    "a number without end": lambda path: path.write_text('{"kind": ' + "9" * 5000 + "}"),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "too large": lambda path: path.write_text(path.read_text() + " " * 33 * 2**20),
    "not text": lambda path: path.write_bytes(b"\xff\xfe\x00"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_manifest_is_a_damaged_artifact(damage: str, workspace: Path) -> None:
    forge("mix:basil")
    DAMAGES[damage](workspace / "mixes" / "basil" / "manifest.json")
    (basil,) = registry.survey()
    assert basil.state == "damaged" and "\n" not in basil.about and len(basil.about) < 1000


def test_what_a_damaged_run_was_made_from_is_still_known(workspace: Path) -> None:
    forge("run:trunk")
    forge("run:core", "run:trunk")
    (workspace / "runs" / "core" / "manifest.json").write_text("{")
    assert found()["run:core"].state == "damaged"
    assert [each.spec for each in children("run:trunk", registry.survey())] == ["run:core"]


def test_what_is_no_artifact_is_foreign(workspace: Path) -> None:
    for folder in ("runs/thesis", "mixes/thesis", "judges/thesis", "exports/out/thesis"):
        (workspace / folder).mkdir(parents=True)
        (workspace / folder / "chapter-1.txt").touch()
    (workspace / "runs" / "notes.txt").touch()
    (workspace / "runs" / ".cache").mkdir()
    assert {spec: each.state for spec, each in found().items()} == dict.fromkeys(
        ("mix:thesis", "run:thesis", "judge:thesis", "export:thesis"), "foreign"
    )


def test_leftovers_of_killed_processes_are_named(workspace: Path) -> None:
    dead = dead_pid()
    for name in (f".basil.tmp-{dead}", f".basil.old-{dead}", f".basil.tmp-{os.getpid()}", ".basil.work"):
        (workspace / "mixes" / name).mkdir(parents=True)
    states = {spec: (each.state, each.about) for spec, each in found().items()}
    assert states == {
        f"mix:.basil.tmp-{dead}": ("leftover", f"half written by process {dead}, which is no more"),
        f"mix:.basil.old-{dead}": ("leftover", f"half removed by process {dead}, which is no more"),
        f"mix:.basil.tmp-{os.getpid()}": ("running", f"being written by process {os.getpid()}"),
        "mix:.basil.work": ("interrupted", "parts of a build; the same command goes on with them"),
    }


def test_rounds_of_a_loop_stand_together_and_a_name_alone_is_none() -> None:
    for number, created in ((2, "2026-01-03"), (1, "2026-01-01"), (10, "2026-01-05")):
        made_in = Round(loop="grow", number=number, part="core")
        forge(f"run:{made_in.name}", created=created, round=made_in.facts)
    forge("run:other", created="2026-01-02")
    forge("run:grow-r01-lookalike", created="2026-01-04")
    names = ["grow-r01-core", "grow-r02-core", "grow-r10-core", "other", "grow-r01-lookalike"]
    assert [each.name for each in registry.survey()] == names
    assert found()["run:grow-r01-lookalike"].round is None
    assert found()["run:grow-r10-core"].round == Round(loop="grow", number=10, part="core")


def test_a_parent_is_of_an_artifact_whatever_way_it_was_named(workspace: Path) -> None:
    assert owner("run:core@step-000100") == "run:core"
    assert owner(f"path:{workspace}/exports/out/core-merged/model") == "export:core-merged"
    assert owner(f"path:{workspace}/exports/out") == f"path:{workspace}/exports/out", "code lies beside"
    assert owner(f"path:{workspace}/runs/core/final") == "run:core"
    assert owner(f"path:{workspace}/runs/../scores/s/records.jsonl") == "scores:s"
    for other in ("path:/elsewhere/core", "hub:owner/model", f"path:{workspace}/runs", "file:core"):
        assert owner(other) == other
    assert artifact_at(workspace / "corpora" / "talk" / "dialogues.jsonl") == "corpus:talk"


def test_a_file_is_a_parent_by_the_artifact_that_it_lies_in(workspace: Path, tmp_path: Path) -> None:
    content = forge("corpus:talk")
    (workspace / "corpora" / "loose.jsonl").touch()
    (tmp_path / "link").symlink_to(workspace / "corpora" / "talk")
    assert registry.source(tmp_path / "link" / "content", "ab") == ("corpus:talk", content)
    assert registry.source(workspace / "corpora" / "loose.jsonl", "ab") == ("file:loose.jsonl", "ab")
    assert registry.source(tmp_path / "my.jsonl", "ab") == ("file:my.jsonl", "ab")


def test_descent_goes_through_all_kinds_and_ends_in_circles(workspace: Path) -> None:
    forge("corpus:talk", "openai:m@http://host/v1")
    forge("mix:basil", "corpus:talk")
    forge("run:trunk", "mix:basil", "hub:owner/model")
    forge("run:core", "run:trunk@step-000002", "mix:basil")
    forge("scores:s", f"path:{workspace}/runs/core/final")
    known = found()
    above = ["run:core", "run:trunk", "mix:basil", "hub:owner/model", "corpus:talk", "openai:m@http://host/v1"]
    assert ancestors("scores:s", known) == above
    assert descendants("corpus:talk", known) == ["mix:basil", "run:trunk", "run:core", "scores:s"]
    assert [each.spec for each in children("mix:basil", known.values())] == ["run:trunk", "run:core"]

    forge("run:egg", "run:hen", "run:egg")
    forge("run:hen", "run:egg")
    known = found()
    assert ancestors("run:egg", known) == ["run:hen"] == descendants("run:egg", known)


def test_a_parent_that_is_gone_or_another_now_is_told_of(workspace: Path) -> None:
    content = forge("mix:basil")
    forge("run:trunk", complete=False)
    step = workspace / "runs" / "trunk" / "checkpoints" / "step-000002"
    step.mkdir(parents=True)
    (step / "weights").touch()
    checkpoint = records.write_manifest(step, {"kind": "checkpoint"})["content_hash"]
    known = found()
    assert change("mix:basil", content, known) == ""
    assert change("mix:basil", "0" * 64, known) == "changed"
    assert change("mix:basil", "", known) == "", "of unknown content then"
    assert change("mix:gone", content, known) == "gone"
    assert change("run:trunk", content, known) == "changed", "complete then, and not now"
    assert change("run:trunk@step-000002", checkpoint, known) == ""
    assert change("run:trunk@step-000002", "0" * 64, known) == "changed"
    assert change("run:trunk@step-000009", checkpoint, known) == "gone"
    assert change("run:trunk@../../../mixes/basil", content, known) == "gone", "no way out of the run"
    assert change(f"path:{workspace}/mixes/basil", "0" * 64, known) == "", "a path's hash is over other files"
    assert change("hub:owner/model", "0" * 64, known) == ""


def test_every_folder_that_code_names_is_in_the_table_of_kinds() -> None:
    code = (path for folder in repo_root().glob("[a-z]*/") for path in folder.rglob("*.py"))
    named = {found for path in code for found in re.findall(r'\bartifact\("(.*?)"', path.read_text(encoding="utf-8"))}
    assert named and named <= {kind.folder for kind in KINDS}
