"""Whether replies are language by a language model's word, in the place of the counts that ship: `--fluency NAME`.

What it goes by is how much likelier a reply's order is, per word, than other orders of its words. What that gain means
differs from model to model, so its scale is the model's own: 1 from where good replies begin, 0 up to where the same
replies with their words out of order end. Where the two meet it cannot tell, and the counts stand.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from evaluation.backends.base import Backend
from evaluation.cache import Cache
from evaluation.fluency.by_model import by_model
from evaluation.fluency.tokens import read
from evaluation.metrics.wording import plausible
from evaluation.scoring.records import Record

COLUMN = plausible.name
"""The column that the model decides."""
FEWEST = 20
"""Replies that a scale is made of at least."""
_GOOD, _HEAPS = 5, 95
"""Percentiles of good replies, and of them with their words out of order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """What gains of one model mean, in nats per word."""

    heap: float
    """What heaps of words seldom reach."""
    good: float
    """What good replies seldom fall short of."""

    @property
    def tells(self) -> bool:
        """Whether the two are apart."""
        return self.heap < self.good

    def value(self, gain: float) -> float:
        """0 to 1."""
        return min(1.0, max(0.0, (gain - self.heap) / (self.good - self.heap)))


def add_fluency(
    records: Sequence[Record],
    reader: Backend,
    *,
    models: Collection[str],
    cache: Cache,
    on_text: Callable[[int], None] = lambda read: None,
) -> list[Record]:
    """The records with the column as `reader` decides it, and in its note by whom: `why`, and `by` for the report.

    The scale is made of the good replies that the cases have, or where those are few of what the `models` said; where
    there is none, or `reader` cannot tell, the column stays as it is, and `by` says so. `on_text` hears how many of
    `num_texts` were read by now.
    """
    good, whose = _good(records, models)
    heaps = [_heap(text) for text in good]
    gains = _gains([*good, *heaps], reader, cache, on_text)
    scale, why_not = None, f"there are only {len(good)} replies to set its scale by, of {FEWEST} that it takes"
    if len(good) >= FEWEST:
        scale = _scale([gains[text] for text in good], [gains[text] for text in heaps])
        why_not = f"by its word {len(good)} {whose} are not told from the same with their words out of order"
    if scale is None or not scale.tells:
        by = f"by the counts that ship: {reader.name} cannot tell language here, for {why_not}"
        return [_noted(record, {"by": by}) if _is_read(record) else record for record in records]
    by = (
        f"by {reader.name}: by how many nats per word a reply's order is likelier than others of its words; by "
        f"{len(good)} {whose} {scale.good:.2f} is language, and {scale.heap:.2f} a heap of words"
    )
    shown = [_text(record.reply) for record in records if _is_read(record)]
    missing = [text for text in dict.fromkeys(shown) if text not in gains]
    gains |= _gains(missing, reader, cache, lambda number: on_text(len(gains) + number))
    return [_decided(record, gains, scale, reader.name, by) if _is_read(record) else record for record in records]


def num_texts(records: Sequence[Record], models: Collection[str]) -> int:
    """How many texts are read at most."""
    good, _ = _good(records, models)
    shown = [_text(record.reply) for record in records if _is_read(record)]
    return len({*good, *map(_heap, good), *shown})


def _good(records: Sequence[Record], models: Collection[str]) -> tuple[list[str], str]:
    """Different replies to set the scale by, of words enough to have an order, and whose they are."""
    known = _ordered(record.reference or "" for record in records)
    if len(known) >= FEWEST:
        return known, "good replies of the suite"
    said = _ordered(record.reply for record in records if record.model in models and _is_read(record))
    return said, f"replies of the models (the suite has {len(known)} good ones, and {FEWEST} are needed)"


def _ordered(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text for text in map(_text, texts) if len(text.split()) >= 3))


def _is_read(record: Record) -> bool:
    return record.finish != "error" and bool(record.messages)


def _text(reply: str) -> str:
    """What is read of a reply: as much as the counts read."""
    return read(reply.encode("utf-8", "replace").decode())


def _heap(text: str) -> str:
    """Its words in another order, the same whenever it is asked for."""
    words = text.split()
    return " ".join(random.Random(f"heap {text}").sample(words, len(words)))


def _gains(texts: Sequence[str], reader: Backend, cache: Cache, on_text: Callable[[int], None]) -> dict[str, float]:
    distinct = list(dict.fromkeys(texts))
    found = by_model(reader, distinct, cache=cache, on_text=on_text)
    return {text: each.order for text, each in zip(distinct, found, strict=True)}


def _scale(good: Sequence[float], heaps: Sequence[float]) -> Scale:
    import numpy as np

    return Scale(heap=float(np.percentile(heaps, _HEAPS)), good=float(np.percentile(good, _GOOD)))


def _decided(record: Record, gains: dict[str, float], scale: Scale, name: str, by: str) -> Record:
    gain = gains[_text(record.reply)]
    others = {key: value for key, value in record.metrics.items() if key != COLUMN}
    if not math.isfinite(gain):
        return replace(_noted(record, {"why": f"by {name}: too few words to tell", "by": by}), metrics=others)
    value = scale.value(gain)
    why = f"by {name}: its order is likelier than others of its words by {gain:.2f} nats per word"
    return replace(_noted(record, {"why": why, "by": by}), metrics=others | {COLUMN: value})


def _noted(record: Record, note: dict[str, str]) -> Record:
    return replace(record, notes=record.notes | {COLUMN: record.notes.get(COLUMN, {}) | note})
