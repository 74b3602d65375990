"""Which side of a mix a row of files falls on: told from what it says, so that its copies go the same way."""

from __future__ import annotations

import hashlib
from functools import cache

SPLITS = ("train", "valid")
"""Every mix has these; the curriculum adds its held-out ones."""


def split_of(key: bytes, *, valid_fraction: float, seed: int) -> str:
    """`valid` or `train`, from the row's `content_key`."""
    digest = _hasher(seed).copy()
    digest.update(key)
    return "valid" if int.from_bytes(digest.digest(), "big") < valid_fraction * 2**64 else "train"


@cache
def _hasher(seed: int) -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=8, salt=seed.to_bytes(16, "big"))
