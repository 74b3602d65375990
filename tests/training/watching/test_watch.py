import math
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from espalier.artifacts.run import Run
from espalier.errors import UserError
from espalier.signals.control import Word
from espalier.signals.records import Severity, Signal
from tests import tiny
from tests.training.watching.toy import settings, toy
from training.config import LoopSettings
from training.monitors.base import History, Look, MonitorKind
from training.observers import CONTINUE, Action, Step
from training.watching import policy
from training.watching.watch import Watch

ASKED = {"every": 20, "prompts": ["I went"], "max_new_tokens": 4}
Kinds = dict[str, MonitorKind]


def start() -> Run:
    config = LoopSettings()
    return Run.start(
        "r", command="test", config=config, parents={}, seeds={}, device="cpu", threads=1, compile_mode="off"
    )


@pytest.fixture
def run() -> Iterator[Run]:
    with start() as started:
        yield started


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> Kinds:
    """The monitors that there are: none, until a test writes them in."""
    found: Kinds = {}
    monkeypatch.setattr(policy, "monitors", lambda: found)
    return found


def watch(run: Run, **keys: Any) -> Watch:
    config = settings(**{"steps": 100, "every": 10, "checkin": ASKED, "policy": policy_file(run)} | keys)
    return Watch(tiny.renderer(), {}, config, run)


def policy_file(run: Run) -> str:
    file = run.folder / "policy.yaml"
    if not file.exists():
        file.write_text("warn: checkpoint\nhigh: pause\n")
    return str(file)


MODEL = tiny.model()


def step(number: int, *, last: bool = False, loss: float = math.nan) -> Step:
    return Step(number=number, last=last, model=MODEL, loss=loss, grad_norm=1.0, lr=0.0, tokens=0, facts={})


def says(*severities: Severity | None) -> Callable[[Look], Iterable[Signal]]:
    """One signal a look, the severities in turn."""
    waiting = list(severities)

    def say(look: Look) -> Iterable[Signal]:
        found = waiting.pop(0) if waiting else None
        yield Signal(name="rate", value=0.5, severity=found, said="It loops." if found else "", evidence={"at": (1, 2)})

    return say


def test_it_is_looked_at_before_the_first_step_every_so_often_and_after_the_last(run: Run, kinds: Kinds) -> None:
    looked: dict[str, list[int]] = {"often": [], "seldom": []}
    for name, every in (("often", 1), ("seldom", 3)):
        kinds[name] = toy(name, lambda look, name=name: looked[name].append(look.step.number) or [], every)  # type: ignore[misc]
    observer = watch(run)
    for number in range(46):
        observer(step(number, last=number == 45))
    assert looked == {"often": [0, 10, 20, 30, 40, 45], "seldom": [0, 30, 45]}
    assert [each.step for each in run.signals.answers()] == [0, 20, 40, 45]
    assert {each.step for each in run.signals.dialogues()} == {0, 10, 20, 30, 40, 45}


def test_a_monitor_is_shown_what_was_said_and_what_was_found(run: Run, kinds: Kinds) -> None:
    looks: list[Look] = []
    kinds["echo"] = toy("echo", lambda look: looks.append(look) or [Signal(name="n", value=len(looks))])  # type: ignore[func-returns-value]
    observer = watch(run)
    observer(step(0))
    observer(step(10))
    first, second = looks
    assert [said.asked for said in first.answers] == ["I went"] and second.answers == ()
    assert len(first.dialogues) == 4 and first.dialogues[0].turns[0].said == "I went"
    assert second.history.series("echo.n") == [(0, 1), (10, 2)]


