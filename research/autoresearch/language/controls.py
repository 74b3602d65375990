"""What predicts a text without having learned a language: figures to hold a val_bpb against."""

from __future__ import annotations

import gzip
import lzma
import math
from collections import Counter
from pathlib import Path

_NEAR = 2**22


def controls(train: Path, val: bytes) -> dict[str, float]:
    """Bits per byte of `val`: by the frequency of bytes in the text at `train`, and by common compressors.

    `xz_after_train` is what `val` adds behind the last 4 MiB of the text to train on, the rest by itself alone.
    """
    with open(train, "rb") as file:
        counts: Counter[int] = Counter()
        while part := file.read(2**20):
            counts.update(part)
        file.seek(max(0, file.tell() - _NEAR))
        near = file.read()
    total = counts.total() + 256  # each byte was seen once more, so that none is impossible
    unigram = -sum(number * math.log2((counts[byte] + 1) / total) for byte, number in Counter(val).items()) / 8
    sizes = {
        "unigram": unigram,
        "gzip": len(gzip.compress(val, 9)),
        "xz": len(lzma.compress(val, preset=9)),
        "xz_after_train": len(lzma.compress(near + val, preset=9)) - len(lzma.compress(near, preset=9)),
    }
    return {name: 8 * size / len(val) for name, size in sizes.items()}
