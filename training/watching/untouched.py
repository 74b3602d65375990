"""A model looked at between two steps is left as it was, and so is every random generator."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from espalier.models.compiling import eager


@contextmanager
def untouched(model: Any) -> Iterator[None]:
    """Inside, the model is in evaluation, without gradients and not compiled; afterwards all is as before."""
    modes = [(module, module.training) for module in model.modules()]
    device = next(model.parameters()).device
    python, numpy = random.getstate(), np.random.get_state()
    devices = [device] if device.type == "cuda" else []
    model.eval()
    try:
        with torch.random.fork_rng(devices), torch.no_grad(), eager():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        for module, mode in modes:
            module.training = mode
