"""What layers read at the ends of examples: state 0 is the first decoder layer's, state n the output layer's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from espalier.models.compiling import eager
from espalier.models.hidden import answering
from espalier.models.layers import decoder_layers
from training.concepts.examples import Examples
from training.together import unwrapped

Tensor = torch.Tensor
_AT_A_TIME = 32


def readers_of(model: Any) -> list[torch.nn.Module]:
    """What reads the residual stream: the decoder layers in order, and the output layer."""
    return [*decoder_layers(model), unwrapped(model).get_output_embeddings()]


def states_at(model: Any, ids: Tensor, ends: Tensor, layers: Sequence[int]) -> dict[int, Tensor]:
    """The states (n, width) that some layers read at the `ends` (n,) of `ids` (n, L), with gradients where they are
    taken. Logits are not formed."""
    readers = readers_of(model)
    found: dict[int, Tensor] = {}
    rows = torch.arange(len(ids), device=ids.device)

    def looking(layer: int) -> Callable[..., None]:
        def look(_: Any, arguments: tuple[Tensor, ...]) -> None:
            found[layer] = arguments[0][rows, ends]

        return look

    def answer(hidden: Tensor) -> Tensor:
        return hidden.new_zeros(1, 0, 1)

    with ExitStack() as hooks:
        for layer in layers:
            hooks.callback(readers[layer].register_forward_pre_hook(looking(layer)).remove)
        hooks.enter_context(answering(readers[-1], answer))
        model(input_ids=ids, use_cache=False)
    return found


@torch.no_grad()
def measure_states(model: Any, examples: Examples, layers: Sequence[int]) -> dict[int, Tensor]:
    """The same of all examples, in float32 on the CPU; the model is left as it was found."""
    device = next(unwrapped(model).parameters()).device
    parts: dict[int, list[Tensor]] = {layer: [] for layer in layers}
    with still(model), eager():
        for start in range(0, len(examples), _AT_A_TIME):
            some = slice(start, start + _AT_A_TIME)
            found = states_at(model, examples.input_ids[some].to(device), examples.ends[some].to(device), layers)
            for layer, states in found.items():
                parts[layer].append(states.float().cpu())
    return {layer: torch.cat(states) for layer, states in parts.items()}


def within(states: Mapping[int, Tensor], bases: Mapping[int, Tensor]) -> dict[int, Tensor]:
    """What of states (n, width) lies in each layer's subspace (width, r): (n, r)."""
    return {layer: states[layer] @ basis.to(states[layer]) for layer, basis in bases.items()}


@contextmanager
def still(model: Any) -> Iterator[None]:
    """Within, a model computes as it does when it is asked: without dropout, and as nothing that trains it."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)
