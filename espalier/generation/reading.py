"""What a model makes of rows of tokens that are there already: of each its logits, of which few are there at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

from espalier.command_line.console import say
from espalier.errors import UserError
from espalier.models.compiling import eager
from espalier.models.layers import device_of

Made = TypeVar("Made")

MOST_LOGITS = 2**27
"""Logits that are there at once: half a gigabyte in float32."""
BESIDE_TRAINING = 2**23
"""The same where a model is looked at while it is trained, beside all that its optimizer keeps."""


def read(
    model: Any,
    rows: Sequence[list[int]],
    make: Callable[[int, Tensor], Made],
    *,
    batch_size: int | None = None,
    most_logits: int = MOST_LOGITS,
) -> Iterator[tuple[int, Made]]:
    """What `make` makes of each row's place and its logits (S, vocabulary), with that place; the longest come first.

    Logits are not handed out, as who holds them while others are computed holds twice as many. None has a gradient.
    UserError where memory is too small for one row.
    """
    waiting = sorted(range(len(rows)), key=lambda place: -len(rows[place]))
    vocabulary = model.config.get_text_config().vocab_size
    while waiting:
        fitting = most_logits // (len(rows[waiting[0]]) * vocabulary)
        size = max(1, min(batch_size or len(waiting), fitting, len(waiting)))
        now = waiting[:size]
        try:
            made = _read(model, {place: rows[place] for place in now}, make)
        except torch.OutOfMemoryError:
            if size == 1:
                raise UserError("memory does not suffice for one text; load the model in 4 bits") from None
            batch_size = size // 2
            say(f"note: memory does not suffice; from here on {batch_size} texts are read at once")
            continue
        waiting = waiting[size:]
        yield from zip(now, made, strict=True)


@torch.no_grad()
def _read(model: Any, rows: dict[int, list[int]], make: Callable[[int, Tensor], Made]) -> list[Made]:
    longest = max(map(len, rows.values()))
    # Filled up on the right, where no token of the row looks: neither a mask nor positions are wanted.
    tokens = torch.tensor([row + [0] * (longest - len(row)) for row in rows.values()], device=device_of(model))
    with eager():
        logits = model(input_ids=tokens, use_cache=False).logits
    return [make(place, each[: len(row)]) for each, (place, row) in zip(logits, rows.items(), strict=True)]


def log_probabilities(logits: Tensor, ids: Sequence[int]) -> Tensor:
    """(n,) of the last n tokens of a row, n = len(ids), given its logits."""
    seen = logits[len(logits) - len(ids) - 1 : len(logits) - 1].float()
    targets = torch.tensor(ids, device=seen.device).unsqueeze(1)
    return seen.gather(1, targets).squeeze(1) - seen.logsumexp(1)
