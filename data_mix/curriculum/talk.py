"""Small talk: what a learner says who tells nothing yet, or answers in a word, and a tutor who leads on from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from data_mix.curriculum.chooser import Chooser
from data_mix.curriculum.templates import Slots, has_word, pieces, say_one_of, shows
from data_mix.curriculum.words import lexicon

MARKS = ".!?"
STYLES: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: text.rstrip(MARKS),
    lambda text: text.rstrip(MARKS).lower(),
    lambda text: text.lower(),
)
"""How a sentence is typed: as it should be, without its last mark, without capitals, or with neither."""
WITH_CARE = (0.86, 0.05, 0.07, 0.02)
WITHOUT_CARE = (0.45, 0.15, 0.3, 0.1)
"""How often: where a sentence is told, and in small talk, which people type as it comes."""


def type_out(c: Chooser, text: str, care: tuple[float, ...] = WITH_CARE) -> str:
    """Write a sentence as somebody types it; returns what was written."""
    typed: str = c.pick([style(text) for style in STYLES], lambda typed, rest: rest.startswith(typed), care)
    c.say(typed)
    return typed


def may_begin_with_talk(rest: str) -> bool:
    """Could a text go on with small talk?"""
    return any(_begins(ask, rest) for kind in lexicon().talk.values() for ask in kind["asks"])


def talk(c: Chooser, after: Slots | None) -> dict[str, Any]:
    """An exchange: the learner's words and the tutor's. `after` are the slots of what the learner told before, if
    anything. Returns what is known about it; `ends` says whether the dialogue does."""
    kinds = lexicon().talk
    c.begin("user")
    kind = c.pick(tuple(kinds), lambda name, rest: any(_begins(ask, rest) for ask in kinds[name]["asks"]))
    ask = c.pick(tuple(kinds[kind]["asks"]), _begins)
    slots = _Slots(c, after)
    said = type_out(c, "".join(slots(piece) if at % 2 else piece for at, piece in enumerate(pieces(ask))), WITHOUT_CARE)
    c.end()
    c.begin("assistant")
    answers = kinds[kind]["after"] if after and "after" in kinds[kind] else kinds[kind]["answers"]
    say_one_of(c, tuple(answers), slots)
    c.end()
    facts = {"learner": said, "corrected": "", "fix": "", "error": "", "verb": "", "object": ""}
    return facts | {"strategy": kind.replace("_", " "), "rule": "may", "ends": "ends" in kinds[kind]}


class _Slots:
    """The words of one exchange; what was picked stays."""

    def __init__(self, c: Chooser, after: Slots | None) -> None:
        self._c, self._after = c, after
        self._picked: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        pick = _PICKS.get(name)
        if pick is None:
            assert self._after is not None
            return str(self._after(name))
        if name not in self._picked:
            self._picked[name] = pick(self._c, self._picked)
        return str(self._picked[name])


def _time(c: Chooser, picked: Mapping[str, str], kind: str = "past") -> str:
    times: tuple[str, ...] = tuple(lexicon().conversation["times"][kind])
    return c.pick(times, lambda time, rest: shows(rest, time))


def _feeling(c: Chooser, picked: Mapping[str, str]) -> str:
    feelings = tuple(feeling for feeling in lexicon().causes if _causes(feeling))
    return c.pick(feelings, lambda feeling, rest: has_word(rest, feeling))


def _cause(c: Chooser, picked: Mapping[str, str]) -> str:
    return c.pick(_causes(picked["feeling"]), lambda cause, rest: cause in rest)


@cache
def _causes(feeling: str) -> tuple[str, ...]:
    """Why one feels so, as a tutor can say it of the listener."""
    return tuple(each for each in lexicon().causes[feeling] if not each.startswith("was ") and "mistake" not in each)


def _name(c: Chooser, picked: Mapping[str, str]) -> str:
    names = tuple(person.self_name for person in lexicon().named)
    return c.pick(names, lambda name, rest: has_word(rest, name))


_PICKS: dict[str, Callable[[Chooser, Mapping[str, str]], str]] = {
    "time": _time,
    "soon": partial(_time, kind="future"),
    "feeling": _feeling,
    "cause": _cause,
    "name": _name,
}


def _begins(ask: str, rest: str) -> bool:
    """Could a text go on with this ask, however it is typed?"""
    return rest[: len(ask)].lower().startswith(pieces(ask)[0].rstrip(MARKS).lower())
