"""The machine that a run computes on: device, precision, threads, and every computation made repeatable."""

from __future__ import annotations

import os
import random
import resource
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from espalier.artifacts.run import recorded_threads
from espalier.command_line import processes
from espalier.command_line.console import say
from espalier.errors import UserError
from espalier.models import compiling, devices
from training.allocator import keep_freed_memory
from training.config import TrainConfig
from training.threads import choose_threads


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where and how a run computes."""

    accelerator: Any
    """accelerate's Accelerator: device, precision, gradients."""
    device: str
    """cpu or cuda."""
    dtype: torch.dtype
    """What is computed in."""
    threads: int
    """CPU threads."""
    compile: str
    """layers or off."""


def set_up(config: TrainConfig, shape: tuple[int, int] | None) -> Machine:
    """Choose device, precision and threads, and make every computation on them repeatable.

    `shape` is the model's width and the inner size of its feed-forward blocks, which threads are tried with; None: not.
    """
    from accelerate import Accelerator
    from accelerate.utils import GradientAccumulationPlugin

    device = devices.choose_device(config.device)
    dtype = devices.choose_dtype(config.dtype, device)
    if device == "cpu":
        keep_freed_memory()
    chosen = config.threads or recorded_threads(config.name) or _tried_threads(config, shape, device)
    torch.set_num_threads(chosen)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS is not deterministic
    torch.use_deterministic_algorithms(True, warn_only=device != "cpu")
    # A debugging aid of the deterministic mode, which costs time in every step.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    why_not = compiling.why_not() if config.compile == "layers" else None
    if why_not:
        say(f"note: {why_not}")
    random.seed(config.seed)
    np.random.seed(config.seed % 2**32)
    # What processes draw, dropout above all, is for the micro-batches of each.
    torch.manual_seed(config.seed + processes.rank())
    accelerator = Accelerator(
        cpu=device == "cpu",
        mixed_precision="bf16" if dtype == torch.bfloat16 else "no",
        # Micro-batches are shares of a mean already, whatever `accelerate launch` was told to divide them by.
        gradient_accumulation_plugin=GradientAccumulationPlugin(num_steps=1),
    )
    torch.set_num_threads(chosen)  # which accelerate sets where several processes run on processors
    if accelerator.device.type != device:
        raise UserError(
            f"device: {device} was asked for, but accelerate computes on {accelerator.device}; it was set up for that "
            "in the environment (ACCELERATE_TORCH_DEVICE, ACCELERATE_USE_CPU)"
        )
    return Machine(
        accelerator=accelerator,
        device=device,
        dtype=dtype,
        threads=torch.get_num_threads(),
        compile="off" if why_not else config.compile,
    )


def _tried_threads(config: TrainConfig, shape: tuple[int, int] | None, device: str) -> int:
    if device != "cpu" or not shape or processes.count() > 1:  # then it is for the launcher to say (OMP_NUM_THREADS)
        return torch.get_num_threads()
    return choose_threads(config.micro_batch_size * config.seq_len, *shape)


def peak_memory_gb(device: str) -> float:
    """The most memory that this process has held so far, in GiB: on a GPU what torch has had of it, else its own."""
    if device != "cpu":
        return torch.cuda.max_memory_allocated() / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