def test_a_finding_is_told_with_its_evidence_and_the_policy_decides(run: Run, kinds: Kinds) -> None:
    kinds["echo"] = toy("echo", says(None, Severity.NOTE, Severity.WARN, Severity.HIGH))
    observer = watch(run)
    verdicts = [observer(step(number)) for number in (0, 10, 20, 30)]
    assert [verdict.action for verdict in verdicts] == [
        Action.CONTINUE, Action.CONTINUE, Action.CHECKPOINT, Action.PAUSE,
    ]  # fmt: skip
    assert verdicts[-1].reason == "echo.rate: It loops."
    alarms = run.signals.events(what="alarm")
    assert [(alarm.step, alarm.evidence["severity"]) for alarm in alarms] == [(20, "warn"), (30, "high")]
    assert alarms[0].evidence["evidence"] == {"at": [1, 2]}
    assert 'high: `echo.rate`: It loops.\n\n    {\n      "at": [' in (run.folder / "journal.md").read_text()


def test_what_lasts_acts_once_until_it_was_gone_or_became_graver(run: Run, kinds: Kinds) -> None:
    warn, high = Severity.WARN, Severity.HIGH
    kinds["echo"] = toy("echo", says(None, high, high, None, high, warn, high))
    observer = watch(run)
    actions = [observer(step(number)).action for number in range(0, 70, 10)]
    on, off = Action.PAUSE, Action.CONTINUE
    assert actions == [off, on, off, off, on, off, on]
    assert len(run.signals.signals("echo")) == 7


