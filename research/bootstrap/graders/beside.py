"""What a reply says beside what was asked for: of whom and of what it speaks, and how many things it says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from research.bootstrap.classroom.asking import Line, Want
from research.bootstrap.graders.english import sentences_of

_WORDS = re.compile(r"[a-z]+|\d+")
_JOINTS = re.compile(r"(?<=[\w,]) (?:and|but|because|so)\b|, (?=an? )")
"""What joins another statement, or another thing of a list."""
_VERDICTS = ("yes", "no")


@lru_cache(maxsize=100_000)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, marks and case apart."""
    return tuple(_WORDS.findall(text.lower()))


@lru_cache(maxsize=100_000)
def answers(want: Want) -> tuple[str, ...]:
    """All phrases that are wanted."""
    return (*(each for choices in want.points for each in choices), *want.exactly)


def fresh(want: Want, words: Iterable[str], before: Iterable[Line]) -> frozenset[str]:
    """Words that say something of which nobody spoke and that nobody wanted."""
    known = {word for text in (*answers(want), *(line.text for line in before)) for word in words_of(text)}
    return frozenset(words) - known - told()["words"] - told()["denials"]


def persons(words: Iterable[str]) -> frozenset[str]:
    """Of whom words speak, by their pronouns."""
    said = frozenset(words)
    return frozenset(who for who, forms in _pronouns().items() if said & forms)


@lru_cache(maxsize=100_000)
def of_whom(want: Want) -> frozenset[str]:
    """Of whom a reply may speak: as good answers do, and where these are of things or people in general, also of who
    talks."""
    found = persons(word for text in (*answers(want), *want.models) for word in words_of(text))
    return found if found and "we" not in found else found | {"I", "you", "we"}


def goes_on(want: Want, text: str) -> bool:
    """Whether a text has more sentences than any good answer, or says more things in them."""
    most = [max(counts) for counts in zip(*(_statements(want, each) for each in want.models), strict=True)]
    return any(count > limit for count, limit in zip(_statements(want, text), most, strict=False))


def _statements(want: Want, text: str) -> tuple[int, int]:
    """How many sentences a text has, and how many things they say with what is joined to them. A yes or no before them
    is none, where that is asked for."""
    found = [each.words for each in sentences_of(text)]
    asked = any(choice in _VERDICTS for choices in want.points for choice in choices)
    sentences = len(found) - (asked and len(found) > 1 and " ".join(found[0]) in _VERDICTS)
    return sentences, sentences + len(_JOINTS.findall(text.lower()))


def separators(text: str) -> int:
    """How many things a text names, less one: `yes` and `no` before them are none."""
    said = re.sub(r"^\W*(yes|no)\W+", "", text.lower())
    return len(re.findall(r",|\band\b", said))


@cache
def told() -> dict[str, frozenset[str]]:
    """Words that any answer may have, and those that say no."""
    return {key: frozenset(_file()[key]) for key in ("words", "denials")}


@cache
def _pronouns() -> dict[str, frozenset[str]]:
    """Of whom one speaks, and how."""
    return {who: frozenset(forms) for who, forms in _file()["persons"].items()}


@cache
def _file() -> dict[str, Any]:
    # BaseLoader keeps every word a string: to YAML, an unquoted "no" is a truth value.
    text = (Path(__file__).parent / "task.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 (it makes text, lists and mappings only)
    return found
