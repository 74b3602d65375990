"""Who rates: names that people have, and nothing that could be taken for markup or for a line of a terminal."""

from __future__ import annotations

import unicodedata

_LONGEST = 40
_BESIDE = " .-_'’@+"


def check_rater(name: object) -> str:
    """The name in its one spelling. ValueError says why it is none."""
    if not isinstance(name, str) or not name.strip():
        raise ValueError("a rater needs a name")
    told = unicodedata.normalize("NFC", " ".join(name.split()))
    if len(told) > _LONGEST:
        raise ValueError(f"the rater's name {told[:_LONGEST]!r}… is longer than {_LONGEST} characters")
    for character in told:
        if character not in _BESIDE and unicodedata.category(character)[0] not in "LMN":
            raise ValueError(
                f"the rater's name {told!r} has {character!r} in it; use letters, digits, spaces and {_BESIDE.strip()}"
            )
    return told
