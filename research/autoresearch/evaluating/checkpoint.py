"""A checkpoint, looked at without being loaded."""

from __future__ import annotations

import json
import math
import mmap
import os
import random
import stat
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from research.autoresearch.naming import Named

NAME = "model.safetensors"
_BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16}
_BITS |= {"I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64}
_FRACTIONS = {"F8_E4M3", "F8_E5M2", "F16", "BF16", "F32", "F64"}
_LARGEST_HEADER = 8 << 20


def num_params(folder: Path) -> int:
    """How many numbers the tensors of a folder's checkpoint hold. Named where there is none, or it is none."""
    path = folder / NAME
    try:
        facts = os.lstat(path)
    except OSError:
        raise Named("left no checkpoint", f"there is no {NAME}") from None
    if not stat.S_ISREG(facts.st_mode):
        raise Named("its checkpoint is not a plain file", stat.filemode(facts.st_mode))
    try:
        return _count(path, facts.st_size)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Named("its checkpoint is no safetensors", str(error)[:200]) from None


def shuffle(folder: Path, chance: random.Random) -> None:
    """Let the numbers of each tensor of a sound checkpoint that are no whole ones change places."""
    path = folder / NAME
    header, begins = _header(path, path.stat().st_size)
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        for each in header.values():
            if each["dtype"] in _FRACTIONS:
                begin, end = (begins + place for place in each["data_offsets"])
                numbers = np.frombuffer(content[begin:end], f"V{_BITS[each['dtype']] // 8}")
                order = np.random.default_rng(chance.getrandbits(64)).permutation(len(numbers))
                content[begin:end] = numbers[order].tobytes()


def _header(path: Path, size: int) -> tuple[dict[str, Any], int]:
    """What it says of its tensors, and where the first begins."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(size - 8, _LARGEST_HEADER):
            raise ValueError("it does not begin with the length of a header")
        header: dict[str, Any] = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return header, 8 + length


def _count(path: Path, size: int) -> int:
    header, begins = _header(path, size)
    places, number = [(0, 0)], 0
    for name, each in header.items():
        elements = math.prod(each["shape"])
        begin, end = each["data_offsets"]
        if any(type(extent) is not int or extent < 0 for extent in (*each["shape"], begin, end)):
            raise ValueError(f"tensor {name[:80]!r} has a shape or place that is none")
        if (end - begin) * 8 != elements * _BITS[each["dtype"]]:
            raise ValueError(f"tensor {name[:80]!r} has another size than its shape says")
        number += elements
        places.append((begin, end))
    places.sort()
    if any(one[1] != other[0] for one, other in pairwise(places)) or places[-1][1] != size - begins:
        raise ValueError("its tensors leave gaps, overlap, or something follows them")
    return number
