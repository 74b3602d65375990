"""Whether a change lets its seed decide anything: what ignores it could have been chosen for its luck."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from research.autoresearch.looping.trial import Place, sources, train

_TWO = (1, 2)


def ignores_its_seed(place: Place, commit: str) -> bool:
    """Whether after a single step with each of two seeds the weights are the same.

    A training that draws its weights or its data from a seed of its own would be as lucky with every seed that it is
    given, and pairs of runs on fresh seeds would confirm its luck.
    """
    found = set[bytes]()
    with sources(place, commit) as source:
        for seed in _TWO:
            with tempfile.TemporaryDirectory(prefix="autoresearch-") as folder:
                train(place, source, seed, Path(folder), budget=1, unit="tokens")
                checkpoint = Path(folder) / "model.safetensors"
                if not checkpoint.is_file():
                    return False  # it cannot be told, and whatever is wrong will show in whole runs
                found.add(_weights(checkpoint))
    return len(found) < len(_TWO)


def _weights(checkpoint: Path) -> bytes:
    """A hash of the tensors alone: what lies before them may say anything."""
    with open(checkpoint, "rb") as file:
        file.seek(8 + int.from_bytes(file.read(8), "little"))
        return hashlib.file_digest(file, "sha256").digest()
