"""What each layer may look at where rows are packed: tokens of the same row, none that comes later, none out of reach.

Reach is the layer's own: all of the row, a sliding window, or the chunk that a token stands in. transformers takes one
mask where all layers are of a kind, and one by kind where the configuration lists `layer_types`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch

from espalier.errors import UserError

Tensor = torch.Tensor


def packed_masks(model: Any, rows: Tensor, position_ids: Tensor) -> Tensor | dict[str, Tensor]:
    """The masks that `model` takes for packed sequences, (B, 1, S, S), true where a token looks.

    `rows` and `position_ids` (B, S) say of each token which row it belongs to, and where in it it stands. Layers whose
    reach is as long as a sequence share one mask. UserError for layers that are told apart by no mask.
    """
    config = model.config.get_text_config()
    own_row = ((rows[:, :, None] == rows[:, None, :]) & _band(rows.shape[1], None, rows.device)).unsqueeze(1)

    def mask(kind: str) -> Tensor:
        seen = _within_reach(kind, config, own_row, position_ids, model)
        return _added(seen, model) if config._attn_implementation == "eager" else seen

    kinds = getattr(config, "layer_types", None)
    return {kind: mask(kind) for kind in dict.fromkeys(kinds)} if kinds else mask(_only_kind(config))


def window_of(model: Any) -> int | None:
    """The shortest reach of the model's layers in tokens; None where all look back without limit, or nothing says."""
    config = model.config.get_text_config()
    kinds = getattr(config, "layer_types", None) or [_only_kind(config)]
    return min((reach for kind in kinds if (reach := _reach(kind, config))), default=None)


def _only_kind(config: Any) -> str:
    kinds = ("sliding_attention", "chunked_attention")
    return next((kind for kind in kinds if _reach(kind, config) is not None), "full_attention")


def _reach(kind: str, config: Any) -> int | None:
    name = {"sliding_attention": "sliding_window", "chunked_attention": "attention_chunk_size"}.get(kind)
    return getattr(config, name, None) if name else None


def _within_reach(kind: str, config: Any, own_row: Tensor, position_ids: Tensor, model: Any) -> Tensor:
    if kind not in ("full_attention", "sliding_attention", "chunked_attention"):
        raise UserError(
            f"{type(model).__name__} has layers of the kind {kind}, which carry something from one packed row into the "
            "next, so it cannot be trained on packed rows; choose a base with attention alone"
        )
    seq_len, reach = own_row.shape[-1], _reach(kind, config)
    if reach is None or reach >= seq_len:
        return own_row
    if kind == "sliding_attention":
        return own_row & _band(seq_len, reach, own_row.device)
    chunks = position_ids // reach
    return own_row & (chunks[:, :, None] == chunks[:, None, :]).unsqueeze(1)


@lru_cache(maxsize=4)
def _band(seq_len: int, window: int | None, device: torch.device) -> Tensor:
    """(S, S) bool: a token sees itself and what stands before it, `window` tokens in all where that is given."""
    causal = torch.ones(seq_len, seq_len, dtype=torch.bool, device=device).tril()
    return causal if window is None else causal.triu(1 - window)


def _added(seen: Tensor, model: Any) -> Tensor:
    """What attention written out in plain operations adds to its scores: nothing, or the lowest number there is."""
    dtype = model.get_input_embeddings().weight.dtype
    return torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill_(~seen, torch.finfo(dtype).min)
