"""The switches that make a plan smaller, in the order in which they are turned on, and what each costs.

Exact ones come first, the cheapest of them before the dearer; then those that round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from training.config import TrainConfig
from training.memory.shapes import Shape

_MOST_TILES = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Switch:
    """One way to need less memory."""

    name: str
    """What is to be written in a configuration."""
    cost: str
    """What it costs, as a share of the time of a step where it can be said; arithmetic, not measured."""
    turned_on: Callable[[TrainConfig], TrainConfig]
    """The configuration with it."""


def switches(config: TrainConfig, shape: Shape, device: str) -> Iterator[Switch]:
    """Those that are off in `config` and possible, each to be turned on after the ones before it."""
    memory, layers = config.memory, len(shape.layers)
    frozen_embeddings = config.adapter is not None and config.adapter.train_embeddings == "none"
    on_card = device == "cuda"
    if config.heldout.batch_size > 1:
        yield Switch(
            name="heldout.batch_size: 1",
            cost="nothing in a step",
            turned_on=lambda now: now.model_copy(update={"heldout": now.heldout.model_copy(update={"batch_size": 1})}),
        )
    if config.micro_batch_size > 1:
        whole = config.micro_batch_size * config.grad_accum
        yield Switch(
            name=f"micro_batch_size: 1, grad_accum: {whole}",
            cost="little, where the card is busy with one sequence",
            turned_on=lambda now: now.model_copy(update={"micro_batch_size": 1, "grad_accum": whole}),
        )
    if frozen_embeddings and on_card and not shape.tied and not memory.embedding_on_cpu:
        yield _of_memory("embedding_on_cpu", True, "about nothing")
    if memory.gradient_checkpointing != "all":
        # Frozen weights go back once, for what they are given; trained ones twice, for themselves too.
        share = 50 if config.adapter else 33
        yield _of_memory("gradient_checkpointing", "all", f"+{share} % (each layer: {share / layers:.1f} %)")
    if memory.mlp_tiles == 1 and config.seq_len >= 2 * _MOST_TILES:
        yield _of_memory("mlp_tiles", _tiles(config.seq_len), "about nothing where layers are checkpointed")
    if on_card and not memory.offload_checkpoints:
        yield _of_memory("offload_checkpoints", True, "nothing, unless the bus is slower than a layer")
    if config.optim.kind == "adamw":
        kind = "paged_adamw_8bit" if config.adapter is None and on_card else "adamw_8bit"
        yield Switch(
            name=f"optim.kind: {kind}",
            cost="about nothing; moments are rounded to 8 bits",
            turned_on=lambda now: now.model_copy(update={"optim": now.optim.model_copy(update={"kind": kind})}),
        )
    if frozen_embeddings and not memory.head_in_4bit and (on_card or not shape.tied):
        yield _head(shape, on_card)
    if config.adapter and config.init != "random" and not config.load_in_4bit:
        yield Switch(
            name="load_in_4bit: true",
            cost="about +10 %; the layers are rounded to 4 bits",
            turned_on=lambda now: now.model_copy(update={"load_in_4bit": True}),
        )


def _head(shape: Shape, on_card: bool) -> Switch:
    """The output layer in 4 bits; of one that shares the embedding's weights, these have to leave the card."""
    cost = "about +1 %; the output layer is rounded to 4 bits"
    if not shape.tied:
        return _of_memory("head_in_4bit", True, cost)
    both = {"head_in_4bit": True, "embedding_on_cpu": True}
    return Switch(
        name="memory.head_in_4bit: true, memory.embedding_on_cpu: true",
        cost=cost,
        turned_on=lambda now: now.model_copy(update={"memory": now.memory.model_copy(update=both)}),
    )


def _tiles(seq_len: int) -> int:
    """Pieces of about a thousand tokens."""
    return min(_MOST_TILES, max(2, seq_len // 1024))


def _of_memory(key: str, value: object, cost: str) -> Switch:
    def turned_on(now: TrainConfig) -> TrainConfig:
        return now.model_copy(update={"memory": now.memory.model_copy(update={key: value})})

    shown = str(value).lower()
    return Switch(name=f"memory.{key}: {shown}", cost=cost, turned_on=turned_on)
