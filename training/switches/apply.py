"""The switches that a configuration asks for, put on a model in the one order that holds."""

from __future__ import annotations

from typing import Any

from espalier.errors import UserError
from espalier.models.layers import device_of
from training.config import MemorySettings
from training.switches.checkpointing import checkpoint_layers
from training.switches.embedding import keep_embedding_on_cpu
from training.switches.head import hold_head_in_4bit
from training.switches.liger import fuse
from training.switches.offload import Offload
from training.switches.tiled_mlp import tile_feed_forward


def apply_to_base(model: Any, settings: MemorySettings) -> None:
    """Put those on that change where and how frozen weights are held, before there is an adapter beside them."""
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    tied = getattr(head, "weight", None) is embedding.weight
    check_ties(settings, tied=tied, on_card=embedding.weight.device.type != "cpu")
    if settings.head_in_4bit:
        hold_head_in_4bit(model)
    if settings.embedding_on_cpu:
        keep_embedding_on_cpu(model)


def check_ties(settings: MemorySettings, *, tied: bool, on_card: bool) -> None:
    """UserError where embedding and output layer share their weights, and one of them alone is to be held otherwise."""
    if not tied or settings.head_in_4bit == settings.embedding_on_cpu:
        return
    if settings.head_in_4bit:
        raise UserError(
            "memory.head_in_4bit: the output layer shares its weights with the embedding, which stays on the device as "
            "it is, so that nothing would be saved; set memory.embedding_on_cpu too, or leave both out"
        )
    if on_card:
        raise UserError(
            "memory.embedding_on_cpu: the output layer shares the embedding's weights and needs them on the device, so "
            "that nothing would be saved; set memory.head_in_4bit too, or leave both out"
        )


def apply(model: Any, settings: MemorySettings, *, compiled: bool) -> None:
    """Put the switches of `settings` on `model`, in place; `compiled` says whether its decoder layers are.

    Kernels take the place of what tiles compute, tiles lie inside of layers, checkpoints around them, and around those
    what becomes of their inputs. UserError, with the key, for a model that a switch does not fit.
    """
    if settings.liger:
        fuse(model, device_of(model))
    if settings.mlp_tiles > 1:
        tile_feed_forward(model, settings.mlp_tiles, compiled=compiled)
    if settings.gradient_checkpointing != "none":
        keeping = {"keeping": Offload(device_of(model)).keeping} if settings.offload_checkpoints else {}
        checkpoint_layers(model, settings.gradient_checkpointing, **keeping)
