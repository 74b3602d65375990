"""Whether a model computes a packed row as it computes the row alone, tried out before it is trained."""

from __future__ import annotations

from typing import Any

import torch

from espalier.errors import UserError
from espalier.models.layers import decoder_layers, device_of
from espalier.models.rows import window_of
from training.head.losses import selected_logits
from training.sequences import Sequences, logits_at

Tensor = torch.Tensor

_SAME = 1e-3
"""How far two tables of logits may lie apart that were computed alike, as a share of their spread."""
_SAME_IN_16_BITS = 0.1
"""And that other kernels computed, where a number has eight bits: each of some dozens of layers rounds once more."""
_ROUNDED = 2.0**-8
"""How far a number of eight bits may move when it is rounded."""


@torch.no_grad()
def check_rows_apart(model: Any, seq_len: int, dtype: torch.dtype | None = None) -> None:
    """Compare packed rows with a plain forward pass over a row alone, which is told of no rows, masks or positions.

    UserError for a model in which they differ: because a state goes on from row to row, or because its layers reach
    less far than our masks know. It takes about as long as three forward passes over one sequence. `dtype` is what is
    computed in, where that is not the weights'.
    """
    device, num_embeddings = device_of(model), model.get_input_embeddings().weight.shape[0]
    num_before, draw = min(8, seq_len // 2), torch.Generator().manual_seed(0)
    tokens = torch.randint(3, min(1000, num_embeddings), (1, seq_len), generator=draw).to(device)
    others = torch.where(torch.arange(seq_len, device=device) < num_before, tokens.flip(1), tokens)
    places = torch.linspace(num_before, seq_len - 1, min(64, seq_len - num_before), device=device).long()
    try:
        packed = _behind_another_row(model, tokens, num_before, places)
        behind_others = _behind_another_row(model, others, num_before, places)
        alone = selected_logits(model, places - num_before, input_ids=tokens[:, num_before:]).float()
    except (UserError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # whatever a model of some other make says to a mask of packed rows
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(f"{_name(model)} does not take packed rows ({reason}); choose another base") from error
    if _apart(packed, behind_others) > _SAME:
        raise UserError(
            f"{_name(model)} carries something from one packed row into the next (a recurrent state?), so it cannot be "
            "trained on packed rows; choose a base with attention alone"
        )
    apart = _apart(packed, alone)
    dtype = dtype or model.dtype
    allowed = _SAME if dtype == torch.float32 else _SAME_IN_16_BITS
    if dtype != torch.float32 and apart > allowed:
        # Some models blow rounding up: Gemma 3 in bfloat16 is a quarter off itself. What it does to its own is allowed.
        shaken = _shaken(model, places - num_before, tokens[:, num_before:])
        allowed = max(allowed, 2 * _apart(shaken, alone))
    if apart > allowed:
        window = window_of(model)
        shorter = f"give a seq_len of {window} or less, its window, or " if window and window < seq_len else ""
        raise UserError(
            f"{_name(model)} answers otherwise to a packed row of {seq_len - num_before} tokens than to the row alone, "
            f"so what it learned would not be what is used; {shorter}choose another base"
        )


def _behind_another_row(model: Any, tokens: Tensor, num_before: int, places: Tensor) -> Tensor:
    """Logits at `places` of a sequence whose first `num_before` tokens are a row of their own."""
    place = torch.arange(tokens.shape[1], device=tokens.device).unsqueeze(0)
    rows = (place >= num_before).long()
    sequences = Sequences(input_ids=tokens, labels=tokens, position_ids=place - num_before * rows, rows=rows)
    return logits_at(model, sequences, places).float()


def _shaken(model: Any, places: Tensor, tokens: Tensor) -> Tensor:
    """Logits at `places` of a row where what goes into and comes out of each layer is moved as rounding moves it."""
    draw = torch.Generator(tokens.device).manual_seed(1)

    def shake(_: Any, __: Any, states: Any) -> Any:
        if isinstance(states, tuple):  # layers of some models give more than what goes on
            return (shake(None, None, states[0]), *states[1:])
        noise = torch.randn(states.shape, generator=draw, device=states.device)
        return (states.float() * (1 + _ROUNDED * noise)).to(states.dtype)

    shaken = [model.get_input_embeddings(), *decoder_layers(model)]
    hooks = [module.register_forward_hook(shake) for module in shaken]
    try:
        return selected_logits(model, places, input_ids=tokens).float()
    finally:
        for hook in hooks:
            hook.remove()


def _apart(one: Tensor, other: Tensor) -> float:
    """How far two tables of logits (n, vocabulary) differ, as a share of how far the logits of a place lie apart."""
    spread = other - other.mean(-1, keepdim=True)
    return float((one - other).norm() / spread.norm())


def _name(model: Any) -> str:
    return type(model.get_base_model() if hasattr(model, "peft_config") else model).__name__
