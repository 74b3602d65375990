"""Which side of a mix a row of files falls on: told from what it says, so that its copies go the same way, or from what
its corpus says of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from data_mix.recipe import HeldOut

SPLITS = ("train", "valid")
"""Every mix has these; the curriculum and `hold_out` add others."""
AND = "-and-"
"""Between the names of two splits that both hold a row out."""


def split_of(key: bytes, *, valid_fraction: float, seed: int) -> str:
    """`valid` or `train`, from the row's `content_key`."""
    return "valid" if _place(key, seed) < valid_fraction else "train"


def held_out_in(meta: Mapping[str, Any], hold_out: Mapping[str, HeldOut], *, seed: int) -> str | None:
    """The split that holds a row out by its `meta`; of several that do, a split of their own; None where none does."""
    names = [name for name, held in hold_out.items() if _holds(held, meta.get(held.by), seed)]
    return AND.join(names) or None


def _holds(held: HeldOut, value: Any, seed: int) -> bool:
    if value is None or isinstance(value, list | dict):
        return False
    if held.values:
        return str(value) in held.values
    return _place(f"{held.by}\n{value}".encode(), seed) < (held.share or 0.0)


def _place(key: bytes, seed: int) -> float:
    """Where a key falls, from 0 up to 1."""
    digest = _hasher(seed).copy()
    digest.update(key)
    return int.from_bytes(digest.digest(), "big") / 2**64


@cache
def _hasher(seed: int) -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=8, salt=seed.to_bytes(16, "big"))
