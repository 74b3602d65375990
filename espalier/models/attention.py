"""Attention over packed rows, each row alone; no mask of a whole sequence is formed.

`attend_by_rows` puts it in the place of a model's attention. Where a forward pass is told of rows
(`espalier.models.rows`), they are kept apart: on the CPU by torch's kernel, piece by piece, on a GPU by FlashAttention
for sequences of many lengths, and where neither can, by the model's own attention, piece by piece. Where it is not told
of any, as when a reply is generated, attention is what it was.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, TypeGuard

import torch
from torch.nn.attention import varlen
from torch.utils.checkpoint import checkpoint

from espalier.models import row_kernel
from espalier.models.row_pieces import band, plan

Tensor = torch.Tensor
Own = Callable[..., tuple[Tensor, Tensor | None]]
"""Attention as transformers calls it."""

_NAMES = {"sdpa": "by_rows", "eager": "by_rows_written_out"}
"""Our name for it, by the attention that a model came with: torch's kernels, or plain operations where it needs what
they do not know (soft caps, sinks)."""
_SHARED_HEADS_ARE_ANNOUNCED = "enable_gqa" in inspect.signature(varlen.varlen_attn).parameters
"""Whether torch wants to be told that heads share keys; up to 2.11 it sees to it unasked, and knows no such word."""
_BLOCK = 512
"""Queries at a time where scores are written out."""
_WORTH = 1_000_000
"""What a call of a model's own attention costs, in pairs of numbers that are multiplied."""


def attend_by_rows(model: Any) -> bool:
    """Have a Hugging Face model keep rows apart in its attention; False where it takes none but its own."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import eager_mask, sdpa_mask

    given = model.config.get_text_config()._attn_implementation
    if given in _NAMES.values():
        return True
    if given not in _NAMES or not model._can_set_attn_implementation():
        return False
    written_out = given == "eager"
    AttentionInterface.register(_NAMES[given], _written_out if written_out else _by_kernel)
    AttentionMaskInterface.register(_NAMES[given], eager_mask if written_out else sdpa_mask)
    model.set_attn_implementation(_NAMES[given])
    return True


def _by_kernel(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, Tensor | None]:
    """Attention (B, S, H, D) of `query`, `key`, `value` (B, H, S, D)."""
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    own: Own = sdpa_attention_forward
    if not _tells_rows(attention_mask):
        return own(module, query, key, value, attention_mask, **options)
    if query.is_cuda and torch.is_autocast_enabled("cuda"):
        # Rotary tables of float32 weights make queries and keys float32, which FlashAttention does not take.
        kind = torch.get_autocast_dtype("cuda")
        query, key, value = query.to(kind), key.to(kind), value.to(kind)
    by_kernel = not options.get("dropout") and query.shape[-1] == key.shape[-1] == value.shape[-1]
    attend: Callable[..., Tensor]
    if by_kernel and query.device.type == "cpu":
        attend = row_kernel.attend
    elif by_kernel and _flash_takes(query, key, value):
        attend = partial(_flash, longest=query.shape[2])
    else:
        return _piece_by_piece(own, module, query, key, value, attention_mask, options), None
    scale = options.get("scaling") or query.shape[-1] ** -0.5
    out = attend(_flat(query), _flat(key), _flat(value), *_told(attention_mask), scale)
    return out.view(*query.transpose(1, 2).shape), None


def _written_out(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, Tensor | None]:
    own: Own = sys.modules[type(module).__module__].eager_attention_forward
    if not _tells_rows(attention_mask):
        return own(module, query, key, value, attention_mask, **options)
    return _piece_by_piece(own, module, query, key, value, attention_mask, options), None


def _tells_rows(attention_mask: Tensor | None) -> TypeGuard[Tensor]:
    return attention_mask is not None and attention_mask.dtype == torch.int32


def _told(attention_mask: Tensor) -> tuple[Tensor, int]:
    """Where rows begin in the flattened sequences, and the window, 0 for none."""
    return attention_mask[0, 0, 0], attention_mask.shape[2] - 1


def _flat(states: Tensor) -> Tensor:
    """(B, H, S, D) as (B * S, H, D); a view of what projections give."""
    return states.transpose(1, 2).flatten(0, 1)


def _flash_takes(query: Tensor, key: Tensor, value: Tensor) -> bool:
    """Whether FlashAttention computes this: in 16 bits, heads of 256 at most, on a GPU of 2020 or later."""
    return (
        query.is_cuda
        and query.dtype == key.dtype == value.dtype
        and query.dtype in (torch.float16, torch.bfloat16)
        and query.shape[-1] <= 256
        and query.shape[-1] % 8 == 0
        and torch.cuda.get_device_properties(query.device).major >= 8
    )


def _flash(
    query: Tensor, key: Tensor, value: Tensor, bounds: Tensor, window: int, scale: float, *, longest: int
) -> Tensor:
    """FlashAttention 2 (Dao 2023, arXiv:2307.08691) over rows of many lengths, (T, H, D).

    No row has more tokens than `longest`, a bound that is known without waiting for the device.
    """
    shared: dict[str, Any] = (
        {"enable_gqa": True} if _SHARED_HEADS_ARE_ANNOUNCED and query.shape[1] != key.shape[1] else {}
    )
    out = varlen.varlen_attn(
        query,
        key,
        value,
        bounds,
        bounds,
        longest,
        longest,
        scale=scale,
        window_size=(window - 1, 0) if window else (-1, 0),
        **shared,
    )
    assert isinstance(out, Tensor)  # not a pair with what was not asked for
    return out


@torch.compiler.disable  # type: ignore[untyped-decorator]
def _piece_by_piece(
    own: Own, module: Any, query: Tensor, key: Tensor, value: Tensor, told: Tensor, options: dict[str, Any]
) -> Tensor:
    """The model's `own` attention, one piece of rows after the other, each computed again in the backward pass."""
    bounds, window = _told(told)
    written_out = own.__name__ == "eager_attention_forward"
    todo = plan(bounds, window, worth=_WORTH // query[0, :, 0].numel(), block=_BLOCK if written_out else 0)

    def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        if written_out:
            seen = band(query.shape[2], key.shape[2], 0) if mask is None else mask
            mask = torch.zeros(seen.shape, dtype=query.dtype).masked_fill_(~seen, torch.finfo(query.dtype).min)
        if mask is not None:
            mask = mask.to(query.device)[None, None]
        return own(module, query, key, value, mask, **options)[0].transpose(1, 2)

    pieces = zip(
        todo.queries(_flat(query), query.dtype),
        todo.keys(_flat(key), key.dtype),
        todo.keys(_flat(value), value.dtype),
        todo.masks(window),
        strict=True,
    )
    parts = [checkpoint(attend, *piece, use_reentrant=False) for piece in pieces]
    return todo.collect(parts).view(*query.shape[:1], query.shape[2], query.shape[1], -1)
