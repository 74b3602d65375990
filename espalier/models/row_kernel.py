"""Packed rows by torch's attention kernel for the CPU, each alone, as one operation that compiled layers see whole.

How many rows there are changes from batch to batch; a compiled layer has fixed shapes. So what depends on it stays in
here. The kernel shares keys among heads by itself, and computes in float32 whatever it is given: its backward pass in
bfloat16 takes three times as long (torch 2.13).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch

from espalier.models.row_pieces import Plan, Stretch, band, plan

Tensor = torch.Tensor

_WORTH = 100_000
"""What a call of the kernel costs, forward and backward, in pairs of numbers that are multiplied: some 40 us."""


def attend(query: Tensor, key: Tensor, value: Tensor, bounds: Tensor, window: int, scale: float) -> Tensor:
    """Attention (T, H, D) of `query` (T, H, D), `key` and `value` (T, G, D) over packed rows, H a multiple of G.

    `bounds` and `window` are what `espalier.models.row_pieces.plan` takes; scores are multiplied by `scale`.
    """
    out: Tensor = _forward(query, key, value, bounds, window, scale)[0]
    return out


@torch.library.custom_op("espalier::attend_by_rows", mutates_args=(), device_types="cpu")
def _forward(
    query: Tensor, key: Tensor, value: Tensor, bounds: Tensor, window: int, scale: float
) -> tuple[Tensor, Tensor]:
    """Attention, and the logarithm (T, H) of what its weights were divided by."""
    todo, wide = _plan(query, bounds, window), _wide(query)
    parts, sums = [], []
    states = (todo.queries(query, wide), todo.keys(key, wide), todo.keys(value, wide))
    for mask, *piece in zip(_masks(todo, window, wide), *states, strict=True):
        part, log_sum = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            *piece, 0.0, mask is None, attn_mask=mask, scale=scale
        )
        parts.append(part)
        sums.append(log_sum)
    del states, piece, part, log_sum
    return todo.collect(parts).to(query.dtype), todo.collect(sums)


@_forward.register_fake
def _(query: Tensor, key: Tensor, value: Tensor, bounds: Tensor, window: int, scale: float) -> tuple[Tensor, Tensor]:
    return query.new_empty(query.shape), query.new_empty(query.shape[:2], dtype=_wide(query))


@torch.library.custom_op("espalier::attend_by_rows_backward", mutates_args=(), device_types="cpu")
def _backward(
    gradient: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    out: Tensor,
    log_sum: Tensor,
    bounds: Tensor,
    window: int,
    scale: float,
) -> tuple[Tensor, Tensor, Tensor]:
    todo, wide = _plan(query, bounds, window), _wide(query)
    parts: tuple[list[Tensor], list[Tensor], list[Tensor]] = ([], [], [])
    others: list[tuple[Stretch, Tensor, Tensor]] = []
    states = (
        todo.queries(gradient, wide, filled=False),
        todo.queries(query, wide),
        todo.keys(key, wide),
        todo.keys(value, wide),
        todo.queries(out, wide),
        todo.queries(log_sum, wide),
    )
    stretches = [None] * len(todo.groups) + list(todo.stretches)
    for stretch, mask, *piece in zip(stretches, _masks(todo, window, wide), *states, strict=True):
        by_query, by_key, by_value = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward(
            *piece, 0.0, mask is None, attn_mask=mask, scale=scale
        )
        if stretch and not stretch.is_first:  # its keys are those of other pieces too
            others.append((stretch, by_key, by_value))
            by_key = by_value = torch.zeros_like(by_key[:, :, : stretch.stop - stretch.start])
        for into, part in zip(parts, (by_query, by_key, by_value), strict=True):
            into.append(part)
    del states, piece, part, by_query, by_key, by_value  # copies of rows, while others are made
    by_query, by_key, by_value = (todo.collect(each) for each in parts)
    for stretch, *more in others:
        for total, part in zip((by_key, by_value), more, strict=True):
            total[stretch.first_key : stretch.stop] += part[0].transpose(0, 1)
    return by_query.to(query.dtype), by_key.to(key.dtype), by_value.to(value.dtype)


@_backward.register_fake
def _(gradient: Tensor, query: Tensor, key: Tensor, value: Tensor, *others: Any) -> tuple[Tensor, Tensor, Tensor]:
    return query.new_empty(query.shape), key.new_empty(key.shape), value.new_empty(value.shape)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    query, key, value, bounds, ctx.window, ctx.scale = inputs
    ctx.save_for_backward(query, key, value, *output, bounds)


def _gradients(ctx: Any, gradient: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
    return *_backward(gradient, *ctx.saved_tensors, ctx.window, ctx.scale), None, None, None


_forward.register_autograd(_gradients, setup_context=_keep)


def _plan(query: Tensor, bounds: Tensor, window: int) -> Plan:
    return plan(bounds, window, worth=_WORTH // query[0].numel())


def _masks(todo: Plan, window: int, dtype: torch.dtype) -> list[Tensor | None]:
    """What is added to the scores of each piece, where being causal is not all: nothing, or minus infinity."""
    return [mask if mask is None else _added(*mask.shape, window, dtype) for mask in todo.masks(window)]


@lru_cache(maxsize=8)
def _added(num_queries: int, num_keys: int, window: int, dtype: torch.dtype) -> Tensor:
    seen = band(num_queries, num_keys, window)
    return torch.zeros(seen.shape, dtype=dtype).masked_fill_(~seen, -torch.inf)


def _wide(states: Tensor) -> torch.dtype:
    return torch.float64 if states.dtype == torch.float64 else torch.float32
