"""What a training is given, and what it gives back: the text it may read, and the checkpoint it writes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from espalier.errors import UserError

if TYPE_CHECKING:
    import numpy
    import torch

TEXT = "train.txt"
CHECKPOINT = "model.safetensors"
_SIZES = "sizes"


def read_text(given: Path, *, at_least: int = 1) -> numpy.ndarray[Any, numpy.dtype[numpy.uint8]]:
    """The bytes of the text to train on, as an array of uint8 that is read from the disk as it is looked at.

    UserError where there is no such text, or it has not `at_least` so many bytes.
    """
    import numpy

    path = given / TEXT
    try:
        size = path.stat().st_size
        if size < at_least:
            raise UserError(f"{path}: has {size:,} bytes, and this training needs {at_least:,}; prepare a larger mix")
        return numpy.memmap(path, dtype=numpy.uint8, mode="r")
    except FileNotFoundError:
        raise UserError(
            f"{path}: no such text to train on; python research/autoresearch/language/prepare.py makes it, once"
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error})") from None


def save_model(folder: Path, tensors: Mapping[str, torch.Tensor], sizes: Mapping[str, Any]) -> None:
    """Write the checkpoint: its tensors, and beside them the sizes (plain JSON values) by which it is built again.

    It is whole or not there.
    """
    from safetensors.torch import save_file

    whole = folder / CHECKPOINT
    part = whole.with_name(f".{CHECKPOINT}.part")
    kept = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    try:
        save_file(kept, part, {_SIZES: json.dumps(dict(sizes), sort_keys=True, allow_nan=False)})
        os.replace(part, whole)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def load_model(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The tensors of a checkpoint, on the CPU, and its sizes. UserError where it is none."""
    from safetensors import SafetensorError, safe_open

    path = folder / CHECKPOINT
    if not path.is_file():
        raise UserError(f"{path}: no such checkpoint; a training with --out writes it")
    try:
        with safe_open(path, framework="pt") as file:
            sizes = json.loads((file.metadata() or {})[_SIZES])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise UserError(f"{path}: no checkpoint of a training ({error})") from None
    return tensors, sizes
