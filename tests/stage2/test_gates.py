"""What decides the mark of a variant: the whole interval of the paired difference, beside the loss that is allowed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from espalier.artifacts import records
from espalier.artifacts.gates import Gates, read_gates
from espalier.errors import UserError
from evaluation.run import main as evaluate
from stage1.train import main as train_stage1
from stage2 import asking, gates
from stage2.config import Stage2Config
from stage2.train import main
from tests import processes
from tests.stage1.commands import make_mix, write_config
from tests.stage2.test_train import QUICK, VARIANT

CONFIG: dict[str, Any] = {"name": "spanish", "parent": "core", "mix": "m"} | {
    "learner": VARIANT["learner"], "suites": ["level_fit"], "core_suites": ["baseline"], "may_lose": 0.05
}  # fmt: skip


class Evaluator:
    """Stands for `evaluation/run.py`: finds the differences that it is told to find, and keeps what it is asked."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.finds: dict[str, dict[str, Any]] = {}
        self.better = "higher"
        self.withheld = ""
        self.code = 0
        self.gates = False
        self.writes = True
        self.asked: list[list[str]] = []

    def __call__(self, script: str, *words: str) -> int:
        self.asked.append(list(words))
        assert script == "evaluation/run.py"
        name = words[words.index("--name") + 1]
        suite = words[words.index("--suite") + 1]
        folder = self.home / "scores" / name
        found = self.finds.get(suite, {"value": 0.0, "low": -0.01, "high": 0.01})
        variant = {"overall": {"value": 0.5}, "against_baseline": {"difference": {**found, "num_cases": 90}}}
        first, *others = [word.removeprefix("run:") for word in words[1 : words.index("--suite")]]
        contestants = {first: {"overall": {"value": 0.6}}} | dict.fromkeys(others, variant)
        summary = {
            "decides": "recast", "better": self.better, "baseline": first,
            "contestants": {each: {"metrics": {"recast": facts}} for each, facts in contestants.items()},
        }  # fmt: skip
        records.write_json(folder / "summary.json", summary)
        records.write_json(folder / "scores.json", {"parents": {f"run:{run}": f"of {run}" for run in contestants}})
        records.write_json(folder / "manifest.json", {"withheld": self.withheld})
        if self.code == 1 and self.gates and "--junit" not in words:
            return 0
        if "--junit" in words and self.writes:
            failed = '<testcase name="a.rate>1"><failure message="spanish has 0.5"/></testcase><testcase name="b"/>'
            Path(words[words.index("--junit") + 1]).write_text(f'<t><testsuite name="gates">{failed}</testsuite></t>')
        return self.code


