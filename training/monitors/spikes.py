"""Spikes: single steps whose loss or gradient is far out of the usual, and a loss that has left its level for good.

The usual is what the last fifty steps in whole blocks of ten tell: their median, and how far steps lie from it (the
median of absolute deviations, which spikes do not move). A loss has left its level where two blocks running lie above
the best two so far, or above the very first step, by more than chance makes of it and by more than a share. After an
alarm of high severity the level counts anew.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from statistics import median

from espalier.signals.records import Severity, Signal
from training.config import TrainConfig
from training.monitors.base import History, Look, MonitorKind
from training.observers import Step

_BLOCK, _BLOCKS = 10, 5
_FEWEST = 2 * _BLOCK
"""Steps that have to be known before one is out of the usual."""
_FAR = 8.0
"""Standard deviations of a normal distribution from which a step is out of the usual."""
_LEAST = {"loss": 0.25, "grad_norm": 3.0}
"""Shares of the usual by which a step lies above it: what is nearer is no spike, however calm the others are."""
_OFTEN = 3
"""Spikes of the loss among fifty steps from which on they are no accident."""
_RISEN = {Severity.WARN: (0.25, 0.2), Severity.HIGH: (0.5, 0.3)}
"""How far above its best a loss has left its level: by a share of it, and by nats."""
_SURE = 6.0
"""Standard deviations that it has to lie above it by: the best is the least of many."""
_NORMAL = 1.4826
"""The standard deviation of a normal distribution over its median of absolute deviations."""


class Spikes:
    """The monitor; all that it says it says of steps."""

    def __init__(self, config: TrainConfig) -> None:
        # A block never reaches over a checkpoint, so that a run that goes on from one has the same blocks.
        self._ends = (_BLOCK, config.checkpoint_every)
        self._block: dict[str, list[float]] = {"loss": [], "grad_norm": []}
        self._past: deque[dict[str, list[float]]] = deque(maxlen=_BLOCKS)
        self._bounds: dict[str, float] = {}
        self._levels: deque[float] = deque(maxlen=2)
        self._first: float | None = None
        self._best = math.inf
        self._begun = False

    def look(self, look: Look) -> Iterable[Signal]:
        """Nothing."""
        return ()

    def step(self, step: Step, history: History) -> Iterable[Signal]:
        """Signals `spike`; of each block `loss`, `grad_norm`, and `risen`, the share that it lies above the best by."""
        if not self._begun:
            self._begun = True
            for _, kept in history.kept("spikes.loss"):
                self._take({name: kept[name] for name in self._block})
        if step.number == 0:
            return
        figures = {"loss": float(f"{step.loss:.5g}"), "grad_norm": float(f"{step.grad_norm:.5g}")}
        yield from self._spike(step.number, figures)
        for name, value in figures.items():
            self._block[name].append(value)
        if step.last or any(step.number % every == 0 for every in self._ends):
            block, self._block = self._block, {name: [] for name in self._block}
            yield Signal(name="loss", value=median(block["loss"]), evidence=block)
            yield Signal(name="grad_norm", value=median(block["grad_norm"]))
            yield self._take(block)

    def _spike(self, number: int, figures: dict[str, float]) -> Iterable[Signal]:
        found = [name for name, value in figures.items() if value > self._bounds.get(name, math.inf)]
        if not found:
            return
        before = sum(loss > self._bounds["loss"] for loss in self._known("loss") + self._block["loss"])
        severity = Severity.WARN if "loss" in found and before + 1 >= _OFTEN else Severity.NOTE
        usual = {name: median(self._known(name)) for name in found}
        told = [f"{name} {figures[name]:.3g}, usually {usual[name]:.3g}" for name in found]
        if severity is Severity.WARN:
            told.append(f"so was the loss of {before} of the {_BLOCK * _BLOCKS} steps before")
        evidence = {name: {"now": figures[name], "usual": usual[name]} for name in found}
        said = f"step {number}: {'; '.join(told)}"
        yield Signal(name="spike", value=figures[found[0]], severity=severity, said=said, evidence=evidence)

    def _known(self, name: str) -> list[float]:
        return [value for block in self._past for value in block[name]]

    def _take(self, block: dict[str, list[float]]) -> Signal:
        """What a block says of the level; the same blocks say the same, also where they are read from the history."""
        first = self._first = block["loss"][0] if self._first is None else self._first
        self._past.append(block)
        known = {name: self._known(name) for name in block}
        if len(known["loss"]) >= _FEWEST:
            self._bounds = {name: median(values) + _reach(name, values) for name, values in known.items()}
        self._levels.append(median(block["loss"]))
        now, spread = min(self._levels), self._noise()
        # A block's median is known better than a single step, and no more is known of what was before the first.
        marks = {"best": (self._best, spread / math.sqrt(len(block["loss"]))), "first step": (first, spread)}
        risen = {
            name: severity
            for name, (mark, unsure) in marks.items()
            if len(self._levels) == 2 and now - mark > _SURE * unsure
            for severity, (share, nats) in _RISEN.items()
            if now - mark > max(share * abs(mark), nats)
        }
        name = max(risen, key=lambda each: (risen[each], -marks[each][0]), default=None)
        lowest = min(first, self._best)
        signal = Signal(name="risen", value=(now - lowest) / abs(lowest) if lowest else 0.0)
        if name:
            mark = marks[name][0]
            signal = Signal(
                name="risen",
                value=signal.value,
                severity=risen[name],
                said=f"the loss has risen to {now:.3g} and stays there; its {name} was {mark:.3g}",
                evidence={"medians": list(self._levels), name: mark, "spread": spread},
            )
        if len(self._levels) == 2:
            self._best = min(self._best, max(self._levels))
        if signal.severity is Severity.HIGH:
            self._best = self._first = now
        return signal

    def _noise(self) -> float:
        """How far single losses lie from the median of their own block: a level that moves is none of it."""
        far = [abs(loss - median(each["loss"])) for each in self._past for loss in each["loss"]]
        return _NORMAL * median(far)


def _reach(name: str, values: Sequence[float]) -> float:
    return max(_FAR * _spread(values), _LEAST[name] * abs(median(values)))


def _spread(values: Sequence[float]) -> float:
    """A standard deviation that a few values far out do not move."""
    middle = median(values)
    return _NORMAL * median(abs(value - middle) for value in values)


MONITOR = MonitorKind(
    name="spikes",
    looks_at="loss and gradient of every step",
    evidence="figures of the step and the usual ones; of each ten steps their losses and gradients",
    make=Spikes,
)
