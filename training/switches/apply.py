"""The switches that a configuration asks for, put on a model in the one order that holds."""

from __future__ import annotations

from typing import Any

import torch

from training.config import MemorySettings
from training.switches.checkpointing import checkpoint_layers
from training.switches.offload import Offload
from training.switches.tiled_mlp import tile_feed_forward


def apply(model: Any, settings: MemorySettings, *, compiled: bool) -> None:
    """Put the switches of `settings` on `model`, in place; `compiled` says whether its decoder layers are.

    Tiles lie inside of layers, checkpoints around them, and around those what becomes of their inputs. UserError, with
    the key, for a model that a switch does not fit.
    """
    if settings.mlp_tiles > 1:
        tile_feed_forward(model, settings.mlp_tiles, compiled=compiled)
    if settings.gradient_checkpointing != "none":
        device: torch.device = next(model.parameters()).device
        keeping = {"keeping": Offload(device).keeping} if settings.offload_checkpoints else {}
        checkpoint_layers(model, settings.gradient_checkpointing, **keeping)
