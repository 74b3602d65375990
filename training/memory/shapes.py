"""What a model's configuration says of its size: every weight by what it is for, from a model without weights.

The model is built on torch's meta device, where a tensor has a shape and no memory, by its own class; so any
architecture that transformers knows is read as it will be loaded. Only one layer of each kind is built.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from espalier.errors import UserError
from espalier.models.loading import hush
from training.adapter_targets import find_targets
from training.config import AdapterSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Linear:
    """A linear layer."""

    name: str
    """Its path in the model, as adapters name it."""
    inputs: int
    """Width that it takes."""
    outputs: int
    """Width that it gives."""

    @property
    def size(self) -> int:
        """Numbers in its matrix."""
        return self.inputs * self.outputs


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """A decoder layer: attention, then a feed-forward block."""

    into_attention: tuple[Linear, ...]
    """Queries, keys and values, fused or not."""
    out_of_attention: Linear
    """What attention's output goes through."""
    into_block: tuple[Linear, ...]
    """What widens the stream in the feed-forward block: gate and value, fused or not, or the one."""
    out_of_block: Linear
    """What narrows it again."""
    num_norms: int
    """Norms over the stream."""
    head_norms: bool
    """Whether queries and keys are normed too."""
    vectors: int
    """Numbers in norms and biases."""

    @property
    def linears(self) -> tuple[Linear, ...]:
        """All of them, in the order in which they compute."""
        return (*self.into_attention, self.out_of_attention, *self.into_block, self.out_of_block)

    @property
    def inner(self) -> int:
        """Width between the two halves of the feed-forward block."""
        return self.out_of_block.inputs

    @property
    def gated(self) -> bool:
        """Whether one half of what widens the stream gates the other."""
        return sum(linear.outputs for linear in self.into_block) == 2 * self.inner


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """A causal language model."""

    kind: str
    """The architecture's name: llama, qwen3."""
    layers: tuple[Layer, ...]
    """Its decoder layers, from the first."""
    width: int
    """Of the stream."""
    vocab_size: int
    """Rows of the embedding."""
    tied: bool
    """Whether the output layer shares the embedding's weights."""
    heads: int
    """Attention heads."""
    kv_heads: int
    """Heads of keys and values."""
    head_dim: int
    """Width of a head."""
    other_vectors: int
    """Numbers outside of the layers that are neither embedding nor output layer: the last norm."""
    other_embeddings: int
    """Numbers in further tables, such as those of learned positions."""
    max_positions: int | None
    """Tokens that the model is meant for; None where nothing says."""
    adapted: frozenset[str] = frozenset()
    """The linear layers with an adapter beside them, by name."""

    @property
    def embedding(self) -> int:
        """Numbers in the embedding."""
        return self.vocab_size * self.width

    @property
    def head(self) -> int:
        """Numbers in an output layer of its own."""
        return 0 if self.tied else self.embedding

    @property
    def targets(self) -> tuple[Linear, ...]:
        """The linear layers with an adapter beside them."""
        return tuple(linear for layer in self.layers for linear in layer.linears if linear.name in self.adapted)

    @property
    def body(self) -> int:
        """Numbers in the matrices of the layers: what is held in 4 bits."""
        return sum(linear.size for layer in self.layers for linear in layer.linears)

    @property
    def vectors(self) -> int:
        """Numbers in norms and biases, and in tables of positions."""
        return sum(layer.vectors for layer in self.layers) + self.other_vectors + self.other_embeddings

    @property
    def parameters(self) -> int:
        """All of its numbers; those of tied weights once."""
        return self.embedding + self.head + self.body + self.vectors

    @property
    def queries(self) -> int:
        """Width of all heads' queries."""
        return self.heads * self.head_dim

    @property
    def keys(self) -> int:
        """Width of all heads' keys, and of their values."""
        return self.kv_heads * self.head_dim


