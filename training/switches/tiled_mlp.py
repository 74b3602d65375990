"""Feed-forward blocks computed in tiles along the sequence, so that their inner activations are a tile long.

A block treats each token by itself, so tiles give what the whole gives. Forward keeps the block's input alone; backward
takes one tile at a time, computes it again and then its gradients, so that neither pass holds more than a tile of the
inner width. The tiled computation is that of ALST (Bekman et al. 2025, arXiv:2506.13996).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch.utils.checkpoint import get_device_states, set_device_states

from espalier.errors import UserError
from espalier.models.layers import decoder_layers

Tensor = torch.Tensor
Block = torch.nn.Module
Compute = Callable[[Tensor], Tensor]

_SHAPES = (
    {"gate_proj", "up_proj", "down_proj"},  # Llama, Qwen, Gemma, Mistral
    {"gate_up_proj", "down_proj"},  # Phi-3
    {"up_proj", "down_proj"},
    {"fc1", "fc2"},  # Phi
    {"c_fc", "c_proj"},  # GPT-2
    {"dense_h_to_4h", "dense_4h_to_h"},  # GPT-NeoX, Falcon
)
"""What the linear layers of a feed-forward block are called."""


def tile_feed_forward(model: Any, tiles: int, *, compiled: bool) -> None:
    """Let every feed-forward block of `model` be trained in `tiles` pieces, in place; `compiled`: each piece is.

    UserError for layers whose block is not known, or which choose among experts: those treat tokens together.
    """
    layers = decoder_layers(model)
    if not layers:
        raise UserError(f"memory.mlp_tiles: {type(model).__name__} does not say what its decoder layers are")
    for layer in layers:
        block = _block_of(layer)
        own = vars(block).get("forward")
        compute = own.__func__ if own else type(block).forward
        if compiled:
            compute = torch.compile(compute, dynamic=False)
        # No closure: a model that is copied shall compute with the copy's weights.
        block.forward = partial(_forward, block, compute, tiles)


def _block_of(layer: torch.nn.Module) -> Block:
    """The layer's feed-forward block, known by what its linear layers are called."""
    fits = [block for block in layer.children() if any(shape <= set(dict(block.named_children())) for shape in _SHAPES)]
    routed = any(name.rpartition(".")[2] in ("experts", "router") for name, _ in layer.named_modules())
    if len(fits) != 1 or routed:
        why = "it chooses among experts" if routed else "none of its parts is a feed-forward block of a known make"
        name = type(layer).__name__
        raise UserError(f"memory.mlp_tiles: {name} cannot be computed in tiles, for {why}; leave it at 1")
    return fits[0]


# Compilers are kept out: they could compute the tiles side by side. Each tile may be compiled by itself.
@torch.compiler.disable  # type: ignore[untyped-decorator]
def _forward(block: Block, compute: Callable[..., Tensor], tiles: int, x: Tensor) -> Tensor:
    """What the block gives for x (B, S, width)."""
    if not (block.training and torch.is_grad_enabled()):
        plain: Tensor = compute(block, x)
        return plain
    trained = [parameter for parameter in block.parameters() if parameter.requires_grad]
    kept: Any = _Keep.apply(x.flatten(0, -2), torch.empty(0, requires_grad=x.requires_grad or bool(trained)))  # type: ignore[no-untyped-call]
    size = -(-len(kept) // tiles)
    out: Tensor = _Tiles.apply(kept, kept.grad_fn, partial(compute, block), size, *trained)  # type: ignore[no-untyped-call]
    return out.view(*x.shape[:-1], -1)


class _Keep(torch.autograd.Function):
    """The input, kept before it is computed with rather than after: a checkpointed layer stops computing again with
    the last tensor kept, so that it leaves out a block that nothing but its output comes from."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, _: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        return grad, None


class _Tiles(torch.autograd.Function):
    """The block over x (N, width), `size` tokens at a time; `keeper` the node that keeps x, `trained` its weights."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, keeper: Any, compute: Compute, size: int, *trained: Tensor) -> Tensor:
        ctx.keeper, ctx.compute, ctx.size, ctx.trained = keeper, compute, size, trained
        ctx.randomness = torch.get_rng_state(), *get_device_states(x)
        kind = x.device.type
        ctx.autocast = partial(
            torch.autocast, kind, dtype=torch.get_autocast_dtype(kind), enabled=torch.is_autocast_enabled(kind)
        )
        out: Tensor | None = None
        for tokens in _tiles(x, size):
            tile = compute(x[tokens].unsqueeze(0)).squeeze(0)
            if out is None:
                out = tile.new_empty(len(x), tile.shape[-1])
            out[tokens] = tile
        assert out is not None
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        (x,) = ctx.keeper.saved_tensors
        grad_x = torch.empty_like(x)
        grads: list[Tensor | None] = [None] * len(ctx.trained)
        cpu, devices, states = ctx.randomness
        with torch.random.fork_rng(devices, device_type=x.device.type), torch.enable_grad(), ctx.autocast():
            torch.set_rng_state(cpu)
            set_device_states(devices, states, device_type=x.device.type)
            for tokens in _tiles(x, ctx.size):
                tile = x[tokens].unsqueeze(0).detach().requires_grad_()
                share, *found = torch.autograd.grad(
                    ctx.compute(tile), (tile, *ctx.trained), grad[tokens].unsqueeze(0), allow_unused=True
                )
                grad_x[tokens] = share.squeeze(0)
                grads = [_sum(total, more) for total, more in zip(grads, found, strict=True)]
        return grad_x, None, None, None, *grads


def _tiles(x: Tensor, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, len(x), size))


def _sum(total: Tensor | None, more: Tensor | None) -> Tensor | None:
    if total is None or more is None:
        return more if total is None else total
    return total + more
