"""What in a text tells where its speaker is at home, and to whom it speaks: words of a variety, of a register."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from evaluation.metrics.text import read
from evaluation.varieties.lists import Lists, languages, lists, plain, variety_named

_SCRIPTS = {"simplified": frozenset({"mainland", "singapore"}), "traditional": frozenset({"taiwan"})}
"""Which varieties of Mandarin are written so."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A word by which one hears where somebody is at home."""

    word: str
    """As the lists have it."""
    homes: frozenset[str]
    """The varieties in which it is at home."""


@dataclass(frozen=True, slots=True)
class Variety:
    """One variety of one language."""

    language: str
    """The language's code."""
    names: frozenset[str]
    """What the lists call it; of a learner whose words fit several, all of these."""


def variety(name: str) -> Variety | None:
    """The variety that a suite or a row calls `name`; None for one that no list knows."""
    found = variety_named(name)
    return Variety(found[0], frozenset({found[1]})) if found else None


@lru_cache(maxsize=1024)
def marks(text: str, language: str) -> tuple[Mark, ...]:
    """Every word of the text that is at home in some varieties of a language and not in others, in order."""
    homes = lists(language).homes
    if language == "zh":
        found = [(text.find(word), word) for word in homes if word in text]
        inside = {word for _, word in found for _, other in found if word != other and word in other}
        return tuple(Mark(word, homes[word]) for _, word in sorted(found) if word not in inside)
    words = map(plain, read(text).words)
    return tuple(Mark(word, homes[word]) for word in words if word in homes)


def shown_variety(text: str) -> Variety | None:
    """The variety, or those, that most of a speaker's words are at home in; None where they show none."""
    best: dict[tuple[str, str], float] = {}
    for language in languages():
        if language == "en":  # who learns Spanish and writes "color" is not at home in a variety that is to be kept to
            continue
        for mark in marks(text, language):
            for name in mark.homes:
                best[language, name] = best.get((language, name), 0.0) + 1 / len(mark.homes)
    if not best:
        return None
    most = max(best.values())
    (language, _) = next(found for found in best if best[found] == most)
    return Variety(language, frozenset(name for (its, name), said in best.items() if its == language and said == most))


def script(text: str) -> str:
    """simplified or traditional, by the characters that only one of them has; mixed for both, empty for neither."""
    written = lists("zh").more["scripts"]
    found = [name for name in _SCRIPTS if not set(text).isdisjoint("".join(written[name].split()))]
    return "mixed" if len(found) > 1 else found[0] if found else ""


def written_in(names: frozenset[str]) -> str:
    """The script in which varieties of Mandarin are written; empty where they differ."""
    return next((found for found, homes in _SCRIPTS.items() if names <= homes), "")


def other_name(said: str, text: str, due: Variety) -> str:
    """The word of `text` that stands for a thing that the learner called otherwise, and that is not said where
    they are at home.

    Empty where the learner's own word stands beside it, for then the two are compared.
    """
    known, language = lists(due.language), due.language
    for thing in known.things:
        theirs = [word for word in thing if _has(said, word, language)]
        if not theirs or any(_has(text, word, language) for word in theirs):
            continue
        others = [word for word in thing if word not in theirs and _has(text, word, language)]
        strange = [word for word in others if due.names.isdisjoint(known.homes.get(word, frozenset()))]
        if strange:
            return f"{strange[0]} for the learner's {theirs[0]}"
    return ""


def _has(text: str, word: str, language: str) -> bool:
    if language == "zh":
        return word in text
    words = {plain(each) for each in read(text).words}
    return word in words or f"{word}s" in words or f"{word}es" in words


def registers(text: str, language: str) -> tuple[list[str], list[str]]:
    """The formal words of a text in one language, and those that are not."""
    known: Lists = lists(language)
    return _in(text, known.registers["formal"], language), _in(text, known.registers["informal"], language)


def _in(text: str, wanted: frozenset[str], language: str) -> list[str]:
    if language == "zh":
        found: Sequence[str] = sorted((word for word in wanted if word in text), key=text.find)
        return list(found)
    return [word for word in map(plain, read(text).words) if word in wanted]