def test_a_run_that_goes_on_after_a_kill_raises_the_same_alarms(kinds: Kinds) -> None:
    high = Severity.HIGH
    script = [None, high, high, None, high, high]

    def trained(killed_after: int | None) -> list[tuple[int, str]]:
        kinds["echo"] = toy("echo", lambda look: says(script[look.step.number // 10])(look))
        with start() as run:
            run.truncate(-1)
            observer = watch(run)
            for number in range(0, 60, 10):
                observer(step(number))
                if number == killed_after:
                    run.release()
                    run = start()
                    run.truncate(number - 10)
                    observer = watch(run)
                    observer(step(number))
            kept = [(each.step, each.said) for each in run.signals.events(what="alarm")]
            run.release()
        return kept

    whole = trained(None)
    assert len(whole) == 2
    assert [trained(after) for after in range(10, 60, 10)] == [whole] * 5


def test_there_is_nothing_to_pause_for_before_the_first_step_or_after_the_last(run: Run, kinds: Kinds) -> None:
    kinds["echo"] = toy("echo", lambda look: says(Severity.HIGH)(look))
    observer = watch(run)
    assert observer(step(0)) == CONTINUE == observer(step(35, last=True))
    assert [event.step for event in run.signals.events(what="alarm")] == [0, 35]


def test_where_nobody_is_there_a_pause_may_end_the_run(run: Run, kinds: Kinds, monkeypatch: pytest.MonkeyPatch) -> None:
    for unattended, there, action in (
        ("wait", False, Action.PAUSE),
        ("stop", False, Action.STOP),
        ("stop", True, Action.PAUSE),
    ):
        monkeypatch.setattr("sys.stdin", type("Stdin", (), {"isatty": lambda self, there=there: there})())
        kinds["echo"] = toy("echo", says(Severity.HIGH))
        assert watch(run, unattended=unattended)(step(10)).action is action


def test_a_monitor_that_fails_is_said_and_left_out_after_three_times_in_a_row(
    run: Run, kinds: Kinds, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[int] = []

    def fails(look: Look) -> Iterable[Signal]:
        asked.append(look.step.number)
        if look.step.number == 20:
            return []
        raise ZeroDivisionError("\x1b[2J of nothing")

    kinds |= {"bad": toy("bad", fails), "odd": toy("odd", lambda look: ["no signal"]), "echo": toy("echo", says())}  # type: ignore[list-item]
    observer = watch(run)
    for number in range(0, 70, 10):
        assert observer(step(number)) == CONTINUE
    assert asked == [0, 10, 20, 30, 40, 50]
    said = capsys.readouterr().out
    assert r"monitor bad failed at step 0: ZeroDivisionError: \x1b[2J of nothing (" in said
    assert "monitor odd failed at step 0: TypeError: it gave str, no Signal" in said
    disabled = run.signals.events(what="monitor disabled")
    assert [(event.step, event.said[:11]) for event in disabled] == [(20, "monitor odd"), (50, "monitor bad")]
    assert len(run.signals.signals("echo")) == 7


def test_where_the_model_cannot_be_asked_training_goes_on(
    run: Run, kinds: Kinds, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise UserError("memory does not suffice")

    monkeypatch.setattr("training.watching.checkin.generate", refuse)
    observer = watch(run, on="none")
    for number in range(0, 81, 20):
        assert observer(step(number)) == CONTINUE
    assert capsys.readouterr().out.count("check-in failed") == 3


def test_figures_of_every_step_are_shown_to_who_wants_them(run: Run, kinds: Kinds) -> None:
    class Spikes:
        def look(self, look: Look) -> Iterable[Signal]:
            return []

        def step(self, step: Step, history: History) -> Iterable[Signal]:
            if step.loss > 2 * 3.0:
                yield Signal(name="loss", value=step.loss, severity=Severity.HIGH, said="A spike.")

    kinds["spikes"] = MonitorKind(name="spikes", looks_at="", evidence="", make=lambda config: Spikes())
    observer = watch(run)
    verdicts = [observer(step(number, loss=9.0 if number in (3, 4, 33) else 3.0)) for number in range(40)]
    assert [number for number, verdict in enumerate(verdicts) if verdict.action is Action.PAUSE] == [3, 33]


def test_the_operator_changes_how_often_and_that_holds_after_a_kill(kinds: Kinds) -> None:
    looked: list[int] = []
    kinds["echo"] = toy("echo", lambda look: looked.append(look.step.number) or [])  # type: ignore[func-returns-value]
    with start() as run:
        observer = watch(run)
        for number in range(41):
            run.asked = [Word("every", 25)] if number == 15 else run.asked
            observer(step(number))
        assert looked == [0, 10, 25]
        (event,) = run.signals.events(who="operator")
        assert (event.step, event.what, event.said) == (15, "interval", "the operator said every 25")
    with start() as run:
        run.truncate(10)
        observer = watch(run)
        for number in range(11, 51):
            observer(step(number))
    assert looked == [0, 10, 25, 25, 50]


def test_it_talks_to_itself_when_told_to(run: Run, kinds: Kinds) -> None:
    observer = watch(run, on="none")
    observer(step(7))
    assert run.signals.dialogues() == []
    run.asked = [Word("self-play")]
    observer(step(8))
    assert {each.step for each in run.signals.dialogues()} == {8}
    observer(step(9))
    assert {each.step for each in run.signals.dialogues()} == {8}


def test_nothing_of_the_training_is_touched(run: Run, kinds: Kinds) -> None:
    def meddles(look: Look) -> Iterable[Signal]:
        assert not torch.is_grad_enabled() and not look.step.model.training
        torch.rand(3), np.random.rand(3), random.random()
        look.step.model.train()
        raise RuntimeError("and fails")

    kinds["meddler"] = toy("meddler", meddles)
    MODEL.train()
    MODEL.model.layers[1].eval()  # frozen parts may stay in evaluation
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # type: ignore[index, union-attr]
    watch(run, checkin=ASKED | {"temperature": 1.0})(step(0))
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all() and before[2] == random.getstate()  # type: ignore[index, union-attr]
    assert MODEL.training and MODEL.model.layers[0].training and not MODEL.model.layers[1].training
    assert torch.is_grad_enabled()
    MODEL.train()


def test_what_watches_nothing_costs_nothing(run: Run) -> None:
    observer = watch(run, on="none", checkin={})
    for number in range(20):
        assert observer(step(number)) == CONTINUE
    assert not (run.folder / "signals.db").exists()


def test_a_monitor_that_there_is_not_is_refused_before_anything_is_trained(run: Run, kinds: Kinds) -> None:
    kinds["echo"] = toy("echo", says())
    with pytest.raises(UserError, match="no monitor is called 'ecco'; did you mean echo"):
        watch(run, on=["ecco"])
