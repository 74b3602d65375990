"""What is there throughout a step: weights, adapter, optimizer states; and on the disk, what of it is written."""

from __future__ import annotations

import math
from dataclasses import dataclass

from training.config import AdapterSettings, TrainConfig
from training.memory.shapes import Shape, nf4_bytes

_STATES = {"adamw": 8.0, "muon": 4.0, "adamw_8bit": 2 + 8 / 256, "paged_adamw_8bit": 2 + 8 / 256}
"""Bytes of state for each number trained: two moments in float32; one; two in a byte each, with a scale for 256."""
_FEWEST_IN_8_BITS = 4096
"""bitsandbytes keeps the moments of smaller tensors in float32,"""
_FEWEST_PAGED = 100_000
"""and those of tensors smaller than this on the card."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """Something that takes memory."""

    name: str
    """What it is."""
    size: int
    """Bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trained:
    """The tensors that are trained."""

    matrices: tuple[int, ...]
    """Numbers in each hidden matrix."""
    others: tuple[int, ...]
    """Numbers in each embedding, output layer, vector."""
    begun_with: int = 0
    """Numbers of what PiSSA's updates began with, which stand beside them and are saved with them."""

    @property
    def numbers(self) -> int:
        """In all of them."""
        return sum(self.matrices) + sum(self.others)


def trained(shape: Shape, adapter: AdapterSettings | None) -> Trained:
    """What a training changes."""
    if adapter is None:
        embeddings = [shape.embedding] + ([] if shape.tied else [shape.head])
        matrices = [linear.size for layer in shape.layers for linear in layer.linears]
        vectors = [layer.vectors for layer in shape.layers] + [shape.other_vectors, shape.other_embeddings]
        return Trained(matrices=tuple(matrices), others=tuple(embeddings + [size for size in vectors if size]))
    updates = [adapter.r * width for linear in shape.targets for width in (linear.inputs, linear.outputs)]
    magnitudes = [linear.outputs for linear in shape.targets] if adapter.kind == "dora" else []
    copies = ([shape.embedding] + ([] if shape.tied else [shape.head])) if adapter.train_embeddings == "all" else []
    begun_with = sum(updates) if adapter.init == "pissa" else 0
    return Trained(matrices=tuple(updates), others=tuple(copies + magnitudes), begun_with=begun_with)


def rank_of(adapter: AdapterSettings) -> int:
    """The rank that is computed: begun with principal directions, an update stands beside what it began with."""
    return adapter.r * (2 if adapter.init == "pissa" else 1)


def weights(shape: Shape, config: TrainConfig, number: int) -> tuple[list[Line], list[Line]]:
    """The model's own weights on the device, and those in host memory; a frozen one takes `number` bytes."""
    memory = config.memory
    size = number if config.adapter else 4
    four = sum(nf4_bytes(linear.size) for layer in shape.layers for linear in layer.linears)
    body = four if config.load_in_4bit else size * shape.body
    precision = "4 bits (NF4)" if config.load_in_4bit else {2: "bfloat16", 4: "float32"}[size]
    looked_up = Line(name="input embedding", size=size * shape.embedding)
    head = nf4_bytes(shape.embedding) if memory.head_in_4bit else size * shape.head
    lines = [
        Line(name=f"weights of the layers, {precision}", size=body),
        Line(name="output layer, 4 bits (NF4)" if memory.head_in_4bit else "output layer", size=head),
        Line(name="norms and biases", size=size * shape.vectors),
    ]
    if memory.embedding_on_cpu:
        return lines, [looked_up]
    return [looked_up, *lines], []


def states(what: Trained, kind: str) -> tuple[int, int]:
    """Bytes of an optimizer's states on the device, and of those that its driver may move to the host."""
    if kind == "adamw":
        return 8 * what.numbers, 0
    if kind == "muon":
        return 4 * sum(what.matrices) + 8 * sum(what.others), 0
    sizes = [*what.matrices, *what.others]
    bytes_of = {size: 8 * size if size < _FEWEST_IN_8_BITS else math.ceil(_STATES[kind] * size) for size in set(sizes)}
    paged = sum(bytes_of[size] for size in sizes if kind.startswith("paged") and size >= _FEWEST_PAGED)
    return sum(bytes_of[size] for size in sizes) - paged, paged
