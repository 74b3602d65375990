"""Which families a command means: by their names, by their kinds, all of them, or none."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from espalier.errors import UserError
from evaluation.controls.base import Control

ALL, NONE = "all", "none"


def words_of(given: Sequence[str]) -> list[str]:
    """The words of a flag's values: `salad,agrees emoji` are three."""
    return [word for value in given for word in value.split(",") if word]


def chosen(asked: Sequence[str], known: Mapping[str, Control], where: str) -> list[str]:
    """Names of families, kind by kind, from those of families and kinds, `all` or `none`.

    UserError, which begins with `where`, for a name that is none, and for `none` beside others.
    """
    if not asked or list(asked) == [NONE]:
        return []
    kinds = {each.kind for each in known.values()}
    for name in asked:
        if name == NONE:
            raise UserError(f"{where}{name}: means no controls, so no other may stand beside it")
        if name not in (ALL, *known, *kinds):
            near = difflib.get_close_matches(name, [*known, *sorted(kinds), ALL], n=1)
            guess = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}, and {ALL}"
            raise UserError(f"{where}{name}: no control, and no kind of them; {guess}")
    return [name for name, each in known.items() if {ALL, name, each.kind} & set(asked)]