def shape_of(config: Any, adapter: AdapterSettings | None = None, *, trust_remote_code: bool = False) -> Shape:
    """The shape of the model that a transformers configuration describes, with an adapter where one is given.

    UserError for an architecture that is no causal language model of plain decoder layers, of which nothing is known
    about what they keep, and where the adapter names no layer of it.
    """
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.initialization import no_init_weights

    hush()
    text = config.get_text_config()
    try:
        number, heads, width = text.num_hidden_layers, text.num_attention_heads, text.hidden_size
        with torch.device("meta"), no_init_weights():
            model = AutoModelForCausalLM.from_config(config, trust_remote_code=trust_remote_code)
    except (ValueError, ImportError, AttributeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(f"a model of the kind {config.model_type} cannot be planned ({reason})") from error
    layers = next((found for found in _stacks(model) if len(found) == number), None)
    if layers is None:
        raise UserError(
            f"a model of the kind {config.model_type} cannot be planned: nothing in it is a stack of {number} layers"
        )
    embedding, head = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    inside = {id(p) for layer in layers.values() for p in layer.parameters()} | {id(embedding), id(head)}
    rest = {id(p): p for p in model.parameters() if id(p) not in inside}.values()
    return Shape(
        kind=config.model_type,
        layers=tuple(_layer(name, module, width, config.model_type) for name, module in layers.items()),
        width=width,
        vocab_size=embedding.shape[0],
        tied=head is embedding or bool(text.tie_word_embeddings),
        heads=heads,
        kv_heads=getattr(text, "num_key_value_heads", None) or heads,
        head_dim=getattr(text, "head_dim", None) or width // heads,
        other_vectors=sum(p.numel() for p in rest if p.ndim < 2),
        other_embeddings=sum(p.numel() for p in rest if p.ndim >= 2),
        max_positions=getattr(text, "max_position_embeddings", None),
        adapted=frozenset(find_targets(model, adapter)) if adapter else frozenset(),
    )


def _stacks(model: Any) -> list[dict[str, Any]]:
    """Stacks of decoder layers by their names: a model that also sees has two."""
    from torch.nn import ModuleList

    wanted = set(getattr(model, "_no_split_modules", None) or ())
    lists = [(name, module) for name, module in model.named_modules() if isinstance(module, ModuleList)]
    return [
        {f"{name}.{index}": layer for index, layer in enumerate(stack)}
        for name, stack in lists
        if {type(layer).__name__ for layer in stack} & wanted
    ]


_OUT_OF_ATTENTION = ("o_proj", "out_proj", "c_proj", "dense", "wo")


def _layer(path: str, module: Any, width: int, kind: str) -> Layer:
    linears = list(_linears(path, module))
    attention = [linear for inside, linear in linears if inside]
    block = [linear for inside, linear in linears if not inside]
    out = [linear for linear in attention if linear.name.rpartition(".")[2] in _OUT_OF_ATTENTION]
    matrices = sum(p.numel() for p in module.parameters() if p.ndim >= 2)
    known = len(attention) in (2, 4) and len(out) == 1 and len(block) in (2, 3) and block[-1].outputs == width
    if not known or matrices != sum(linear.size for _, linear in linears):
        raise UserError(
            f"a model of the kind {kind} cannot be planned: its layers are more than an attention and one feed-forward "
            "block of linear layers, such as a mixture of experts or a state"
        )
    norms = {name: p for name, p in module.named_parameters() if re.search(r"norm|ln_\d", name)}
    stream = {name.rpartition(".")[0] for name in norms if ".attn" not in name and "self_attn" not in name}
    return Layer(
        into_attention=tuple(linear for linear in attention if linear is not out[0]),
        out_of_attention=out[0],
        into_block=tuple(block[:-1]),
        out_of_block=block[-1],
        num_norms=len(stream),
        head_norms=any("attn" in name for name in norms),
        vectors=sum(p.numel() for p in module.parameters() if p.ndim < 2),
    )


def _linears(path: str, module: Any) -> Iterator[tuple[bool, Linear]]:
    """Each linear layer inside a decoder layer, and whether it belongs to its attention."""
    attentions = [name for name, inner in module.named_modules() if "attention" in type(inner).__name__.lower()]
    for name, inner in module.named_modules():
        kind = type(inner).__name__
        if kind not in ("Linear", "Conv1D"):
            continue
        outputs, inputs = inner.weight.shape if kind == "Linear" else reversed(inner.weight.shape)
        inside = any(name.startswith(f"{attention}.") for attention in attentions)
        yield inside, Linear(name=f"{path}.{name}", inputs=inputs, outputs=outputs)


def nf4_bytes(linear_size: int) -> int:
    """Bytes of a matrix in NF4 with double quantisation (Dettmers et al. 2023, arXiv:2305.14314).

    Half a byte for each number, one for the scale of each 64, and four for the scale of each 256 of those.
    """
    blocks = math.ceil(linear_size / 64)
    return math.ceil(linear_size / 2) + blocks + 4 * math.ceil(blocks / 256)
