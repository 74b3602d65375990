"""Spikes, told from a run's noise, and a run that goes on as if it had never been killed."""

import math
import random
from collections.abc import Callable, Sequence

from espalier.signals.records import Severity, Signal
from tests.training.monitors.looks import Remembered, config
from training.monitors.spikes import MONITOR
from training.observers import Step

Told = list[tuple[int, Signal]]


def step(number: int, loss: float, norm: float = 1.0, *, last: bool = False) -> Step:
    return Step(number=number, last=last, model=None, loss=loss, grad_norm=norm, lr=0.1, tokens=0, facts={})


def told(steps: Sequence[Step], killed_at: int | None = None) -> Told:
    """What is said of a run; one that is `killed_at` a checkpoint goes on from it in a process of its own."""
    history, found = Remembered(), Told()
    monitor = MONITOR.made(config(checkpoint_every=25))
    for each in steps:
        if each.number == killed_at:
            monitor = MONITOR.made(config(checkpoint_every=25))
        for signal in monitor.step(each, history):  # type: ignore[attr-defined]
            history.signals.append((each.number, f"spikes.{signal.name}", signal))
            found.append((each.number, signal))
    return found


def run(level: Callable[[int], float], steps: int = 400, seed: int = 0, noise: float = 0.1) -> list[Step]:
    rng = random.Random(seed)
    start = Step(number=0, last=False, model=None, loss=math.nan, grad_norm=math.nan, lr=math.nan, tokens=0, facts={})
    return [start] + [
        step(n, level(n) + rng.gauss(0, noise), math.exp(rng.gauss(0, 0.3)), last=n == steps)
        for n in range(1, steps + 1)
    ]


def alarms(found: Told, least: Severity = Severity.WARN) -> list[tuple[int, str, Severity]]:
    return [(at, each.name, each.severity) for at, each in found if each.severity and each.severity >= least]


def test_a_run_that_learns_or_stands_still_or_wobbles_is_left_alone() -> None:
    falling = [run(lambda n: 2 + 5 * math.exp(-n / 60), seed=seed) for seed in range(10)]
    still = [run(lambda n: 1.0, seed=seed, noise=0.25) for seed in range(10)]
    wobbles = [run(lambda n: 1.2 + 0.05 * math.sin(n / 30), seed=seed) for seed in range(10)]
    small = [run(lambda n: 0.02, seed=seed, noise=0.01) for seed in range(10)]
    assert [alarms(told(each), Severity.NOTE) for each in falling + still + wobbles + small] == [[]] * 40


def test_one_spike_is_noted_and_many_are_a_warning() -> None:
    steps = run(lambda n: 1.0, steps=100)
    steps[60] = step(60, 3.0, 30.0)
    found = told(steps)
    [(at, spike)] = [(at, each) for at, each in found if each.severity]
    assert (at, spike.name, spike.severity) == (60, "spike", Severity.NOTE)
    assert spike.evidence["loss"]["now"] == 3.0 and spike.evidence["grad_norm"]["now"] == 30.0
    assert "step 60: loss 3, usually 1" in spike.said
    for number in (70, 80):
        steps[number] = step(number, 3.0)
    assert alarms(told(steps)) == [(80, "spike", Severity.WARN)]


def test_a_gradient_alone_is_noted() -> None:
    steps = run(lambda n: 1.0, steps=60)
    steps[40] = step(40, 1.0, 50.0)
    [(at, spike)] = [(at, each) for at, each in told(steps) if each.severity]
    assert (at, spike.severity, list(spike.evidence)) == (40, Severity.NOTE, ["grad_norm"])


def test_a_loss_that_leaves_its_level_is_told_once_within_twenty_steps() -> None:
    found = alarms(told(run(lambda n: 1.0 if n <= 200 else 3.0)), Severity.HIGH)
    assert [name for _, name, _ in found] == ["risen"] and 210 <= found[0][0] <= 225
    creeping = alarms(told(run(lambda n: 1.0 if n <= 200 else 1.3)))
    assert creeping and {severity for *_, severity in creeping} == {Severity.WARN}


def test_a_loss_that_explodes_at_once_is_held_to_the_first_step() -> None:
    found = alarms(told(run(lambda n: 1.0 if n <= 2 else 6.0)), Severity.HIGH)
    assert [at for at, *_ in found] == [20]


def test_a_run_that_was_killed_says_what_it_would_have_said() -> None:
    for at in (26, 101, 226):  # the step after a checkpoint
        steps = run(lambda n: 1.0 if n <= 210 else 3.0)
        steps[60] = steps[130] = step(60, 3.0)
        assert told(steps, killed_at=at) == told(steps)
