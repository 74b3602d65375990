"""Rows written together, a token each at a time. Rows that end leave, and waiting ones take their slots.

A batch thus stays full until the last rows, and no forward pass is spent on a reply that has ended: what in-flight
batching is for servers (Yu et al. 2022, Orca).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from espalier.command_line.console import say
from espalier.errors import UserError
from espalier.generation.kv_cache import Memory, Slots, memory_for
from espalier.generation.lean_llama import lean
from espalier.models.compiling import eager
from espalier.models.layers import device_of

_WORTH_SHARING = 16
"""Tokens that all prompts begin with, from which on computing them once is worth a forward pass of its own."""
_READ_TOGETHER = 16
"""Prompts that are read at once. What stands behind the shorter ones is read in vain, and of more nothing is saved."""
_REFILL = 2
"""New rows join when one slot in so many is free: a forward pass for each would cost more than the free slots do."""


@dataclass(frozen=True)
class Sampling:
    """How tokens are chosen, and when a row ends."""

    max_new_tokens: int
    """A row that has not ended after so many is cut."""
    temperature: float
    """0 takes the likeliest."""
    top_p: float
    """The share of probability that is drawn from."""
    stop_ids: frozenset[int]
    """Tokens that end a row; they are not kept."""


@dataclass(kw_only=True, slots=True)
class Row:
    """A prompt and what was written after it."""

    place: int
    """Whose it is."""
    ids: list[int]
    """The prompt."""
    seed: int
    """Of its draws."""
    draw: torch.Generator | None = None
    """What they come from."""
    written: list[int] = field(default_factory=list)
    """The tokens after it."""
    ended: bool = False
    """Whether a stop token ended them."""


Listener = Callable[[int, list[int]], None]
"""Hears, after each token, whose row it is and what was written so far. What it raises ends the writing."""


def write(
    model: Any, waiting: list[Row], sampling: Sampling, batch_size: int, listener: Listener | None = None
) -> Iterator[Row]:
    """The rows as they are finished.

    The longest begin: where memory does not suffice, that shows at once, and fewer are written together, of which a
    listener hears from the beginning. UserError where it does not suffice for one.
    """
    left = {row.place: row for row in sorted(waiting, key=lambda row: -len(row.ids))}
    while left:
        try:
            for row in _in_one_batch(model, list(left.values()), sampling, batch_size, listener):
                del left[row.place]
                yield row
        except torch.OutOfMemoryError:
            if batch_size == 1:
                raise UserError(
                    "memory does not suffice for one reply; shorten it, or load the model in 4 bits"
                ) from None
            batch_size //= 2
            say(f"note: memory does not suffice; from here on {batch_size} replies are written at once")


def _in_one_batch(
    model: Any, waiting: list[Row], sampling: Sampling, batch_size: int, listener: Listener | None
) -> Iterator[Row]:
    capacity = max(len(row.ids) for row in waiting) + sampling.max_new_tokens
    memory = memory_for(model, min(batch_size, len(waiting)), capacity)
    batch = _Batch(model, memory, sampling)
    if isinstance(memory, Slots):
        batch.share(_common_prefix([row.ids[:-1] for row in waiting]))
    for row in waiting:
        row.written, row.draw = [], torch.Generator().manual_seed(row.seed)
    while waiting or batch.rows:
        free = memory.num_slots - len(batch.rows)
        if waiting and free >= min(max(1, memory.num_slots // _REFILL), len(waiting)):
            batch.admit(waiting[:free])
            waiting = waiting[free:]
        finished = batch.step()
        if listener:
            for row in (*batch.rows, *finished):
                listener(row.place, row.written)
        yield from finished


def _common_prefix(prompts: Sequence[list[int]]) -> list[int]:
    """What all `prompts` begin with, where it is worth sharing; otherwise nothing."""
    least, most = min(prompts), max(prompts)
    length = next((n for n, pair in enumerate(zip(least, most, strict=False)) if pair[0] != pair[1]), len(least))
    return least[:length] if length >= _WORTH_SHARING and len(prompts) > 1 else []


class _Batch:
    """Rows written together, a token each at a time."""

    def __init__(self, model: Any, memory: Memory, sampling: Sampling) -> None:
        # The one place where a forward pass of our own is chosen: lean_llama.py says when, why, and how to turn it off.
        shortcut = lean(model)
        self._network: Any = shortcut or _Transformers(model)
        # What transformers may keep of a forward pass has to be fit for training afterwards.
        self._no_gradients: Any = torch.inference_mode if shortcut else torch.no_grad
        self._memory, self._sampling = memory, sampling
        self._device = device_of(model)
        self._shared = 0
        self.rows: list[Row] = []

    def share(self, prefix: list[int]) -> None:
        """Read what all rows begin with, once."""
        if prefix:
            assert isinstance(self._memory, Slots)
            self._read([prefix], slice(0, 1), 0)
            with self._no_gradients():
                self._memory.share(len(prefix))
            self._shared = len(prefix)

    def admit(self, rows: list[Row]) -> None:
        """Read the prompts of new rows, but for the last token of each, which `step` reads."""
        first = len(self.rows)
        self.rows += rows
        rests = [row.ids[self._shared : -1] for row in rows]
        for begin in range(0, len(rests), _READ_TOGETHER):  # the longest first, so that neighbours are about as long
            some = rests[begin : begin + _READ_TOGETHER]
            if longest := max(map(len, some)):
                # Filled up on the right, where no token of the prompt looks, and where the reply's tokens will stand.
                filled = [rest + [0] * (longest - len(rest)) for rest in some]
                self._read(filled, slice(first + begin, first + begin + len(some)), self._shared)

    def _read(self, tokens: list[list[int]], slots: slice, first: int) -> None:
        end = first + len(tokens[0])
        self._memory.begin(slots, first, end)
        with self._no_gradients():
            columns = torch.arange(first, end, device=self._device)
            self._network.read(torch.tensor(tokens, device=self._device), columns, self._memory)

    def step(self) -> list[Row]:
        """One token more for each row; the rows that end with it leave."""
        with self._no_gradients():
            chosen = self._next_tokens()
            finished = []
            for slot in reversed(range(len(self.rows))):
                row = self.rows[slot]
                row.ended = chosen[slot] in self._sampling.stop_ids
                if not row.ended:
                    row.written.append(chosen[slot])
                if row.ended or len(row.written) == self._sampling.max_new_tokens:
                    finished.append(row)
                    last = self.rows.pop()
                    if last is not row:
                        self.rows[slot] = last
                        self._memory.move(len(self.rows), slot)
            return finished

    def _next_tokens(self) -> list[int]:
        places = [len(row.ids) + len(row.written) - 1 for row in self.rows]
        columns = torch.tensor(places, device=self._device)
        tokens = [row.written[-1] if row.written else row.ids[-1] for row in self.rows]
        self._memory.go_on(columns, max(places) + 1)
        logits = self._network.logits(torch.tensor(tokens, device=self._device), columns, self._memory)
        return _choose(logits, [row.draw for row in self.rows], self._sampling)


class _Transformers:
    """Any causal model of transformers, by its own forward pass."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def read(self, tokens: torch.Tensor, columns: torch.Tensor, memory: Memory) -> None:
        """Put into `memory` what the model remembers of `tokens` (rows, tokens), which stand in `columns` (tokens,)."""
        self._forward(tokens, columns.expand(len(tokens), -1), None, memory.cache)

    def logits(self, tokens: torch.Tensor, columns: torch.Tensor, memory: Memory) -> torch.Tensor:
        """Logits (rows, vocabulary) after one token (rows,) for each row, which stands in its column (rows,)."""
        width = torch.arange(int(columns.max()) + 1, device=columns.device)
        mask = (width <= columns.unsqueeze(1)).long() if len(tokens) > 1 else None
        return self._forward(tokens.unsqueeze(1), columns.unsqueeze(1), mask, memory.cache)[:, -1]

    def _forward(
        self, tokens: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor | None, cache: Any
    ) -> torch.Tensor:
        with eager():
            logits: torch.Tensor = self._model(
                input_ids=tokens,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            ).logits
        return logits


