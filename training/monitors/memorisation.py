"""Memorisation: training rows that a model continues word for word beyond what chance allows.

Chance is measured. A grammar makes rows predictable that nobody has learned by heart, so as many rows are taken that
the model has been trained on as held-out rows of the same source, cut at places alike; of each it is seen whether the
model, writing greedily, would continue it verbatim for `tokens` tokens (extractable, Carlini et al. 2023,
arXiv:2202.07646). One forward pass tells: it does where at each place the likeliest token is the row's own. Training
rows may be recited at `odds` times the odds of held-out rows, for those are never quite alike; what is more than that
by an exact test over the last looks is a warning, and high where the share besides exceeds that of held-out rows by
`high_above`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from pydantic import Field
from torch import Tensor

from espalier.command_line.config import Config
from espalier.generation.reading import BESIDE_TRAINING, read
from espalier.signals.records import Severity, Signal
from training.batches import Order
from training.config import TrainConfig
from training.monitors.base import Look, MonitorKind
from training.monitors.chance import more_often, spent
from training.monitors.excerpts import Excerpt, drawn, matched

_LOOKS = 8
"""So many looks are taken together, this one included."""
_LEAST, _MOST = 16, 256
_SHOWN = 5
_COUNTS = ("train_found", "train_of", "held_found", "held_of")
_MOST_LOGITS = 2**24
"""Logits computed at once: a model is looked at beside its optimizer's memory."""


class MemorisationSettings(Config):
    """What the monitor of memorisation reads, and what it allows."""

    given: int = Field(16, ge=1)
    """Tokens of a row, at least, that the model is shown before the place from which it has to go on."""
    tokens: int = Field(16, ge=2)
    """Tokens that it has to continue verbatim."""
    share: float = Field(0.02, gt=0, le=1)
    """So many tokens are read for each that was trained since the last look; it costs a third of that share of time."""
    odds: float = Field(2.0, ge=1)
    """Odds of a training row to be recited, over those of a held-out row, that are allowed."""
    high_above: float = Field(0.2, ge=0, le=1)
    """By how much the share of training rows recited has to exceed that of held-out rows to be high."""


class Memorisation:
    """The monitor of one run."""

    def __init__(self, config: TrainConfig, settings: MemorisationSettings) -> None:
        self._settings = settings

    def look(self, look: Look) -> Iterable[Signal]:
        """Signals `recited`, `chance` and the counts of this look."""
        before = look.history.series("memorisation.train_of")
        trained, held = self._excerpts(look, before)
        recited, recited_held = _recited(look, trained), _recited(look, held)
        counts = [sum(recited), len(recited), sum(recited_held), len(recited_held)]
        yield from (Signal(name=name, value=count) for name, count in zip(_COUNTS, counts, strict=True))
        if not before and "valid" not in look.packs:
            said = "not judged: the mix has no held-out rows, by which chance could be measured"
            yield Signal(name="judged", value=0, severity=Severity.NOTE, said=said)
        if not trained:
            return
        earlier = [look.history.series(f"memorisation.{name}")[1 - _LOOKS :] for name in _COUNTS]
        found, of, found_held, of_held = (
            count + int(sum(value for _, value in series)) for count, series in zip(counts, earlier, strict=True)
        )
        yield Signal(name="chance", value=found_held / of_held)
        p_value = more_often((found, of), (found_held, of_held), self._settings.odds)
        if p_value > spent(look, before):
            yield Signal(name="recited", value=found / of)
            return
        said = (
            f"{found} of {of} training rows are continued verbatim for {self._settings.tokens} tokens, and "
            f"{found_held} of {of_held} held-out rows (p = {p_value:.1g} at {self._settings.odds:g} times their odds)"
        )
        shown = [each for each, is_so in zip(trained, recited, strict=True) if is_so][:_SHOWN]
        severity = self._severity(look, found / of - found_held / of_held)
        evidence = {"high": severity == Severity.HIGH, "rows": [_shown(look, each) for each in shown]}
        yield Signal(name="recited", value=found / of, severity=severity, said=said, evidence=evidence)

    def _severity(self, look: Look, excess: float) -> Severity:
        """High once: to go on after that was somebody's choice."""
        told = any(kept.get("high") for _, kept in look.history.kept("memorisation.recited"))
        return Severity.WARN if told or excess < self._settings.high_above else Severity.HIGH

    def _excerpts(self, look: Look, before: Sequence[tuple[int, float]]) -> tuple[list[Excerpt], list[Excerpt]]:
        """As many of training rows as of held-out rows, alike in pairs."""
        train, held, chance = look.packs["train"], look.packs.get("valid"), np.random.default_rng([look.seed, 16])
        seen = look.step.number * look.config.micro_batch_size * look.config.grad_accum
        if held is None or not len(held) or not seen:
            return [], []
        since = look.step.number - (before[-1][0] if before else 0)
        per_row = 2 * (self._settings.given + self._settings.tokens)
        budget = look.step.tokens * since / look.step.number * self._settings.share
        count = int(min(_MOST, max(_LEAST, budget / per_row)))
        chosen = chance.integers(min(seen, len(train)), size=2 * count)
        if seen < len(train):
            order = Order(len(train), look.config.seed)
            chosen = np.concatenate([order.take(int(place), 1) for place in chosen])
        how = (self._settings.given, self._settings.tokens, chance)
        excerpts = drawn(train, chosen, *how)[:count]
        return matched(excerpts, drawn(held, chance.integers(len(held), size=4 * count), *how))


def _recited(look: Look, excerpts: Sequence[Excerpt]) -> list[bool]:
    """Whether each would be continued word for word."""

    def recited(place: int, logits: Tensor) -> bool:
        start, goes_on = len(excerpts[place].given) - 1, excerpts[place].goes_on
        return logits[start : start + len(goes_on)].argmax(1).tolist() == goes_on

    rows = [each.given + each.goes_on for each in excerpts]
    found = dict(read(look.step.model, rows, recited, most_logits=BESIDE_TRAINING))
    return [found[place] for place in range(len(excerpts))]


def _shown(look: Look, excerpt: Excerpt) -> dict[str, Any]:
    texts = {"given": look.renderer.decode(excerpt.given), "continued": look.renderer.decode(excerpt.goes_on)}
    return {"row": excerpt.row, "source": excerpt.source, **texts}


MONITOR = MonitorKind(
    name="memorisation",
    looks_at="whether training rows are continued word for word more often than held-out rows",
    evidence="the training rows that are recited: what was given, and how they go on",
    make=Memorisation,
    settings=MemorisationSettings,
)
