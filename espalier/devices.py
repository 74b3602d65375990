"""Which device `auto` will be, told in milliseconds and without importing torch."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
from functools import cache
from pathlib import Path


def likely_device(device: str) -> str:
    """`device`, or for `auto` what torch will find here: cuda where it was built for a GPU whose driver answers."""
    return device if device != "auto" else "cuda" if _gpu_answers() else "cpu"


def likely_dtype(dtype: str, device: str) -> str:
    """`dtype`, or for `auto` bfloat16 on a GPU and float32 elsewhere."""
    return dtype if dtype != "auto" else "float32" if device == "cpu" else "bfloat16"


@cache
def _gpu_answers() -> bool:
    built_for = _torch_built_for()
    if built_for == "hip":
        return Path("/dev/kfd").exists()
    if built_for != "cuda":
        return False
    try:
        driver = ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
        count = ctypes.c_int()
        return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
    except (OSError, AttributeError):
        return False


def _torch_built_for() -> str:
    """`cuda`, `hip` or nothing, as torch's own file of versions says."""
    found = importlib.util.find_spec("torch")
    file = Path(found.origin).with_name("version.py") if found and found.origin else None
    text = file.read_text(encoding="utf-8") if file and file.exists() else ""
    said = re.findall(r"^(cuda|hip)\b[^=\n]*=\s*['\"]", text, re.MULTILINE)
    return said[0] if said else ""
