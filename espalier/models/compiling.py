"""torch.compile, only where it keeps a run bit-reproducible: the decoder layers.

Compiled as a whole, a model is not reproducible between processes; its layers are, with deterministic algorithms.
Shapes are fixed (`dynamic=False`) and every run starts from a fresh compiler state, so that what was compiled earlier
in the process cannot change what this run computes.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from espalier.models.layers import decoder_layers


def why_not() -> str | None:
    """Why this machine cannot compile, in one sentence; None where it can. Takes a second the first time."""
    names = [os.environ["CXX"]] if os.environ.get("CXX") else ["g++", "clang++", "c++"]
    compiler = next((name for name in names if shutil.which(name)), None)
    if compiler is None:
        return "there is no C++ compiler here (g++ or clang++), so torch.compile is skipped and training is slower"
    os.environ["CXX"] = compiler
    try:
        # Headers can be missing too (Python's own, OpenMP's); only compiling something finds out.
        torch.compile(lambda x: x.sin() + 1, dynamic=False)(torch.ones(64))
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        return f"torch.compile does not work here ({reason}), so it is skipped and training is slower"
    return None


def compile_layers(model: Any) -> None:
    """Compile the decoder layers of a Hugging Face model, adapted or not, in place."""
    torch._dynamo.reset()
    for layer in decoder_layers(model):
        layer.compile(dynamic=False)


@contextmanager
def eager() -> Iterator[None]:
    """Inside, compiled layers run as plain Python: evaluation and sampling come in too many shapes to compile."""
    if "torch._dynamo" not in sys.modules:
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield
