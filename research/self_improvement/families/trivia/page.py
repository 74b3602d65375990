"""A page that questions are asked about, and what is known of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from data_mix.language.words import words

KEPT_BACK = 8
"""One page of so many is examined on and never shown to who proposes: which, its text alone decides."""
_ENDS = re.compile(r"[.!?][\"”’»)]*\s+")
_OPENS = '"“‘«('
_ABBREVIATED = re.compile(r"\b(?:(?P<initial>[^\W\d_])|Dr|Mr|Mrs|Ms|St|No|Prof|vs|cf|ca|e\.g|i\.e)\.\s+\Z")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that a written page says."""

    relation: str
    values: Mapping[str, str]
    """By kind (person, place, …), in words."""
    said: str
    """The sentence that says it."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A text with a title."""

    title: str
    text: str
    facts: tuple[Fact, ...] = ()
    """All that it says; empty where that is not known."""

    @property
    def kept_back(self) -> bool:
        """Whether it is for examinations alone."""
        return hashlib.sha256(self.text.encode()).digest()[0] % KEPT_BACK == 0

    def known(self) -> dict[str, Any]:
        """As a challenge keeps it."""
        return {"title": self.title, "page": self.text, "facts": [asdict(fact) for fact in self.facts]}


def page_of(known: Mapping[str, Any]) -> Page:
    """The page that a challenge keeps."""
    return Page(title=known["title"], text=known["page"], facts=tuple(Fact(**fact) for fact in known["facts"]))


def sentences(text: str) -> list[str]:
    """Split where a mark ends a sentence and a capital or a digit begins the next, but behind no usual abbreviation;
    a line's end always ends one."""
    found = list[str]()
    for line in text.splitlines():
        start = 0
        for end in _ENDS.finditer(line):
            following = line[end.end() : end.end() + 3].lstrip(_OPENS)[:1]
            begins = following.isupper() or following.isdigit()
            if begins and not _abbreviated(line[max(start, end.end() - 9) : end.end()]):
                found.append(line[start : end.end()].strip())
                start = end.end()
        found.append(line[start:].strip())
    return list(filter(None, found))


def _abbreviated(end: str) -> bool:
    found = _ABBREVIATED.search(end)
    return found is not None and (found["initial"] is None or found["initial"].isupper())


def stands_in(words_said: str, text: str) -> bool:
    """Whether these words, one or more, stand in the text one after the other; case and punctuation do not count."""
    said = " ".join(words(words_said))
    return bool(said) and f" {said} " in f" {' '.join(words(text))} "