@pytest.fixture
def evaluator(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Evaluator:
    for run in ("core", "spanish"):
        records.write_json(workspace / "runs" / run / "manifest.json", {"content_hash": f"of {run}"})
        records.write_json(workspace / "runs" / run / "run.json", {"command": "stage1/train.py", "config": {}})
    found = Evaluator(workspace)
    monkeypatch.setattr(asking, "run_command", found)
    return found


def held(workspace: Path, **changes: Any) -> tuple[int, Gates]:
    code = gates.hold(Stage2Config.model_validate(CONFIG | changes))
    found = read_gates(workspace / "runs" / "spanish")
    assert found is not None and found.passed == (code == 0) == (not found.reasons)
    return code, found


@pytest.mark.parametrize(
    ("value", "low", "high", "reason"),
    [
        (0.0, -0.02, 0.02, ""),
        (-0.01, -0.049, 0.029, ""),
        (0.3, 0.2, 0.4, ""),
        (-0.03, -0.04, -0.02, ""),  # a loss beyond chance, and within what is allowed
        (-0.3, -0.4, -0.2, "lost: recast 0.6 to 0.5, -0.300 (-0.400 to -0.200) on 90 cases; 0.05 may be lost"),
        (0.0, -0.3, 0.3, "not shown to be kept"),  # few cases win nothing
        (-0.04, -0.06, -0.02, "lost"),  # nor does a lucky draw
        (0.01, -0.051, 0.07, "not shown to be kept"),
    ],
)
def test_the_interval_decides(
    evaluator: Evaluator, workspace: Path, value: float, low: float, high: float, reason: str
) -> None:
    evaluator.finds["baseline"] = {"value": value, "low": low, "high": high}
    evaluator.finds["level_fit"] = {"value": -0.9, "low": -1.0, "high": -0.8}  # of its own suite gates alone decide
    code, found = held(workspace)
    assert (code, found.regressed) == ((1, True) if reason else (0, False))
    assert reason in "".join(found.reasons)
    change = found.changes["baseline"]
    assert (change.column, change.difference, change.low, change.high, change.allowed) == (
        "recast", value, low, high, 0.05,
    )  # fmt: skip
    assert found.changes["level_fit"].allowed is None
    assert found.scores == {"level_fit": "spanish-level_fit", "baseline": "spanish-baseline"}


def test_where_less_is_better_more_is_a_loss(evaluator: Evaluator, workspace: Path) -> None:
    evaluator.better = "lower"
    evaluator.finds["baseline"] = {"value": 0.3, "low": 0.2, "high": 0.4}
    _, found = held(workspace)
    change = found.changes["baseline"]
    assert found.regressed and (change.difference, change.low, change.high) == (-0.3, -0.4, -0.2)


def test_what_compares_nothing_shows_nothing(evaluator: Evaluator, workspace: Path) -> None:
    evaluator.better = "neither"
    _, found = held(workspace)
    assert found.regressed and found.changes == {} and "could not be compared" in found.reasons[0]


def test_a_column_that_replies_made_to_win_win_proves_nothing(evaluator: Evaluator, workspace: Path) -> None:
    evaluator.withheld = "salad does as well"
    _, found = held(workspace)
    assert found.regressed and found.reasons == [
        "baseline: not shown to be kept, for recast shows nothing here: salad does as well"
    ]


def test_a_gate_that_does_not_hold_is_told_and_is_no_regression(
    evaluator: Evaluator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluator.code, evaluator.gates = 1, True
    code, found = held(workspace, gates=["a.rate>1", "level_fit/b"])
    assert (code, found.regressed) == (1, False)
    assert found.reasons == ["level_fit: gate a.rate>1 does not hold (spanish has 0.5)"]
    assert evaluator.asked[0][evaluator.asked[0].index("--gate") :][:3] == ["--gate", "a.rate>1", "b"]
    assert "--gate" not in evaluator.asked[1]
    assert "variant spanish: a gate FAILED" in capsys.readouterr().out
    assert not list((workspace / "scores").glob(".*"))


def test_the_same_command_says_it_again_without_asking_and_another_wish_asks_anew(
    evaluator: Evaluator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluator.finds["baseline"] = {"value": -0.3, "low": -0.4, "high": -0.2}
    first = held(workspace)
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.startswith("variant spanish: REGRESSED; exports/run.py refuses it without --force")
    assert held(workspace) == first and len(evaluator.asked) == 2
    assert capsys.readouterr().out.splitlines()[-1] == said
    assert not held(workspace, may_lose=0.5)[1].regressed and len(evaluator.asked) == 4


def test_only_what_the_evaluator_says_now_is_a_gate_that_does_not_hold(evaluator: Evaluator, workspace: Path) -> None:
    """Not what a process that was killed left behind, where the next one ends in a traceback."""
    left = workspace / "scores" / ".spanish-level_fit.gates.xml"
    left.parent.mkdir(exist_ok=True)
    evaluator.code, evaluator.writes = 1, False
    for case in ('<testcase name="old"><failure message="stale"/></testcase>', '<testcase name="a.rate>1"/>'):
        left.write_text(f'<t><testsuite name="gates">{case}</testsuite></t>')
        with pytest.raises(UserError, match="is trained, but could not be held to level_fit"):
            held(workspace, gates=["a.rate>1"])
        assert not left.exists() and read_gates(workspace / "runs" / "spanish") is None


def test_what_was_killed_goes_on_and_scores_are_thrown_away_only_where_the_evaluator_refuses_them(
    evaluator: Evaluator, workspace: Path
) -> None:
    for evaluator.code in (2, 1, 2):  # 1 without gates is a traceback
        with pytest.raises(UserError, match="is trained, but could not be held to level_fit"):
            held(workspace)
    assert read_gates(workspace / "runs" / "spanish") is None
    evaluator.code = 0
    held(workspace)
    assert ["--redo" in words for words in evaluator.asked] == [False, False, False, True, False, False]
    records.write_json(workspace / "scores" / "spanish-baseline" / "scores.json", {"parents": {"run:other": "a"}})
    with pytest.raises(UserError, match="scores of other models stand where those of spanish belong"):
        held(workspace, may_lose=0.3)


def test_siblings_stand_beside_it_on_its_own_suites_and_decide_nothing(
    evaluator: Evaluator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, parent, command in (
        ("sister", "core", "stage2/train.py"),
        ("cousin", "another", "stage2/train.py"),
        ("aunt", "core", "stage1/train.py"),
    ):
        records.write_json(workspace / "runs" / name / "manifest.json", {})
        records.write_json(workspace / "runs" / name / "run.json", {"command": command, "config": {"parent": parent}})
    records.write_json(workspace / "runs" / "begun" / "run.json", {})
    evaluator.finds["level_fit"] = {"value": -0.2, "low": -0.3, "high": -0.1}
    _, found = held(workspace)
    assert found.passed and found.scores == {"level_fit": "spanish-level_fit", "baseline": "spanish-baseline"}
    asked = evaluator.asked[-1]
    assert asked[:3] == ["--models", "run:spanish", "run:sister"] and "spanish-level_fit-siblings" in asked
    beside = found.siblings["level_fit"]["sister"]
    assert (beside.parent, beside.variant) == (0.5, 0.6)
    assert (beside.difference, beside.low, beside.high) == (0.2, 0.1, 0.3)
    assert "level_fit, beside sister: +0.200 (+0.100 to +0.300)" in capsys.readouterr().out


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real evaluator, without a process of its own."""

    def run(script: str, *words: str) -> int:
        try:
            return evaluate(list(words))
        except UserError as error:
            print(error)
            return 2

    monkeypatch.setattr(asking, "run_command", run)


SUITE = {
    "name": "tiny", "metrics": ["words", "checks"], "headline": "checks",
    "generation": {"max_new_tokens": 4, "temperature": 0.0},
    "cases": [{"name": f"c{n}", "prompt": f"I go {n}.", "checks": {"contains": ["xyz"]}} for n in range(30)],
}  # fmt: skip


@pytest.mark.usefixtures("in_process")
def test_a_trained_variant_is_held_by_the_real_evaluator(
    workspace: Path, capsys: pytest.CaptureFixture[str], make: Callable[..., Path]
) -> None:
    config = make(gates=["checks.rate>=0.5", f"{workspace}/own.yaml/words.mean>=0"], may_lose=0.2)
    assert main(["--variant", str(config)]) == 1
    found = read_gates(workspace / "runs" / "spanish")
    assert found is not None and not found.regressed
    assert found.reasons == [f"{workspace / 'own.yaml'}: gate checks.rate>=0.5 does not hold (spanish has only 0)"]
    assert found.changes[str(workspace / "core.yaml")].cases == 30
    log = workspace / "agents" / "RUNLOG.md"
    assert "gates: FAILED; …/own.yaml: gate checks.rate>=0.5 does not hold" in log.read_text()
    assert main(["--variant", str(config), "--gates", "checks.rate>=0"]) == 0
    assert "gates: passed; " in log.read_text() and str(workspace) not in log.read_text()
    assert json.loads((workspace / "runs" / "spanish" / "gates.json").read_text())["passed"]


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"gates": ["chekcs.rate>=0.5"]}, "gates: those on .* are refused"),
        ({"suites": ["lefel_fit"]}, "no suite 'lefel_fit'.*did you mean level_fit?"),
        ({"name": "a" * 60}, "cannot be a name"),
    ],
)
def test_what_cannot_be_asked_is_told_before_training(
    workspace: Path, make: Callable[..., Path], changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(UserError, match=complaint):
        main(["--variant", str(make(**changes))])
    assert [path.name for path in (workspace / "runs").iterdir()] == ["trunk"]


@pytest.mark.slow
def test_trained_and_killed_before_its_mark_it_goes_on_with_the_gates_alone(
    workspace: Path, make: Callable[..., Path]
) -> None:
    words = ["--variant", make(core_suites=[])]
    run = workspace / "runs" / "spanish"
    killed = processes.run("stage2/train.py", *words, at=processes.Moment(path=r".*/\.gates\.json\.tmp.*"))
    assert killed.code < 0 and records.is_complete(run) and not (run / "gates.json").exists()
    trained = records.sha256_file(run / "manifest.json")
    done = processes.run("stage2/train.py", *words)
    assert done.code == 0 and "spanish is already complete" in done.output, done.output
    assert "scores spanish-own are already complete" in done.output, "nothing is asked or thrown away again"
    assert read_gates(run) is not None and records.sha256_file(run / "manifest.json") == trained


@pytest.fixture
def make(workspace: Path) -> Callable[..., Path]:
    """A variant's configuration, whose parent and suites are there."""
    make_mix(workspace)
    train_stage1([str(write_config(workspace, QUICK, steps=1))])
    for name in ("own", "core"):
        (workspace / f"{name}.yaml").write_text(yaml.safe_dump(SUITE | {"name": name}))
    suites = {"suites": [str(workspace / "own.yaml")], "core_suites": [str(workspace / "core.yaml")]}
    return lambda **changes: write_config(workspace, VARIANT | suites, **({"steps": 1} | changes))
