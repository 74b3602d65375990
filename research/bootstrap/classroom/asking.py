"""What is asked of a pupil: what was said before, what a good answer holds, and how one sounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from research.bootstrap.bands import BANDS

TUTOR, SOPHIE, PUPIL = "Tutor", "Sophie", "Basil"
"""Who speaks. Sophie is an older pupil, who speaks as the grammar does; Basil's words are the model's."""
SPEAKERS = (TUTOR, SOPHIE, PUPIL)

Form = Literal["statement", "question", "command", "any"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of a session."""

    speaker: str
    """Tutor, Sophie or Basil."""
    text: str
    """What is said, without a line break."""

    def __str__(self) -> str:
        return f"{self.speaker}: {self.text}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Want:
    """What a reply has to hold to have done what was asked. Words are compared whole and in any case.

    A reply that holds all of `points` and nothing of `wrong` has done it. The session's scene knows; no model does.
    """

    points: tuple[tuple[str, ...], ...]
    """Each point is a choice of words or phrases, one of which has to stand in the reply: (("apple", "apples"),)."""
    in_order: bool = False
    """Whether the points have to come one after the other, as in counting and retelling."""
    wrong: tuple[str, ...] = ()
    """Words and phrases that show another answer, such as a fact that does not hold."""
    exactly: tuple[str, ...] = ()
    """Where given, the only replies that do it whole, marks and case apart; points tell how near others are."""
    form: Form = "any"
    """What kind of sentence is asked for, from the band of sentences on."""
    models: tuple[str, ...] = ()
    """Good answers, as Sophie or the tutor would give them: of whom they speak, and in how many sentences."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """One turn of the pupil's."""

    kind: str
    """The session type."""
    band: int
    """The band whose task it is, which says what English is asked for."""
    lines: tuple[Line, ...]
    """What is said since the pupil's last turn of this episode."""
    want: Want
    """What a reply has to hold."""
    model: str
    """A good answer, as Sophie or the tutor would give it."""

    def __post_init__(self) -> None:
        if not 0 <= self.band < len(BANDS):
            raise ValueError(f"band {self.band}: there are 0 to {len(BANDS) - 1}")
        if not self.lines or any("\n" in line.text for line in self.lines) or "\n" in self.model:
            raise ValueError("wants lines before the pupil's turn, and nothing of several lines")


@dataclass(frozen=True, kw_only=True, slots=True)
class Episode:
    """What one task consists of: one turn of the pupil's, or several with what is said between them."""

    asks: tuple[Ask, ...]
    about: tuple[tuple[str, ...], ...]
    """The combinations of words that it is about: none of an examination's stands in a session, of whatever type."""
    beside: tuple[tuple[str, ...], ...] = ()
    """Those that it holds beside them."""
