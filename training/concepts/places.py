"""Where a model writes into its residual stream and where it reads it, and the weights that do so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from espalier.errors import UserError
from espalier.models.adapters import TRAINED
from espalier.models.layers import decoder_layers
from training.concepts.guards import Part
from training.concepts.subspaces import orthonormal

Tensor = torch.Tensor

_BLOCKS = {
    "self_attn": ("input_layernorm", ("q_proj", "k_proj", "v_proj"), "o_proj"),
    "mlp": ("post_attention_layernorm", ("gate_proj", "up_proj"), "down_proj"),
}
"""The blocks of a layer of Llama's build: the norm before each, what reads through it, and what writes."""


class Places:
    """The readers and writers of a model of Llama's build, adapted or not."""

    def __init__(self, model: Any) -> None:
        """UserError for a model of another build, of which it is not known what reads and what writes."""
        plain = model.get_base_model() if hasattr(model, "peft_config") else model
        self.layers = decoder_layers(model)
        self.embedding, self.head = plain.get_input_embeddings(), plain.get_output_embeddings()
        self.last_norm = getattr(plain.get_decoder(), "norm", None)
        if not self.layers or self.head is None or not all(self._is_known(layer) for layer in self.layers):
            raise UserError(
                f"protect: it is not known what reads and writes the states of {type(plain).__name__}; it is of models "
                "of Llama's build: Llama, Mistral, Qwen 2 and 3"
            )

    def _is_known(self, layer: Any) -> bool:
        norms = {name for name, _ in layer.named_children() if "norm" in name}
        linear = {
            n for block in _BLOCKS for n, _ in getattr(layer, block, layer).named_children() if n.endswith("proj")
        }
        wanted = {name for _, readers, writer in _BLOCKS.values() for name in (*readers, writer)}
        kinds = {type(norm).__name__ for norm in (*(getattr(layer, name) for name in norms), self.last_norm)}
        # Gemma's norms scale by one more than their weight, and stand behind its blocks too.
        scales = all(kind.endswith("RMSNorm") and not kind.startswith("Gemma") for kind in kinds)
        return scales and linear == wanted and norms == {norm for norm, *_ in _BLOCKS.values()}

    def norms_before(self, layer: int) -> list[Any]:
        """The norms through which the state that a layer reads is read, there and above; what the output layer reads is
        written by the last of them."""
        found = [getattr(each, norm) for each in self.layers[layer:] for norm, *_ in _BLOCKS.values()]
        return [*found, self.last_norm]

    def written(self, layer: int, basis: Tensor) -> Iterator[tuple[Any, Tensor]]:
        """What writes into a subspace (width, r) of the state that a layer reads: modules, and the span there."""
        span = self._before_the_norm(layer, basis)
        for each in self.layers[:layer]:
            for block, (_, _, writer) in _BLOCKS.items():
                yield getattr(getattr(each, block), writer), span

    def read(self, layer: int, basis: Tensor) -> Iterator[tuple[Any, Tensor]]:
        """What reads a subspace of it: modules of the layers from there on, and the span of their inputs."""
        for each in self.layers[layer:]:
            for block, (norm, readers, _) in _BLOCKS.items():
                for name in readers:
                    yield getattr(getattr(each, block), name), _scaled(getattr(each, norm), basis)
        yield self.head, (_scaled(self.last_norm, basis) if layer < len(self.layers) else basis)

    def looked_up(self, layer: int, basis: Tensor) -> tuple[Any, Tensor]:
        """The embedding, which writes into it too."""
        return self.embedding, self._before_the_norm(layer, basis)

    def _before_the_norm(self, layer: int, basis: Tensor) -> Tensor:
        """The output layer reads a normed state: what the stream holds of it is found before the norm."""
        return basis if layer < len(self.layers) else _scaled(self.last_norm, basis)


def parts_of(module: Any, *, left: Tensor | None = None, right: Tensor | None = None) -> list[Part]:
    """What is to stay of a linear layer's or an embedding's weights; of an adapted one, of its update, which is none.

    An update is s·BA, and has nothing in U where B has, and makes nothing of V where A does.
    """
    found = []
    if hasattr(module, "lora_A") and TRAINED in module.lora_A:
        factor = module.lora_B[TRAINED] if left is not None else module.lora_A[TRAINED]
        part = Part(factor.weight, left=left, right=right)
        part.clear()
        found.append(part)
    weight = getattr(module, "weight", None)
    if isinstance(weight, torch.nn.Parameter) and weight.requires_grad:
        found.append(Part(weight, left=left, right=right))
    bias = getattr(module, "bias", None)
    if left is not None and isinstance(bias, torch.nn.Parameter) and bias.requires_grad:
        found.append(Part(bias, left=left))
    return found


def joined(spans: list[Tensor]) -> Tensor:
    """An orthonormal basis of all spans (rows, r) together."""
    return torch.from_numpy(orthonormal(torch.cat(spans, dim=1).double().numpy())).float()


def _scaled(norm: Any, basis: Tensor) -> Tensor:
    scales: Tensor = norm.weight.detach().float().cpu()
    return scales[:, None] * basis
