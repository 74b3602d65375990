"""What `briefs.yaml` says about moves, mistakes and levels."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field

from espalier.command_line.config import Config, load_file

_FILE = Path(__file__).with_name("briefs.yaml")


class Strategy(Config):
    """A move of the tutor's."""

    brief: str
    """What the tutor does."""
    example: str
    """A tutor's turn that does it."""


class Error(Config):
    """A kind of mistake."""

    brief: str
    """What is wrong, said to the author."""
    said: str
    """A learner's sentence with it."""
    meant: str
    """Words of that sentence, put right."""


class Level(Config):
    """A level of the Common European Framework."""

    brief: str
    """How such a learner speaks."""
    max_words: int = Field(ge=1)
    """Words that a turn may have."""


class Briefs(Config):
    """Everything in `briefs.yaml`."""

    strategies: dict[str, Strategy]
    """The ten moves."""
    errors: dict[str, Error]
    """The kinds of mistakes."""
    levels: dict[str, Level]
    """The levels."""


@cache
def briefs() -> Briefs:
    """Read and check the file once."""
    return load_file(Briefs, _FILE)
