"""Freed memory is kept for the next step, which asks for the same sizes again.

glibc gives blocks above some size, and what lies free at the end of its heap, back to the system, which hands every
page out anew, zeroed, at its next use: hundreds to thousands of them in a step of even a small model.
"""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # as malloc.h numbers them
_KEPT = 1 << 30
"""Free bytes at the end of the heap, from which on some are given back."""
_MAPPED = (1 << 26, 1 << 25)
"""Bytes of a block from which on it is mapped apart and given back when freed: weights, no activations. Before 2.35,
glibc takes no more than the second."""


def keep_freed_memory() -> None:
    """Let this process keep what it frees. Nothing happens where the C library is another one than glibc."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    # Set alone, the other threshold would have every block mapped that is larger than some pages.
    if any(mallopt(_MMAP_THRESHOLD, size) for size in _MAPPED):
        mallopt(_TRIM_THRESHOLD, _KEPT)
