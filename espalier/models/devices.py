"""Devices: the names that are taken, what is here without importing torch, and the one that torch will compute on."""

from __future__ import annotations

import ctypes
import importlib.util
import math
import os
import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

from espalier.errors import UserError


def named(device: str) -> str:
    """`device`, if it is the name of one. ValueError otherwise."""
    if device in ("auto", "cpu") or re.fullmatch(r"cuda(:\d+)?", device):
        return device
    hint = "; a GPU is called cuda" if "gpu" in device.lower() or device.isdigit() else ""
    hint = "; it is not supported yet, use cpu" if device == "mps" else hint
    raise ValueError(f"{device!r} is no device: cpu, cuda, cuda:1 and so on for one of several GPUs, or auto{hint}")


Device = Annotated[str, AfterValidator(named)]
"""The name of a device in a configuration."""


def check_here(device: str, *, processes: int = 1) -> None:
    """UserError for what is no device, not in this machine, or not there for each of so many processes on it.

    Told in milliseconds and without importing torch.
    """
    num_gpus = _num_gpus()
    _check(device, num_gpus)
    if processes == 1 or likely_device(device) == "cpu":
        return
    if device not in ("auto", "cuda"):
        raise UserError(
            f"device: {device} is one GPU, and {processes} processes were started here; say cuda: each takes its own"
        )
    if processes > num_gpus:
        gpus = "1 GPU" if num_gpus == 1 else f"{num_gpus} GPUs"
        raise UserError(
            f"{processes} processes were started here, and torch sees {gpus}: each needs one of its own "
            f"(--num_processes {num_gpus}, or --nproc_per_node of torchrun), or none with --device cpu"
        )


def likely_device(device: str) -> str:
    """`device`, or for `auto` what torch will find here: cuda where it was built for a GPU whose driver answers."""
    return device if device != "auto" else "cuda" if _num_gpus() else "cpu"


def likely_dtype(dtype: str, device: str) -> str:
    """`dtype`, or for `auto` bfloat16 on a GPU and float32 elsewhere."""
    return dtype if dtype != "auto" else "float32" if device == "cpu" else "bfloat16"


def choose_device(device: str) -> str:
    """The device to compute on, cpu or cuda; `auto` is the GPU where there is one.

    Of several GPUs, the one asked for becomes torch's current one, which everything that only says cuda goes to: a
    model, its batches and accelerate cannot part ways. UserError for a device that is not here.
    """
    import torch

    num_gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    _check(device, num_gpus)
    if device == "auto":
        return "cuda" if num_gpus else "cpu"
    kind, _, index = device.partition(":")
    if index:
        torch.cuda.set_device(int(index))
    return kind


def choose_dtype(dtype: str, device: str) -> Any:
    """`auto` is bfloat16 on a GPU and float32 elsewhere."""
    import torch

    return getattr(torch, likely_dtype(dtype, device))


def _check(device: str, num_gpus: float) -> None:
    try:
        named(device)
    except ValueError as error:
        raise UserError(f"device: {error}") from None
    if not device.startswith("cuda"):
        return
    if not num_gpus:
        raise UserError(f"device: {device} was asked for, but torch sees no GPU here; use --device cpu")
    if int(device.partition(":")[2] or 0) >= num_gpus:
        there = "cuda:0" if num_gpus == 1 else f"cuda:0 to cuda:{num_gpus - 1}"
        raise UserError(f"device: {device} was asked for, but torch sees only {there} here")


def give_back_memory() -> None:
    """Have what no model holds any longer be free for other processes."""
    import gc

    import torch

    gc.collect()  # modules refer to each other in circles
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@cache
def _num_gpus() -> float:
    """How many GPUs torch will find here; infinite where they are there and nobody counts them."""
    built_for = _torch_built_for()
    if built_for == "hip":
        return math.inf if Path("/dev/kfd").exists() else 0
    if built_for != "cuda":
        return 0
    try:
        driver = ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
        count = ctypes.c_int()
        answers = driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
    except (OSError, AttributeError):
        return 0
    return count.value if answers else 0


def _torch_built_for() -> str:
    """`cuda`, `hip` or nothing, as torch's own file of versions says."""
    found = importlib.util.find_spec("torch")
    file = Path(found.origin).with_name("version.py") if found and found.origin else None
    text = file.read_text(encoding="utf-8") if file and file.exists() else ""
    said = re.findall(r"^(cuda|hip)\b[^=\n]*=\s*['\"]", text, re.MULTILINE)
    return said[0] if said else ""
