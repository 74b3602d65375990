"""What a control is: a small pure function from a scene, and chance, to a reply that fakes something."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from espalier.discover import discover
from evaluation.cases.case import Messages


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """What a reply is made for."""

    messages: Messages
    """The conversation up to the reply; the last role is user."""
    references: tuple[str, ...] = ()
    """Replies to it that are known to be good; empty where none is."""
    answer: str = ""
    """The solution that the learner is to find, or empty."""
    problem: str = ""
    """Scenes of one problem share it."""
    others: Sequence[Scene] = field(default=(), repr=False, compare=False)
    """Scenes of the same set, this one perhaps among them: where a reply to another problem is taken from."""

    def said_by(self, role: str) -> list[str]:
        """What was said by `user`, the learner, or `assistant`, the tutor, in order."""
        return [message["content"] for message in self.messages if message["role"] == role]


Make = Callable[[Scene, random.Random], str | None]
"""None where it cannot be made: no reference, no earlier turn, no number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Control:
    """One family of made replies."""

    name: str
    """As in `--controls`: the function's."""
    label: str
    """The replies in a reader's words: "a word salad of the dialogue's own words"."""
    description: str
    """What it fakes: the first line of the docstring."""
    kind: str
    """The file's name: families of a kind cheat in one way."""
    adds: bool
    """Whether it leaves a good reply whole and adds to it: then a score must not rise by it. All others must lose."""
    make: Make
    """Makes one reply."""

    def replies(self, scenes: Sequence[Scene], *, seed: int = 0) -> list[str | None]:
        """A reply for each scene, the same for the same seed, whatever other scenes there are."""
        drawn = (random.Random(f"{seed}/{self.name}/{scene.messages}/{scene.references}") for scene in scenes)
        return [self.make(scene, chance) for scene, chance in zip(scenes, drawn, strict=True)]


def control(label: str, *, adds: bool = False) -> Callable[[Make], Control]:
    """Makes a control of a function: its name is the function's, its kind the file's."""

    def of(make: Make) -> Control:
        description = (make.__doc__ or "").strip().partition("\n")[0]
        if not description:
            raise ValueError(f"control {make.__name__} needs a docstring that says what it fakes")
        kind = make.__module__.rpartition(".")[2]
        return Control(name=make.__name__, label=label, description=description, kind=kind, adds=adds, make=make)

    return of


def controls() -> dict[str, Control]:
    """All families by name, kind by kind."""
    found: dict[str, Control] = discover(
        __package__, lambda value: isinstance(value, Control), home=lambda each: each.make, name=lambda each: each.name
    )
    return found
