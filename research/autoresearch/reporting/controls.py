"""Who reaches a val_bpb without training anything: what a loop's figures are to be held against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_manifest

_WORDS = {
    "unigram": "the frequency of bytes",
    "gzip": "gzip",
    "xz": "xz",
    "xz_after_train": "xz, behind what is given to train on",
    "floor": "the grammar that wrote the text: nobody can be lower",
}


def controls_of(corpus: str) -> Mapping[str, float]:
    """Their val_bpb by name, the lowest first, as the prepared data's manifest has them; none where it has none."""
    manifest = read_manifest(artifact("corpora", corpus))
    counts = manifest.get("counts", {}) if manifest else {}
    found = {_WORDS.get(name, name): value for name, value in counts.get("bits_per_byte", {}).items()}
    found |= _of_mazes(counts.get("right_first_moves", {}))
    return dict(sorted(found.items(), key=lambda each: each[1]))


def _of_mazes(right: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    return {
        f"{name}, {size} pixels" if len(right) > 1 else name: 1 - share
        for size, rules in right.items()
        for name, share in rules.items()
    }
