"""What every session type has: a name, a template file, and an episode for each band."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import yaml

from data_mix.curriculum.templates import capitalise, pieces
from research.bootstrap.classroom.asking import TUTOR, Ask, Episode, Line, Want
from research.bootstrap.classroom.scene import Scene


@cache
def templates_of(name: str) -> Mapping[str, Any]:
    """What stands in a type's template file, NAME.yaml beside it."""
    found = yaml.safe_load((Path(__file__).parent / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def name_of(kind: type[SessionType]) -> str:
    """How a type is called in configurations and files: RhymeTime is rhyme_time."""
    return re.sub("(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


class SessionType:
    """One kind of session. A subclass writes `episode`, which gives a task of any band about words of the scene."""

    share: ClassVar[float] = 1.0
    """How often it is drawn, against the shares of the others."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.name = name_of(type(self))
        self.templates = templates_of(self.name)

    def episode(self, band: int) -> Episode:
        """A task of a band, of 0 to LAST_BAND."""
        raise NotImplementedError

    def ask(
        self, band: int, lines: str | tuple[Line, ...], model: str, want: Want, words: Mapping[str, str] | None = None
    ) -> Ask:
        """One turn: `lines` are the tutor's words, or lines of several speakers; slots in them and in the model answer
        are filled from `words`, and {pupil} and {partner} are who is asked and with whom they talk."""
        said = (Line(speaker=TUTOR, text=lines),) if isinstance(lines, str) else lines
        slots = {"pupil": self.scene.pupil, "partner": self.scene.partner, **(words or {})}
        return Ask(
            kind=self.name,
            band=band,
            lines=tuple(Line(speaker=fill(line.speaker, slots), text=fill(line.text, slots)) for line in said),
            want=want,
            model=fill(model, slots),
        )


def fill(template: str, slots: Mapping[str, str]) -> str:
    """A template with its {slots} filled; one with a capital first letter is capitalised."""
    said = []
    for place, piece in enumerate(pieces(template)):
        if place % 2 == 0:
            said.append(piece)
        elif piece[0].isupper():
            said.append(capitalise(slots[piece[0].lower() + piece[1:]]))
        else:
            said.append(slots[piece])
    return "".join(said)
