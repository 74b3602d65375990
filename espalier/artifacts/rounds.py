"""Rounds of a loop: the artifacts that a loop makes, round by round, are called `LOOP-r03-PART`.

What is a round says so in its manifest, as the fact `round`. A name alone says nothing: anyone may call a run so.
"""

import re
from dataclasses import dataclass
from typing import Any, Self

from espalier.errors import UserError

_NAME = re.compile(r"(?P<loop>.+)-r(?P<round>\d{2,6})-(?P<part>[A-Za-z0-9_.]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """What made an artifact: which round of which loop, and what part of the round it is."""

    loop: str
    """The loop's name."""
    number: int
    """Which round, from 0."""
    part: str
    """What the round has it for: core, mix, scores."""

    @property
    def name(self) -> str:
        """The artifact's name; `parse` takes it apart again."""
        return f"{self.loop}-r{self.number:02d}-{self.part}"

    @property
    def facts(self) -> dict[str, Any]:
        """As a manifest says it."""
        return {"loop": self.loop, "round": self.number, "part": self.part}

    @classmethod
    def parse(cls, name: str) -> Self:
        """The round that `name` is of, for a command that was told so. UserError where it is no such name."""
        match = _NAME.fullmatch(name)
        found = match and cls(loop=match["loop"], number=int(match["round"]), part=match["part"])
        if not found or found.name != name:
            raise UserError(f"--round: {name!r} is no name of a round; wants LOOP-r03-PART, such as bootstrap-r03-core")
        return found

    @classmethod
    def read(cls, fact: Any) -> Self | None:
        """The round that a manifest tells of; None where there is none. ValueError where it is not in this form."""
        if fact is None:
            return None
        match fact:
            case {"loop": str(loop), "round": int(number), "part": str(part)}:
                return cls(loop=loop, number=number, part=part)
        raise ValueError("its round is not of the form {loop, round, part}")
