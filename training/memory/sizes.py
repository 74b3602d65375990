"""Sizes of memory, as people write and read them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

GIB = 1 << 30


def vram_bytes(text: str) -> int:
    """Bytes of a card; `8GB` is `8GiB`, as a card sold as 8 GB has them. ValueError for what is no size."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(?:gb|gib)", text.strip(), re.IGNORECASE)
    if not found or not float(found[1]):
        raise ValueError(f"{text!r} is no size of a card: write it as 8GB or 24GB")
    return int(float(found[1]) * GIB)


def _checked(text: str) -> str:
    vram_bytes(text)
    return text


Vram = Annotated[str, AfterValidator(_checked)]
"""The memory of a card, on a command line."""


def shown(size: float) -> str:
    """`7.05 GiB`, or `84.2 MiB`."""
    return f"{size / GIB:.2f} GiB" if size >= GIB else f"{size / 2**20:.1f} MiB"