def _choose(logits: torch.Tensor, draws: list[torch.Generator | None], sampling: Sampling) -> list[int]:
    """One token per row of `logits` (rows, vocabulary): the likeliest, or one drawn from the nucleus of `top_p`."""
    if sampling.temperature == 0:
        if logits.device.type == "cpu":  # where numpy finds the largest some twenty times as fast as torch does
            found: list[int] = logits.float().numpy().argmax(-1).tolist()
            return found
        return logits.argmax(-1).tolist()
    shares = (logits.float().cpu() / sampling.temperature).softmax(-1)
    tokens = None
    if sampling.top_p < 1:  # sorting a batch takes longer than all the rest of a small model's step
        shares, tokens = torch.sort(shares, dim=-1, descending=True, stable=True)
    mass = shares.cumsum(-1, dtype=torch.float64)
    if tokens is not None:
        mass = torch.where(mass - shares < sampling.top_p, shares, 0.0).cumsum(-1, dtype=torch.float64)
    points = torch.stack([torch.rand((), generator=draw, dtype=torch.float64) for draw in draws]) * mass[:, -1]
    places = torch.searchsorted(mass, points.unsqueeze(1), right=True).clamp(max=logits.shape[-1] - 1)
    return (places if tokens is None else tokens.gather(1, places)).squeeze(1).tolist()
