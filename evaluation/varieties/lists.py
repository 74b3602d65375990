"""The lists of one language as they are asked: `LANG.yaml` beside this file, read once."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from espalier.command_line import yaml_text
from evaluation.quantities.spelled import without_accents

_HERE = Path(__file__).parent
_ALIFS = str.maketrans("أإآٱىؤئ", "اااايوي")
_LONG_ENOUGH = 5
"""Letters of a word that is still known where its accents were left out."""


@lru_cache(maxsize=20_000)
def plain(word: str) -> str:
    """A word in lower case; of Arabic without the marks of vowels, and with one form of alif."""
    word = word.lower()
    if word.isascii() or not "\u0600" <= word[:1] <= "\u06ff":
        return word
    bare = "".join(char for char in unicodedata.normalize("NFC", word) if not unicodedata.combining(char))
    return bare.replace("\N{ARABIC TATWEEL}", "").translate(_ALIFS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lists:
    """What is known of one language."""

    language: str
    """Its code."""
    homes: Mapping[str, frozenset[str]]
    """By word that is not said everywhere, the varieties in which it is at home."""
    names: Mapping[str, tuple[str, ...]]
    """By variety, what it is called; its first is the variety's own name."""
    things: tuple[tuple[str, ...], ...]
    """What one thing is called here and there."""
    registers: Mapping[str, frozenset[str]]
    """Words that are formal, and words that are not."""
    core: frozenset[str]
    """Words of the first hundred hours, or, of Chinese, characters."""
    wrong: Mapping[str, str]
    """What is said nowhere, with what is said instead."""
    more: Mapping[str, Any]
    """What only this language has: genders, classes, measure words, scripts."""


@cache
def languages() -> tuple[str, ...]:
    """The languages that have lists, by code."""
    return tuple(sorted(path.stem for path in _HERE.glob("*.yaml")))


@cache
def lists(language: str) -> Lists:
    """The lists of one of `languages()`."""
    path = _HERE / f"{language}.yaml"
    data = yaml_text.parse(path.read_text(encoding="utf-8"), str(path))
    homes: dict[str, set[str]] = {}
    for variety, words in data["dialects"].items():
        for word in map(plain, words.split()):
            homes.setdefault(word, set()).add(variety)
    for word in map(plain, data.get("tuteo", "").split()):
        homes.setdefault(word, set()).update(data["tuteo_in"].split())
    everywhere = set(data["dialects"])
    core = data.get("core", "")  # that of English is in cefrpy
    return Lists(
        language=language,
        homes={word: frozenset(found) for word, found in _spelt(homes).items() if found != everywhere},
        names={variety: tuple(map(str.lower, names)) for variety, names in data["names"].items()},
        things=tuple(tuple(dict.fromkeys(plain(word.strip()) for word in line.split(","))) for line in data["things"]),
        registers={name: frozenset(map(plain, words.split())) for name, words in data["register"].items()},
        core=frozenset("".join(core.split())) if language == "zh" else frozenset(map(plain, core.split())),
        wrong={plain(said): right for said, right in data["wrong"].items()},
        more=data,
    )


def _spelt(homes: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The words, and long ones without their accents, as many write them; not what is then another's word."""
    bare = {without_accents(word): found for word, found in homes.items() if len(word) >= _LONG_ENOUGH}
    endings = ("á", "é", "í")  # of vos: its accent is all that tells it from tú
    return {
        **{word: found for word, found in bare.items() if not any(f"{word[:-1]}{end}" in homes for end in endings)},
        **homes,
    }


def variety_named(name: str) -> tuple[str, str] | None:
    """The language and the variety that a suite or a row calls `name`; None for one that no list knows."""
    wanted = name.strip().lower()
    for language in languages():
        for variety, names in lists(language).names.items():
            if wanted == variety or wanted in names:
                return language, variety
    return None


def known_varieties() -> list[str]:
    """Every variety that some list knows, by its own name."""
    return [variety for language in languages() for variety in lists(language).names]
