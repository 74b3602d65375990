"""What a model can do, item by item, on items that stay the same: minimal pairs, and held-out rows in their form."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data_mix.curriculum.pairs import Pair
from espalier.errors import UserError
from espalier.generation.likelihood import log_likelihoods
from espalier.generation.reading import BESIDE_TRAINING, read
from espalier.text.chat import ChatRenderer
from espalier.text.rows import Row, read_rows

Values = NDArray[np.float64]
_SOME = 3


def pairs_right(model: Any, renderer: ChatRenderer, pairs: Sequence[Pair], batch_size: int = 128) -> Values:
    """(n,) of pairs: 1 where the model finds the right sentence likelier, 0 where the wrong one, a half for neither."""
    sentences = [sentence for pair in pairs for sentence in pair]
    said = log_likelihoods(model, renderer, sentences, batch_size, most_logits=BESIDE_TRAINING)
    better = np.sign(np.subtract(said[::2], said[1::2]))
    return np.asarray((better + 1) / 2, dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class _Item:
    row: str
    ids: list[int]
    trained: list[int]
    """Places of the tokens that are learned."""
    num_bytes: int
    """UTF-8 bytes of the text they are."""
    floor_bits: float
    """What its source's own entropy makes of it; NaN where that is not known."""


@dataclass(frozen=True, kw_only=True)
class HeldRows:
    """Held-out rows of a mix, as they are learned."""

    items: tuple[_Item, ...]

    @classmethod
    def of(cls, mix: Path, renderer: ChatRenderer, *, as_text: bool, count: int, longest: int) -> HeldRows:
        """`count` rows of its split `valid` that are texts, or chats, of at most `longest` tokens.

        They are the shortest of some more, the first ones: for telling a fall, many rows are worth more than long ones.
        """
        path = mix / "valid.parquet"
        found = _items(read_rows(path), renderer, as_text, longest) if path.exists() else iter(())
        some = sorted(islice(found, _SOME * count), key=lambda item: len(item.ids))
        return cls(items=tuple(some[:count]))

    @property
    def ids(self) -> list[str]:
        """Of the rows."""
        return [item.row for item in self.items]

    @property
    def num_bytes(self) -> Values:
        """(n,) of text to be learned."""
        return np.array([item.num_bytes for item in self.items], dtype=np.float64)

    @property
    def floor_bits(self) -> float:
        """Of all rows together."""
        return sum(item.floor_bits for item in self.items)

    def measure(self, model: Any) -> tuple[Values, Values]:
        """(n,) bits that each row's learned tokens take, and (n,) whether its end is where the model would end it."""

        def told(place: int, logits: Tensor) -> tuple[float, bool]:
            item = self.items[place]
            trained = torch.tensor(item.trained, device=logits.device)
            seen, wanted = logits[trained - 1].float(), torch.tensor(item.ids, device=logits.device)[trained]
            losses = seen.logsumexp(1) - seen.gather(1, wanted.unsqueeze(1)).squeeze(1)
            return float(losses.double().sum()) / math.log(2), bool(seen[-1].argmax() == wanted[-1])

        bits, ended = np.zeros(len(self.items)), np.zeros(len(self.items))
        for place, found in read(model, [item.ids for item in self.items], told, most_logits=BESIDE_TRAINING):
            bits[place], ended[place] = found
        return bits, ended


def _items(rows: Iterator[Row], renderer: ChatRenderer, as_text: bool, longest: int) -> Iterator[_Item]:
    for row in rows:
        if row.is_text != as_text or row.chosen:
            continue
        try:
            rendered = renderer.sequences(row.messages, row.tools)
        except UserError:
            continue
        one = rendered[0]
        if len(rendered) == 1 and len(one.ids) <= longest:
            log2_prob = row.log2_prob if as_text else row.assistant_log2_prob
            yield _Item(
                row=row.id,
                ids=one.ids,
                trained=[place for place, weight in enumerate(one.weights) if weight > 0 and place > 0],
                num_bytes=one.num_trained_bytes,
                floor_bits=math.nan if log2_prob is None else -log2_prob,
            )
