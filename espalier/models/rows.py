"""Where the rows of packed sequences begin: what attention is told in the place of a mask.

transformers hands whatever four-dimensional tensor a model is given as its attention mask on to every layer, untouched.
So the beginnings of rows travel as one, of a few numbers, and `espalier.models.attention` keeps to them. Reach is a
layer's own: all of the row, a sliding window, or the chunk that a token stands in. transformers takes one mask where
all layers are of a kind, and one by kind where the configuration lists `layer_types`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from espalier.errors import UserError
from espalier.models.attention import attend_by_rows

Tensor = torch.Tensor

_PADDING_ROW = 256
"""What follows the last row of a sequence is taken for rows of its own, of so many tokens at most: what it costs does
not grow with its square."""
_FEWEST_ROWS = 3
"""On a GPU there are as many beginnings as rows, rounded up to a power of two from here, so that few shapes come up;
each costs the backward pass of FlashAttention as much memory as 128 tokens of queries in float32."""


def rows_apart(model: Any, rows: Tensor) -> Tensor | dict[str, Tensor]:
    """What `model` takes as its attention mask so that packed rows are blind to each other.

    `rows` (B, S) says of each token which row it belongs to, -1 of padding. UserError for layers that carry something
    on from token to token by other ways than attention.
    """
    config = model.config.get_text_config()
    by_rows = attend_by_rows(model)
    numbers = rows.cpu().numpy()
    made: dict[tuple[int, int], Tensor] = {}

    def told(kind: str) -> Tensor:
        reach = _within(kind, config, rows.shape[1], model)
        if reach not in made:
            window, chunk = reach
            if by_rows:
                made[reach] = _as_mask(row_bounds(numbers, chunk), window, rows)
            else:
                made[reach] = _dense(rows, window, model)
        return made[reach]

    kinds = getattr(config, "layer_types", None)
    return {kind: told(kind) for kind in dict.fromkeys(kinds)} if kinds else told(_only_kind(config))


def window_of(model: Any) -> int | None:
    """The shortest reach of the model's layers in tokens; None where all look back without limit, or nothing says."""
    config = model.config.get_text_config()
    kinds = getattr(config, "layer_types", None) or [_only_kind(config)]
    return min((reach for kind in kinds if (reach := _reach(kind, config))), default=None)


def row_bounds(rows: np.ndarray, chunk: int = 0) -> np.ndarray:
    """Where rows (B, S) begin in the flattened sequences, in order, and at the end B * S; int32.

    Where `chunk` is given, rows are cut into chunks of so many tokens, as if they were rows.
    """
    places = np.arange(rows.shape[1])
    begins = np.ones(rows.shape, bool)
    begins[:, 1:] = rows[:, 1:] != rows[:, :-1]
    within = places - np.maximum.accumulate(np.where(begins, places, 0), axis=1)
    begins |= (rows < 0) & (within % _PADDING_ROW == 0)
    if chunk:
        begins |= within % chunk == 0
    return np.append(np.flatnonzero(begins), rows.size).astype(np.int32)


def _as_mask(bounds: np.ndarray, window: int, rows: Tensor) -> Tensor:
    """The beginnings, filled up with the end, as (1, 1, window + 1, n), of which `told` makes both again.

    A layer has to know its window before it computes, without waiting for a device, and compiled once: so it is a size.
    The tensor is a view of one line, again and again the same. `n` is fixed on the CPU, whatever the rows: layers are
    compiled for one shape.
    """
    count = rows.numel() if rows.device.type == "cpu" else 1 << (max(_FEWEST_ROWS, len(bounds) - 1) - 1).bit_length()
    filled = np.full(count + 1, bounds[-1], np.int32)
    filled[: len(bounds)] = bounds
    return torch.from_numpy(filled).to(rows.device).expand(1, 1, window + 1, -1)


def _only_kind(config: Any) -> str:
    kinds = ("sliding_attention", "chunked_attention")
    return next((kind for kind in kinds if _reach(kind, config) is not None), "full_attention")


def _reach(kind: str, config: Any) -> int | None:
    name = {"sliding_attention": "sliding_window", "chunked_attention": "attention_chunk_size"}.get(kind)
    return getattr(config, name, None) if name else None


def _within(kind: str, config: Any, seq_len: int, model: Any) -> tuple[int, int]:
    """Window and chunk of the layers of a kind, 0 for none, or none that is felt in sequences so short."""
    if kind not in ("full_attention", "sliding_attention", "chunked_attention"):
        raise UserError(
            f"{type(model).__name__} has layers of the kind {kind}, which carry something from one packed row into the "
            "next, so it cannot be trained on packed rows; choose a base with attention alone"
        )
    reach = _reach(kind, config)
    if reach is None or reach >= seq_len:
        return 0, 0
    return (reach, 0) if kind == "sliding_attention" else (0, reach)


def _dense(rows: Tensor, window: int, model: Any) -> Tensor:
    """A mask (B, 1, S, S) for the few older architectures that write out attention themselves and take nothing else.

    True where a token looks, or what is added to its scores: nothing, or the lowest number there is.
    """
    causal = torch.ones(rows.shape[1], rows.shape[1], dtype=torch.bool, device=rows.device).tril()
    reach = causal.triu(1 - window) if window else causal
    seen = ((rows[:, :, None] == rows[:, None, :]) & reach).unsqueeze(1)
    if model.config.get_text_config()._attn_implementation != "eager":
        return seen
    dtype = model.get_input_embeddings().weight.dtype
    return torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill_(~seen, torch.finfo(dtype).min)
