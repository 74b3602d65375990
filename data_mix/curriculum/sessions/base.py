"""What every session has: a cast, a template file, and lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import yaml

from data_mix.curriculum.chooser import Chooser
from data_mix.curriculum.heldout import Space
from data_mix.curriculum.templates import any_fits, say

SPEAKERS = ("Tutor", "Sophie", "Basil")


@cache
def templates_of(name: str) -> Mapping[str, Any]:
    """What stands in the template file of a session type."""
    path = Path(__file__).parent / f"{re.sub('(?<!^)(?=[A-Z])', '_', name).lower()}.yaml"
    templates = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(templates, dict)
    return templates


@cache
def _lines(name: str) -> tuple[str, ...]:
    def flatten(entry: Any) -> Iterator[str]:
        if isinstance(entry, str):
            yield entry
        else:
            for part in entry.values() if isinstance(entry, dict) else entry:
                yield from flatten(part)

    return tuple(flatten(templates_of(name)))


class Session:
    """One session. A subclass sets what its slots say (`words`, by slot name) and writes its lines."""

    share: ClassVar[float]
    """how often it is drawn, against the shares of the others"""
    uses_free_pairs: ClassVar[bool] = True
    """does it draw (verb, object) pairs freely, so that held-out pairs can stand in it?"""

    def __init__(self, c: Chooser, space: Space) -> None:
        self.c, self.space = c, space
        self.templates = templates_of(type(self).__name__)
        self.words: dict[str, str] = {}
        self._first = True

    @classmethod
    def fits(cls, rest: str) -> bool:
        """Could a text still hold a line of this session?"""
        return any_fits(_lines(cls.__name__), rest)

    def write(self) -> None:
        """Draw the scene and write the session."""
        raise NotImplementedError

    def cast(self) -> None:
        """Draw who asks, who answers and who listens."""
        asker, pupil, other = self.c.pick(
            (("Tutor", "Basil", "Sophie"), ("Tutor", "Sophie", "Basil"), ("Sophie", "Basil", "Tutor"))
        )
        self.words |= {"asker": asker, "pupil": pupil, "other": other}

    def line(self, template: str) -> None:
        """Write one line."""
        if not self._first:
            self.c.say("\n")
        self._first = False
        say(self.c, template, self.words.__getitem__)

    def lines(self, templates: Iterable[str]) -> None:
        """Write several lines."""
        for template in templates:
            self.line(template)
