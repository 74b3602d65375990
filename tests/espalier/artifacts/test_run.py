"""A run: identity first, manifest last, one process at a time, and nothing lost to a kill."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts import records, registry
from espalier.artifacts.code_behind import code_behind
from espalier.artifacts.paths import artifact, repo_root
from espalier.artifacts.rounds import Round
from espalier.artifacts.run import AlreadyDone, Run, saved_config
from espalier.command_line.config import Config
from espalier.errors import UserError
from espalier.signals.control import Word


class Settings(Config):
    name: str = "basil"
    lr: float = 0.1


def start(name: str = "basil", config: Config | None = None, **changes: Any) -> Run:
    facts: dict[str, Any] = {
        "command": "stage1/train.py",
        "parents": {"mix:basil": "abc"},
        "seeds": {"seed": 1},
        "device": "cpu",
        "threads": 2,
        "compile_mode": "off",
    }
    return Run.start(name, config=config or Settings(), **(facts | changes))


def finished(name: str = "basil", **changes: Any) -> dict[str, Any]:
    with start(name, **changes) as run:
        (run.folder / "final").mkdir(exist_ok=True)
        (run.folder / "final" / "model.safetensors").write_bytes(b"weights")
        run.log(1, {"loss": 2.0})
        return run.finish({"valid_bits_per_byte": 1.5})


def basil() -> registry.Artifact:
    (found,) = registry.survey()
    return found


OTHER_PROCESS = """
import sys
from tests.espalier.artifacts.test_run import start
run = start({name!r})
run.log(1, {{"loss": 1.0}})
run.heartbeat(7, {state!r})
print("ready", flush=True)
sys.stdin.read()
"""


def other_process(name: str = "basil", state: str = "running") -> subprocess.Popen[bytes]:
    code = OTHER_PROCESS.format(name=name, state=state)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=repo_root()
    )
    assert process.stdout and process.stdout.readline() == b"ready\n"
    process.stdout.close()
    return process


def test_identity_is_written_first_and_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret_0123456789")
    with start() as run:
        record = records.read_json(run.folder / "run.json")
        assert not records.is_complete(run.folder)
    assert record["config"] == {"name": "basil", "lr": 0.1}
    assert record["parents"] == {"mix:basil": "abc"}
    assert record["seeds"] == {"seed": 1}
    assert set(record["code"]) >= {"training/loop.py"} and all(len(code) == 64 for code in record["code"].values())
    assert record["environment"]["threads"] == 2
    assert record["environment"]["packages"]["torch"].startswith("2.")
    text = (run.folder / "run.json").read_text()
    for private in ("hf_secret", str(repo_root()), str(Path.home()), os.uname().nodename):
        assert private not in text
    assert saved_config("basil") == record["config"]


def test_the_same_command_goes_on_and_then_says_it_is_done() -> None:
    with start() as run:
        assert not run.resumed
    with start() as run:
        assert run.resumed
    finished()
    with pytest.raises(AlreadyDone, match="basil is already complete"):
        start()
    with pytest.raises(AlreadyDone):
        start(threads=8)


def test_a_key_that_is_newer_than_the_run_stood_at_its_default() -> None:
    class Grown(Settings):
        growth: str = "merge"

    finished()
    with pytest.raises(AlreadyDone):
        start(config=Grown())
    with pytest.raises(UserError, match="growth: merge before, stack now"):
        start(config=Grown(growth="stack"))


@pytest.mark.parametrize("complete", [False, True])
def test_another_configuration_under_the_same_name_is_refused(complete: bool) -> None:
    if complete:
        finished()
    else:
        start().release()
    with pytest.raises(UserError, match=r"another config \(lr: 0\.1 before, 0\.2 now\).*espalier rm basil"):
        start(config=Settings(lr=0.2))
    with pytest.raises(UserError, match=r"another parents \(mix:basil: abc before, xyz now\)"):
        start(parents={"mix:basil": "xyz"})


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"threads": 4}, "threads: 2 before, 4 now"),
        ({"device": "cuda"}, "device: cpu before, cuda now"),
        ({"compile_mode": "layers"}, "compile: off before, layers now"),
        ({"seeds": {"seed": 2}}, "seed: 1 before, 2 now"),
    ],
)
def test_other_conditions_are_refused_unless_allowed(changes: dict[str, Any], named: str) -> None:
    start().release()
    with pytest.raises(UserError, match=f"{named}.*--allow_changed_environment"):
        start(**changes)
    with start(**changes, allow_changed_environment=True) as run:
        assert records.read_json(run.folder / "run.json")["continued"][0]["changed"] == [named]


def test_changed_code_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = code_behind("stage1/train.py")
    start().release()
    monkeypatch.setattr("espalier.artifacts.run.code_behind", lambda _: hashes | {"training/loop.py": "changed"})
    with pytest.raises(UserError, match=r"code: training/loop.py changed"):
        start()


def test_the_same_step_in_other_micro_batches_is_another_condition_and_no_other_run() -> None:
    class Steps(Config):
        micro_batch_size: int
        grad_accum: int

    start(config=Steps(micro_batch_size=4, grad_accum=2)).release()
    with pytest.raises(UserError, match="micro_batch_size: 4 before, 8 now.*--allow_changed_environment"):
        start(config=Steps(micro_batch_size=8, grad_accum=1))
    start(config=Steps(micro_batch_size=8, grad_accum=1), allow_changed_environment=True).release()
    with pytest.raises(UserError, match="another config .micro_batch_size x grad_accum: 8 before, 16 now"):
        start(config=Steps(micro_batch_size=8, grad_accum=2))


def test_parents_say_what_they_are() -> None:
    with pytest.raises(ValueError, match="parents are named"):
        start(parents={"basil-trunk": "abc"})


def test_a_folder_that_is_no_run_is_left_alone() -> None:
    artifact("runs", "basil").mkdir(parents=True)
    (artifact("runs", "basil") / "thesis.txt").touch()
    with pytest.raises(UserError, match="holds thesis.txt but no run.json"):
        start()


def test_two_processes_never_share_a_run_and_a_killed_one_gives_it_back() -> None:
    process = other_process()
    try:
        assert basil().state == "running"
        with pytest.raises(UserError, match=f"run basil is in use by process {process.pid}"):
            start()
    finally:
        process.kill()
        process.wait()
    assert basil().state == "interrupted"
    with start() as run:
        assert run.resumed
        assert list(records.read_jsonl(run.folder / "metrics.jsonl")) == [{"step": 1, "loss": 1.0}]


def test_states() -> None:
    process = other_process(state="paused")
    assert basil().state == "paused"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert basil().state == "interrupted"
    with pytest.raises(UserError), start():
        raise UserError("the loss of step 3 is not finite")
    assert basil().state == "failed"
    assert basil().about == "step 1  loss 1  the loss of step 3 is not finite"
    with pytest.raises(KeyboardInterrupt), start():
        assert basil().state == "running"
        raise KeyboardInterrupt
    assert basil().state == "interrupted"
    finished()
    assert basil().state == "complete"


def test_a_half_written_line_is_dropped_and_said() -> None:
    with start() as run:
        run.log(1, {"loss": 1.0})
        run.log(2, {"loss": 0.5})
        path = run.folder / "metrics.jsonl"
        path.write_bytes(path.read_bytes()[:-4])
    with start() as run:
        assert run.notes == ["metrics.jsonl: dropped a half-written last line (21 bytes)"]
        assert list(records.read_jsonl(path)) == [{"step": 1, "loss": 1.0}]


def test_truncating_forgets_later_steps_everywhere() -> None:
    with start() as run:
        for step in (1, 2, 3):
            run.log(step, {"loss": 1.0})
            run.log(step, {"reply": "x"}, file="replies.jsonl")
            run.journal(step, f"At {step}.\n\n## Step by step")
        run.truncate(2)
        assert [row["step"] for row in records.read_jsonl(run.folder / "metrics.jsonl")] == [1, 2]
        assert [row["step"] for row in records.read_jsonl(run.folder / "replies.jsonl")] == [1, 2]
        text = (run.folder / "journal.md").read_text()
        assert "At 2." in text and "At 3." not in text
        run.journal(3, "Again.")
        assert (run.folder / "journal.md").read_text().endswith("## Step 3\n\nAgain.\n\n")


def test_control_words_are_taken_once(capsys: pytest.CaptureFixture[str]) -> None:
    with start() as run:
        assert run.control() == []
        (run.folder / "control").write_text("pause\nevery 25\n\n resume \n")
        assert run.control() == [Word("pause"), Word("resume")]
        assert run.asked == [Word("every", 25)]
        assert run.control() == []
        (run.folder / "control").write_text("pauze")
        assert run.control() == []
        assert "no word that a run obeys: 'pauze'; did you mean pause?" in capsys.readouterr().out
        assert not list(run.folder.glob("*control*"))
        (run.folder / "control").write_text("stop")
    with start() as run:
        assert run.control() == [], "a word to a process that is gone does not reach the next"


def test_what_was_done_is_noted_and_what_the_operator_did_is_not_forgotten() -> None:
    with start() as run:
        run.happened(3, "run", "alarm", "It repeats.", {"texts": ["a a a"]})
        run.happened(4, "operator", "paused", "The operator said pause.")
        assert "## Step 3\n\nIt repeats.\n" in (run.folder / "journal.md").read_text()
        run.truncate(2)
        assert [event.said for event in run.signals.events()] == ["The operator said pause."]
        manifest = run.finish({})
    assert not [file for file in manifest["files"] if "signals" in file]  # a reader may change the files of a database


def test_equal_weights_are_equal_content_whatever_the_log_says() -> None:
    first, second = finished("a"), finished("b")
    assert first["content_hash"] == second["content_hash"]
    assert set(first["files"]) == {"run.json", "metrics.jsonl", "final/model.safetensors"}
    assert first["summary"] == {"valid_bits_per_byte": 1.5}


def test_unknown_runs_are_said_to_be() -> None:
    with pytest.raises(UserError, match="no run is called trnk"):
        saved_config("trnk")


def test_a_round_of_a_loop_says_so_from_the_beginning() -> None:
    made_in = Round.parse("grow-r03-core")
    start(made_in.name, made_in=made_in).release()
    assert registry.survey()[0].round == made_in
    manifest = finished(made_in.name)
    assert manifest["round"] == {"loop": "grow", "round": 3, "part": "core"} and list(manifest["parents"]) == [
        "mix:basil"
    ]
    finished("grow-r04-core")
    assert registry.survey()[1].round is None, "a name alone is none"


def test_what_is_told_while_a_run_is_gone_on_with_is_heard_and_what_was_told_before_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = start()
    run.release()
    (run.folder / "control").write_text("stop\n")

    def meanwhile(command: str) -> dict[str, str]:
        assert not (run.folder / "control").exists()
        (run.folder / "control").write_text("pause\n")
        return code_behind(command)

    monkeypatch.setattr("espalier.artifacts.run.code_behind", meanwhile)
    again = start()
    again.release()
    assert again.resumed and (run.folder / "control").read_text() == "pause\n"
