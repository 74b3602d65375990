"""A session type without words of the curriculum, and replies that are worth what they say."""

from __future__ import annotations

from collections.abc import Sequence

from research.bootstrap.classroom.asking import SOPHIE, TUTOR, Ask, Episode, Line, Want
from research.bootstrap.classroom.scene import Scene
from research.bootstrap.classroom.session_type import SessionType


class Toy(SessionType):
    """Asks for the band's number; in the last band twice, with Sophie in between."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def episode(self, band: int) -> Episode:
        def ask(*lines: Line) -> Ask:
            return Ask(kind="toy", band=band, lines=lines, want=Want(points=((str(band),),)), model=f"{band}.")

        asks = [ask(Line(speaker=TUTOR, text=f"Say {band}, {self.scene.pupil}."))]
        asks += [ask(Line(speaker=SOPHIE, text="And again?"))] if band == 7 else []
        return Episode(asks=tuple(asks), about=(("toy",),))


def score(want: Want, band: int, text: str, ended: bool, before: Sequence[Line]) -> int:
    """What a reply says of itself: `score 6`; nothing else is worth anything."""
    return int(text.removeprefix(" score ")) if text.startswith(" score ") else 0
