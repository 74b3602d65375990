"""What every session type has: a name, a template file, and a task for each band."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, cast

import yaml

from data_mix.curriculum.templates import capitalise, pieces
from research.bootstrap.classroom.asking import SPEAKERS, TUTOR, Ask, Episode, Line, Want
from research.bootstrap.classroom.scene import Scene

_PARTS = ("babble", "words", "two_words", "phrases", "sentences", "answers", "stories", "dialogue")
"""By band, the method and the key of the template file."""
_SYLLABLES = tuple("ba bo bi da do di ga go la lo li ma mo mi na no pa po ta wa".split())  # noqa: SIM905
Drawn = tuple[Mapping[str, str], Want]
"""The words that fill a turn's templates, and what a reply has to hold."""


class SessionType:
    """One kind of session. A subclass says, by a method for each band, which words a task is about.

    The method draws them from `self.scene`, which keeps to its side of what is held out, and returns what fills the
    templates and what a reply has to hold: of one turn, or, for the dialogues, of each of several. In the template file
    `ask` lists what may be said before the pupil's turn (the tutor's words, or lines of several speakers) and `model`
    good answers; {pupil} and {partner} are who is asked and with whom they talk.
    """

    share: ClassVar[float] = 1.0
    """How often it is drawn, against the shares of the others."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.name = name_of(type(self))

    def episode(self, band: int) -> Episode:
        """A task of a band, of 0 to LAST_BAND."""
        part = _PARTS[band]
        self.scene.about, self.scene.beside = [], []
        found: Drawn | Sequence[Drawn] = getattr(self, part)()
        alone = isinstance(found, tuple) and isinstance(found[0], Mapping)
        turns = [cast(Drawn, found)] if alone else cast(Sequence[Drawn], found)
        templates = templates_of(self.name)[part]
        templates = templates if isinstance(templates, list) else [templates]
        asks = tuple(self._ask(band, *pair) for pair in zip(templates, turns, strict=True))
        return Episode(asks=asks, about=tuple(self.scene.about), beside=tuple(self.scene.beside))

    def babble(self) -> Drawn:
        """Sounds that are to be answered in sounds."""
        said = " ".join(self.scene.draw(lambda: (self.scene.pick(_SYLLABLES), self.scene.pick(_SYLLABLES)), tuple))
        return {"sounds": said}, Want(points=((said,),), exactly=(said,))

    def words(self) -> Drawn:
        raise NotImplementedError

    def two_words(self) -> Drawn:
        raise NotImplementedError

    def phrases(self) -> Drawn:
        raise NotImplementedError

    def sentences(self) -> Drawn:
        raise NotImplementedError

    def answers(self) -> Drawn:
        raise NotImplementedError

    def stories(self) -> Drawn:
        raise NotImplementedError

    def dialogue(self) -> Sequence[Drawn]:
        raise NotImplementedError

    def _ask(self, band: int, templates: Mapping[str, Any], drawn: Drawn) -> Ask:
        words, want = drawn
        slots = {"pupil": self.scene.pupil, "partner": self.scene.partner, **words}
        usable = [each for each in templates["ask"] if _fits(each, slots)]
        asked = self.scene.pick(usable)
        models = tuple(fill(each, slots) for each in templates["model"] if _fits(each, slots))
        return Ask(
            kind=self.name,
            band=band,
            lines=tuple(_line(fill(each, slots)) for each in ([asked] if isinstance(asked, str) else asked)),
            want=replace(want, models=models),
            model=self.scene.pick(models),
        )


def name_of(kind: type[SessionType]) -> str:
    """How a type is called in configurations and files: RhymeTime is rhyme_time."""
    return re.sub("(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


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


@cache
def templates_of(name: str) -> Mapping[str, Any]:
    """What stands in a type's template file."""
    found = yaml.safe_load((Path(__file__).parent / "types" / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def _fits(template: str | Sequence[str], slots: Mapping[str, str]) -> bool:
    """Whether there are words for all slots of a template: a task may leave some out, and with them some templates."""
    said = template if isinstance(template, str) else "".join(template)
    return all(slot[0].lower() + slot[1:] in slots for slot in pieces(said)[1::2])


def _line(said: str) -> Line:
    """A line as templates have it: `Sophie: words`, or the tutor's words alone."""
    speaker, colon, words = said.partition(": ")
    return Line(speaker=speaker, text=words) if colon and speaker in SPEAKERS else Line(speaker=TUTOR, text=said)
