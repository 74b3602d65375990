"""Forgetting: abilities on items that stay the same, each held to its best so far.

Minimal pairs of the curriculum's English; what held-out rows cost in bits per byte, over their source's entropy where
that is known; and their form, which is whether the model would end them where they end. Rows are those of the run's own
mix, and of its parent's where that was another or was read in another form.

An ability has fallen where its items tell so together, each compared with itself at the best look: by a sign-flip bound
at a level that allows for all looks, for all abilities, and for the best being the best of several. What it has
certainly fallen by decides how much that matters. After an alarm it is held to what it is then. A run that learns chats
where its parent learned texts is meant to leave texts behind, minimal pairs too: that is noted and no more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pydantic import Field

from data_mix.curriculum.pairs import held_out_pairs
from espalier.artifacts.paths import artifact
from espalier.artifacts.run import saved_config
from espalier.command_line.config import Config
from espalier.signals.records import Severity, Signal
from training.config import TrainConfig
from training.monitors.abilities import HeldRows, Values, pairs_right
from training.monitors.base import Look, MonitorKind
from training.monitors.chance import lower_bound, spent

_SHOWN = 5


class Tolerance(Config):
    """What an ability may certainly have fallen by."""

    warn: float = Field(gt=0)
    """More is a warning."""
    high: float = Field(gt=0)
    """More is of high severity."""


class ForgettingSettings(Config):
    """What is measured, and what it may fall by."""

    pairs: int = Field(6, ge=1)
    """Minimal pairs of each of twelve phenomena."""
    rows: int = Field(40, ge=1)
    """Held-out rows of a mix."""
    longest: int = Field(256, ge=8)
    """Tokens of the longest of them."""
    right: Tolerance = Tolerance(warn=0.02, high=0.08)
    """Of minimal pairs, the share told right."""
    cost: Tolerance = Tolerance(warn=0.05, high=0.4)
    """Of held-out rows, bits per byte, as a share of the best."""
    form: Tolerance = Tolerance(warn=0.1, high=0.3)
    """Of held-out rows, the share that would be ended where they end."""


@dataclass(frozen=True, kw_only=True)
class _Ability:
    name: str
    value: float
    """As it is shown."""
    items: Values
    """Greater is better."""
    tolerance: Tolerance
    labels: list[str] = field(repr=False)
    as_share: bool = False
    """Whether it falls by a share of what it was."""
    meant: bool = False
    """Whether it is meant to be left behind."""

    def severity(self, surely: float) -> Severity | None:
        """Of a fall by so much at least."""
        if surely <= 0 or self.meant:
            return Severity.NOTE if surely > 0 else None
        if surely > self.tolerance.warn:
            return Severity.HIGH if surely > self.tolerance.high else Severity.WARN
        return Severity.NOTE


class Forgetting:
    """The monitor."""

    def __init__(self, config: TrainConfig, settings: ForgettingSettings) -> None:
        self._config, self._settings = config, settings
        found = held_out_pairs(settings.pairs)
        self._pairs = [pair for those in found.values() for pair in those]
        self._phenomena = [name for name, those in found.items() for _ in those]
        self._rows: dict[str, HeldRows] | None = None

    def look(self, look: Look) -> Iterable[Signal]:
        """Signals `pairs`; `own.cost` and `own.form`, `parent.cost` and `parent.form`."""
        abilities = list(self._measured(look))
        for ability in abilities:
            yield self._held_to_its_best(look, ability, len(abilities))

    def _measured(self, look: Look) -> Iterator[_Ability]:
        model, settings = look.step.model, self._settings
        as_text, parent = not look.as_chat, self._parent()
        left = parent is not None and parent[1] and not as_text
        right = pairs_right(model, look.renderer, self._pairs)
        yield _Ability(
            name="pairs",
            value=float(right.mean()),
            items=right,
            tolerance=settings.right,
            labels=[f"{name}: {good}" for name, (good, _) in zip(self._phenomena, self._pairs, strict=True)],
            meant=left,
        )
        if self._rows is None:
            mixes = {"own": (self._config.mix, as_text)} | ({"parent": parent} if parent else {})
            held = {name: self._held(look, *mix) for name, mix in mixes.items() if name == "own" or mix != mixes["own"]}
            self._rows = {name: rows for name, rows in held.items() if rows.items}
        for name, rows in self._rows.items():
            bits, ended = rows.measure(model)
            cost, meant = float(bits.sum() / rows.num_bytes.sum()), left and name == "parent"
            yield _Ability(
                name=f"{name}.cost",
                value=float(bits.sum()) / rows.floor_bits - 1 if rows.floor_bits > 0 else cost,
                items=np.round(-bits / rows.num_bytes.mean(), 4),
                tolerance=settings.cost,
                labels=rows.ids,
                as_share=True,
                meant=meant,
            )
            yield _Ability(
                name=f"{name}.form",
                value=float(ended.mean()),
                items=ended,
                tolerance=settings.form,
                labels=rows.ids,
                meant=meant,
            )

    def _parent(self) -> tuple[str, bool] | None:
        """The mix that the run's parent learned, and whether as texts; None where it has none."""
        if self._config.parent is None:
            return None
        before = saved_config(self._config.parent)
        return before["mix"], before["rows"] == "text"

    def _held(self, look: Look, mix: str, as_text: bool) -> HeldRows:
        how = {"count": self._settings.rows, "longest": self._settings.longest}
        return HeldRows.of(artifact("mixes", mix), look.renderer, as_text=as_text, **how)

    def _held_to_its_best(self, look: Look, ability: _Ability, num_abilities: int) -> Signal:
        name = f"forgetting.{ability.name}"
        past = look.history.series(name)
        bests = [(step, np.array(kept["items"])) for step, kept in look.history.kept(name) if "items" in kept]
        items: dict[str, Any] = {"items": ability.items.tolist()}
        if not bests:
            return Signal(name=ability.name, value=ability.value, evidence=items)
        step, best = bests[-1]
        fell = best - ability.items
        whole = float(abs(best.mean())) or math.inf if ability.as_share else 1.0
        surely = lower_bound(fell.tolist(), spent(look, past) / num_abilities / len(past)) / whole
        severity = ability.severity(surely)
        evidence = items if fell.mean() < 0 or severity is Severity.HIGH else {}
        if severity is None:
            return Signal(name=ability.name, value=ability.value, evidence=evidence)
        said = (
            f"{ability.name} is {ability.value:.3g} and was {dict(past)[step]:.3g} at step {step}: worse by "
            f"{float(fell.mean()) / whole:.1%}, and surely by {surely:.1%}"
        )
        worst = [ability.labels[place] for place in np.argsort(-fell, kind="stable")[:_SHOWN] if fell[place] > 0]
        return Signal(
            name=ability.name,
            value=ability.value,
            severity=severity,
            said=said,
            evidence=evidence | {"fell most": worst},
        )


MONITOR = MonitorKind(
    name="forgetting",
    looks_at="minimal pairs, and the cost and form of held-out rows of its own mix and its parent's",
    evidence="of each ability the items at its best look, and those that fell most",
    make=Forgetting,
    every=2,
    settings=ForgettingSettings,
)
