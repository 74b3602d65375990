"""The rounds of a loop, its commands replaced by what they would leave behind."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from espalier.artifacts import records, registry
from espalier.artifacts.code_behind import contents_of
from espalier.artifacts.paths import artifact
from espalier.command_line.config import load, to_dict
from espalier.errors import UserError
from espalier.loops.times import seconds_of
from research.bootstrap import grade, rows, run, sessions
from research.bootstrap.loop import beginning, steps
from research.bootstrap.loop.beginning import listening_of, open_folder
from research.bootstrap.loop.config import DEFAULT_CONFIG, BootstrapConfig, BootstrapOptions
from tests.research.bootstrap.loop.commands import Commands

Go = Callable[..., int]
FOR_REAL = {steps.SESSIONS: sessions.main, steps.GRADE: grade.main, steps.ROWS: rows.main}
ROUND = ["sessions", "grades", "heard", "rows", "trunk", "trunk", "adapter", "adapter", "exam"]


@pytest.fixture
def milestones(tmp_path: Path) -> Path:
    path = tmp_path / "milestones.yaml"
    path.write_text("band: 0")
    return path


@pytest.fixture
def commands(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    return Commands(monkeypatch)


@pytest.fixture
def go(commands: Commands, milestones: Path) -> Go:
    def go(*words: str, rounds: int = 3) -> int:
        told = [
            "--name",
            "toy",
            "--warm",
            "false",
            "--threshold",
            "true",
            "--staging",
            "true",
            "--rounds",
            str(rounds),
            "--milestones",
            str(milestones),
            *words,
        ]
        return run.main(["smoke", *told])

    return go


def test_a_loop_listens_then_tries_and_its_pupil_grows_by_what_it_passes(
    commands: Commands, go: Go, workspace: Path
) -> None:
    commands.passes = [(), (0, 1, 3), (2, 3)]
    assert go() == 0
    first = ["grader", "heard", "rows", "trunk", "trunk", "exam"]
    assert commands.made == [f"r00-{part}" for part in first] + [f"r0{n}-{part}" for n in (1, 2) for part in ROUND]
    assert commands.given("r00-heard", "pupil") == "null" and commands.given("r00-heard", "staging") == "false"
    assert [commands.given(f"r0{n}-heard", "needed") for n in (1, 2)] == ["toy-r01-grades", "toy-r02-grades"]
    assert commands.given("r02-rows", "heard") == "toy-r02-heard", "what was heard in earlier rounds is not heard again"
    assert commands.given("r01-sessions", "pupil") == "run:toy-r00-trunk"
    assert commands.given("r02-sessions", "pupil") == "run:toy-r01-adapter"
    assert [commands.given(f"r0{n}-sessions", "band") for n in (1, 2)] == ["0", "2"], "3 is not passed before 2"
    assert (commands.given("r02-rows", "band"), commands.given("r02-rows", "threshold")) == (
        "2",
        "0",
    ) and commands.given("r02-sessions", "strength") == "0.5"
    assert commands.given("r01-trunk", "parent") is None and commands.given("r02-exam", "trunk") == "toy-r02-trunk"
    found = records.read_json(workspace / "loops" / "toy" / "exams" / "r02.json")
    assert (found["band"], found["next_band"], found["scores"][6]) == (2, 4, 1)
    page = (workspace / "loops" / "toy" / "report.md").read_text()
    assert "it is of band 4, sentences" in page and "all of 3 rounds are done" in page
    assert "Its band after so many minutes of work: 30: not so long yet" in page
    assert "some pass band 5, so that nobody passes it" in page and "says Basil, its own name in 100%" in page
    assert "too few" in page and "a \\| b" in page
    assert "100 % of what it is likeliest to say of itself is what it said a round before" in page
    log = list(records.read_jsonl(workspace / "loops" / "toy" / "identities" / "identity_log.jsonl"))
    assert [each["round"] for each in log] == [0, 1, 2]
    told = {each.spec: each for each in registry.survey()}
    assert told["loop:toy"].state == "complete" and "band 4" in told["loop:toy"].about


def test_what_the_trunk_overhears_is_new_in_every_round_and_goes_on_from_the_last_trunk(
    commands: Commands, go: Go
) -> None:
    go()
    mixes = [
        words for words in commands.run if words[0] == "data_mix/build.py" and "--sources.1.curriculum.first" in words
    ]
    assert [words[words.index("--sources.1.curriculum.first") + 1] for words in mixes] == ["0", "60", "80"]
    trunks = [words for words in commands.run if words[0] == "stage1/train.py" and words[-2].endswith("-trunk")]
    assert [words[words.index("--parent") + 1] for words in trunks] == ["null", "toy-r00-trunk", "toy-r01-trunk"]
    assert "--model.width" in trunks[0] and "--model.width" not in trunks[1]


def test_where_nothing_can_be_learned_there_are_more_sessions_and_no_lower_threshold(
    commands: Commands, go: Go, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.useless = {"r01-rows", "r02-rows", "r02-rows.1", "r02-rows.2"}
    go()
    assert "r01-sessions.1" in commands.made and "r01-sessions.2" not in commands.made
    assert commands.given("r01-sessions.1", "first") == "20" and "r01-adapter" in commands.made
    assert "r02-sessions.2" in commands.made and "r02-adapter" not in commands.made, "the trunk speaks alone"
    assert commands.given("r02-exam", "pupil") == "run:toy-r02-trunk"
    assert {commands.given(f"r01-rows{more}", "threshold") for more in ("", ".1")} == {"0"}
    said = capsys.readouterr().out
    assert "no attempt of round 1 can be learned from: 20 sessions more" in said and "it listened" in said


def test_what_is_trained_on_is_counted_whole_where_preferences_follow_the_adapter(
    commands: Commands, go: Go, workspace: Path
) -> None:
    go("--negatives", "true", rounds=2)
    found = records.read_json(workspace / "loops" / "toy" / "exams" / "r01.json")
    assert found["pupil"] == "toy-r01-preferring" and found["trained_tokens"] == 3000


def test_it_ends_at_the_last_band_at_a_plateau_and_at_a_budget_and_says_which(
    commands: Commands, go: Go, workspace: Path
) -> None:
    def page(name: str) -> str:
        return (workspace / "loops" / name / "report.md").read_text()

    commands.shares = [0.1, 0.3, 0.2, 0.2, 0.9]
    go("--stop.plateau", "2", rounds=9)
    ended = records.read_json(workspace / "loops" / "toy" / "manifest.json")["ended"]
    assert ended.startswith("a plateau: in 2 rounds the share of band 0, babble") and commands.made[-1] == "r03-exam"
    commands.passes = [range(7), {*range(8)} - {2, 3}, range(8)]
    go("--name", "other", rounds=2)
    assert "band 7, dialogue, which it passes, and not band 2, 3" in page("other"), "to pass the last is not enough"
    go("--name", "other", rounds=9)
    assert commands.made[-1] == "r02-exam" and "and passes all bands in one round" in page("other")
    ended = records.read_json(workspace / "loops" / "other" / "manifest.json")["ended"]
    assert ended == "the examinations of all bands are passed in one round"
    commands.passes = []
    go("--name", "third", "--stop.trained_tokens", "2500", "--stop.plateau", "null", rounds=9)
    assert "3,000 tokens were trained on, of 2,500" in page("third")


def test_stopped_anywhere_the_same_command_goes_on_to_the_same_end(commands: Commands, go: Go, workspace: Path) -> None:
    commands.dies_before = "r01-adapter"
    with pytest.raises(KeyboardInterrupt):
        go()
    done, commands.dies_before = commands.made, None
    go()
    assert commands.made[: len(done)] == done and len(set(map(str, commands.run))) == len(commands.run)
    assert go() == 0 and go(rounds=4) == 0 and commands.made[-1] == "r03-exam", "further rounds may be asked for"


def test_a_full_disk_ends_the_loop_and_with_room_it_goes_on(
    commands: Commands, go: Go, monkeypatch: pytest.MonkeyPatch, workspace: Path
) -> None:
    def full(path: Path, value: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    with monkeypatch.context() as patched:
        patched.setattr("espalier.loops.folder.records.write_json", _until("r01.json", full))
        with pytest.raises(OSError, match="r01.json"):
            go()
    done = commands.made
    assert go() == 0 and commands.made[: len(done)] == done and len(commands.made) == 2 * len(ROUND) + 6
    assert [path.name for path in sorted((workspace / "loops/toy/exams").iterdir())] == [
        "r00.json",
        "r01.json",
        "r02.json",
    ]


def _until(name: str, instead: Callable[[Path, object], None]) -> Callable[[Path, object], None]:
    """Writes JSON as ever, up to a file of this name."""
    write = records.write_json
    return lambda path, value: instead(path, value) if path.name == name else write(path, value)


def test_two_orchestrators_do_not_share_a_loop(commands: Commands, go: Go) -> None:
    told = ["smoke", "--name", "toy"]
    config, _ = load(BootstrapConfig, told, prog="", doc="", default=DEFAULT_CONFIG, options=BootstrapOptions)
    with open_folder(config), pytest.raises(UserError, match="loop toy.*process"):
        go()
    assert not commands.made


def test_what_changed_or_is_gone_is_refused(commands: Commands, go: Go, milestones: Path, workspace: Path) -> None:
    go(rounds=2)
    milestones.write_text("band: 1")
    with pytest.raises(UserError, match="toy was begun otherwise .*milestones.sha256"):
        go(rounds=3)
    milestones.write_text("band: 0")
    with pytest.raises(UserError, match="toy was begun otherwise .*config.half_life: 1.0 before, None now"):
        go("--half_life", "null")
    sealed = records.read_json(workspace / "loops" / "toy" / "manifest.json")
    assert sealed["milestones"] == records.sha256_file(milestones)
    shutil.rmtree(workspace / "runs" / "toy-r01-trunk")
    with pytest.raises(UserError, match="run:toy-r01-trunk is gone, and round 2 of loop toy is made from it"):
        go(rounds=3)
    with pytest.raises(UserError, match="no such file"):
        go("--name", "other", "--milestones", "nowhere.yaml")


@pytest.mark.parametrize(
    "file",
    [
        "research/bootstrap/graders/english.yaml",
        "research/bootstrap/graders/task.py",
        "research/bootstrap/classroom/reactions.yaml",
        "research/bootstrap/classroom/types/identity.yaml",
        "research/bootstrap/classroom/types/counting.py",
        "research/bootstrap/exam/pairs.py",
        "data_mix/curriculum/pairs.py",
    ],
)
def test_a_loop_begun_with_other_tasks_grades_or_examinations_is_refused(
    commands: Commands, go: Go, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    go(rounds=1)
    done = commands.made

    def edited(place: str) -> dict[str, str]:
        return {name: "edited" if name == file else found for name, found in contents_of(place).items()}

    monkeypatch.setattr(beginning, "contents_of", edited)
    with pytest.raises(UserError, match=rf"toy was begun otherwise \(tasks and grades.{file}: .*edited now"):
        go(rounds=2)
    assert commands.made == done


def test_a_loops_file_may_lie_anywhere_and_extend_one_of_ours(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(f"extends: {DEFAULT_CONFIG.parent}/smoke.yaml\nname: mine\nrounds: 1\n")
    assert run.main([str(tmp_path / "mine.yaml"), "--warm", "false"]) == 0 and commands.made[-1] == "r00-exam"


def test_a_grader_that_is_fooled_is_refused(commands: Commands, go: Go) -> None:
    commands.fooled = ["κ of good replies is 0.500, below 0.95"]
    for _ in range(2):
        with pytest.raises(UserError, match="not to be trusted.*κ of good replies is 0.500"):
            go()
    assert commands.made == ["r00-grader"]


def test_one_model_for_both_learns_graded_attempts_too_and_immersion_alone_makes_no_adapter(
    commands: Commands, go: Go
) -> None:
    go("--separate", "false")
    assert "r01-adapter" not in commands.made and commands.given("r01-exam", "pupil") == "run:toy-r01-trunk"
    merged = [words for words in commands.run if "--sources.2.path" in words]
    assert len(merged) == 2, "after round 0"
    commands.run.clear()
    go("--name", "immersed", "--curves.strength", "{from: 0, to: 0}")
    assert not any("adapter" in name for name in commands.made)


def test_a_loop_goes_on_from_anothers_listening_which_is_its_parent_by_content(
    commands: Commands, go: Go, workspace: Path
) -> None:
    with pytest.raises(UserError, match="begin_from: loop toy has not listened"):
        go("--name", "arm", "--begin_from", "toy")
    go("--listening.keys", "{optim.lr: 1e-2}", rounds=1)
    commands.run.clear()
    go = partial(go, "--listening.keys", "{optim.lr: 1e-2}")
    with pytest.raises(UserError, match="begin_from: loop toy listened to something else .*seed: 0 before, 1 now"):
        go("--name", "arm", "--begin_from", "toy", "--seed", "1")
    with pytest.raises(UserError, match=r"listened to something else .*trunk.keys"):
        go("--name", "arm", "--begin_from", "toy", "--trunk.keys", "{optim.weight_decay: 0}")
    smoke = "micro_batch_size: 4, seq_len: 128, heldout.final_sequences: 4"
    later = ["--trunk.keys", f"{{{smoke}, optim.lr: 1e-5}}"]  # listening has a rate of its own
    assert go("--name", "arm", "--begin_from", "toy", "--half_life", "null", "--staging", "false", *later) == 0
    assert commands.made == [f"r0{number}-{part}" for number in (1, 2) for part in ROUND]
    assert commands.given("r01-sessions", "pupil") == "run:toy-r00-trunk"
    trunk = next(words for words in commands.run if words[0] == steps.TRAIN)
    assert trunk[trunk.index("--parent") + 1] == "toy-r00-trunk"
    told = {each.spec: each for each in registry.survey()}
    parents = told["loop:arm"].parents
    assert parents and parents["run:toy-r00-trunk"] == told["run:toy-r00-trunk"].manifest["content_hash"]
    assert "It listened as loop toy." in (workspace / "loops" / "arm" / "report.md").read_text()
    heard, tried = (seconds_of(workspace / "loops" / name) for name in ("toy", "arm"))
    assert {*heard} <= {*tried} and "arm-r02-exam" in tried, "its time is that of listening too"
    go(rounds=2)
    shutil.rmtree(workspace / "loops" / "toy")
    again = ["--name", "arm", "--begin_from", "toy", "--half_life", "null", "--staging", "false", *later]
    assert go(*again, rounds=4) == 0
    assert commands.made[-1] == "r03-exam", "whatever becomes of the other loop then"


def test_what_is_said_to_decide_nothing_of_listening_changes_nothing_that_is_heard(
    commands: Commands, go: Go, monkeypatch: pytest.MonkeyPatch, workspace: Path
) -> None:
    heard: dict[str, list[bytes]] = {}

    def made(script: str, *words: str) -> int:
        """What needs no model, by its real command."""
        name = words[words.index("--name") + 1]
        loop = name.partition("-r")[0]
        if script in FOR_REAL:
            assert FOR_REAL[script]([*words]) == 0
            texts = [path.read_bytes() for path in sorted(artifact("corpora", name).glob("*.jsonl"))]
        else:
            commands(script, *words)
            texts = [repr(words).encode()]
        heard[loop] = heard.get(loop, []) + [text.replace(loop.encode(), b"LOOP") for text in texts]
        return 0

    monkeypatch.setattr("espalier.loops.steps.run_command", made)
    otherwise = ["--staging", "false", "--weights", "exponential", "--negatives", "true", "--half_life", "null",
                 "--own_turns_divisor", "1", "--permuted_grades", "true", "--permuted_reactions", "true",
                 "--attempts", "3", "--temperature", "0.1", "--demonstrations", "0", "--sessions", "7",
                 "--heard", "5", "--heard_focus", "1", "--overheard", "9", "--more_sessions", "0", "--adapter.r", "2",
                 "--curves.strength", "{from: 1, to: 1}", "--curves.trunk_steps", "{from: 1, to: 1}",
                 "--curves.threshold", "{from: 5, to: 5}", "--curves.max_new_tokens", "{from: 3, to: 3}",
                 "--bands.0.context", "session", "--stop.plateau", "3"]  # fmt: skip
    tried = {word.removeprefix("--").partition(".")[0] for word in otherwise if word.startswith("--")}
    config, _ = load(BootstrapConfig, ["smoke"], prog="", doc="", default=DEFAULT_CONFIG, options=BootstrapOptions)
    left_out = {*BootstrapConfig.model_fields} - {*listening_of(to_dict(config))}
    of_no_step = {"name", "rounds", "begin_from", "adapters", "preferences"}
    assert left_out == tried | {"separate", "threshold"} | of_no_step, "each of them is tried here"
    go("--name", "zz0", rounds=1)
    go("--name", "zz1", *otherwise, rounds=1)
    go("--name", "zz2", "--separate", "false", "--threshold", "false", rounds=1)
    assert heard["zz0"] == heard["zz1"] == heard["zz2"]
    go("--name", "zz3", "--identity", "false", rounds=1)
    assert heard["zz3"] != heard["zz0"]
