"""A session as it is kept: who said what, in which task, and of each turn of the pupil's what was wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

from espalier.artifacts.records import read_jsonl
from research.bootstrap.classroom.asking import Line, Want

Context = Literal["episode", "session"]
"""What stands before a turn: its task alone, or the session so far."""
LONGEST = 640
"""Characters of what stands before a turn: from there on, the first lines of a session are no longer read. It is what
the trunk's sequences hold, so that nothing is asked of a model at places that it was never trained at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What was wanted where the pupil spoke, and how its model ended."""

    kind: str
    """The session type."""
    band: int
    """The band whose task it was."""
    want: Want
    """What a reply had to hold."""
    model: str
    """A good answer."""
    attempt: int
    """Which try at it, from 0."""
    finish: Literal["stop", "length"]
    """Whether the line ended, or was cut at the longest turn."""

    @classmethod
    def read(cls, facts: dict[str, Any]) -> Self:
        """From its record."""
        want = facts["want"]
        lists = {key: tuple(want[key]) for key in ("wrong", "exactly", "models")}
        points = tuple(map(tuple, want["points"]))
        return cls(**{**facts, "want": Want(**{**want, **lists, "points": points})})


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A line of a session."""

    speaker: str
    """Tutor, Sophie or Basil."""
    text: str
    """What is said, without a line break; what a model said begins with a space."""
    episode: int
    """Which task of the session it belongs to, from 0."""
    demo: bool = False
    """Whether Sophie does the task."""
    turn: Turn | None = None
    """Of a line that a model said as the pupil."""

    @property
    def after_call(self) -> str:
        """What stands behind the speaker's name and its colon."""
        return self.text if self.turn else f" {self.text}"

    @property
    def line(self) -> Line:
        """As graders see what was said before a turn."""
        return Line(speaker=self.speaker, text=self.text.strip())


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One session."""

    id: str
    """LOOP-r03/000012."""
    band: int
    """The pupil's band when it was held."""
    lines: tuple[Said, ...]
    """In order."""

    @property
    def facts(self) -> dict[str, Any]:
        """As a line of a sessions file says it."""
        return asdict(self)

    @classmethod
    def read(cls, facts: dict[str, Any]) -> Self:
        """From a line of a sessions file."""
        lines = tuple(Said(**{**each, "turn": each["turn"] and Turn.read(each["turn"])}) for each in facts["lines"])
        return cls(id=facts["id"], band=facts["band"], lines=lines)


def read_sessions(path: Path) -> Iterator[Session]:
    """The sessions of a file, in order."""
    return map(Session.read, read_jsonl(path))


def first_line(lines: tuple[Said, ...] | list[Said], upto: int, context: Context) -> int:
    """From which line on is read what stands before line `upto`: from its task's first, or the session's, as far as
    LONGEST goes."""
    length, first = 0, upto
    while first > 0:
        before = lines[first - 1]
        length += len(before.speaker) + len(before.text) + 3
        if length > LONGEST or (context == "episode" and before.episode != lines[upto].episode):
            break
        first -= 1
    return first


def transcript(lines: tuple[Said, ...] | list[Said], first: int, upto: int) -> str:
    """The lines from `first` on up to where `upto` speaks, whose name is called: `Tutor: What is it?\\nBasil:`."""
    said = [f"{each.speaker}:{each.after_call}\n" for each in lines[first:upto]]
    return f"{''.join(said)}{lines[upto].speaker}:"
