"""`--judges`: what the files of this folder open under `@opens`, by name; several make a panel."""

from __future__ import annotations

from collections.abc import Sequence

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import is_complete
from espalier.discover import discover
from evaluation.config import EvaluateConfig
from evaluation.judges.base import DEFAULT, Judge
from evaluation.opener import choose, is_opener


def default_judges() -> list[str]:
    """The trained judge, if there is one."""
    return [DEFAULT] if is_complete(artifact("judges", DEFAULT)) else []


def open_judges(names: Sequence[str], config: EvaluateConfig) -> Judge | None:
    """The judge of that name, a panel of several, or None for no names. UserError for a name nobody has."""
    openers = discover(__package__, is_opener, home=lambda each: each.open, name=lambda each: each.form)
    judges = [choose(openers.values(), name).open(name, config) for name in names]
    if len(judges) > 1:
        from evaluation.judges.panel import Panel

        return Panel(judges)
    return judges[0] if judges else None
