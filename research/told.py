"""What the scripts on hand-made wordings print: how well things are told: precision, recall, intervals."""

from collections.abc import Sequence
from typing import Any

Entry = dict[str, Any]
Judged = Sequence[tuple[Entry, bool, bool, str]]
"""An entry, what is true of it, what was found, and by what, where that is said."""
HEADERS = ["", "entries", "recall", "interval", "precision", "interval"]


def by(key: str, part: Judged) -> list[tuple[str, Judged]]:
    """The entries in groups, in the order in which the groups first come up."""
    names = dict.fromkeys(entry[key] for entry, *_ in part)
    return [(name, [each for each in part if each[0][key] == name]) for name in names]


def figures(name: str, part: Judged) -> list[object]:
    """A row: recall and precision with their Wilson intervals."""
    right = sum(true and found for _, true, found, _ in part)
    told, all_found = sum(true for _, true, _, _ in part), sum(found for _, _, found, _ in part)
    return [name, len(part), *_share(right, told), *_share(right, all_found)]


def kinds(part: Judged) -> list[list[object]]:
    """A row a kind: how many entries, and how many are told rightly."""
    return [[name, len(each), sum(found == true for _, true, found, _ in each)] for name, each in by("kind", part)]


def wrongly(part: Judged) -> Judged:
    """The entries of which something else was found than is true."""
    return [each for each in part if each[1] != each[2]]


def _share(part: int, of: int) -> tuple[str, str]:
    from evaluation.comparison.stats import wilson

    if not of:
        return "–", "–"
    low, high = wilson(part / of, of)
    return f"{part / of:.3f} ({part}/{of})", f"{low:.3f}..{high:.3f}"
