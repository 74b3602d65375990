"""A recogniser for the English of the classroom: where in a row of words a rule's words may end.

Rules are those of `english.yaml`, over the words of the curriculum's lexicon and some more. A rule is followed in all
its ways at once, each of them once from each place (as packrat parsers do, Ford 2002, but without choosing).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from data_mix.curriculum.words import lexicon

_PERSONS = ("I", "3", "P")
_PART = re.compile(r"<(?P<name>[^>]+)>(?P<often>[?*]?)|(?P<word>[^\s?*]+)(?P<how>[?*]?)")
_VOWEL_SOUND = re.compile(r"(?!useful|use|university|one)[aeiou]|hour")
Often = Literal["", "?", "*"]
Entry = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an alternative: a rule or class by its name, or a word."""

    name: str
    word: str
    often: Often


@dataclass(frozen=True, kw_only=True)
class Grammar:
    """The rules and the classes of words."""

    rules: Mapping[str, Sequence[Sequence[Part]]]
    classes: Mapping[str, Mapping[str, Sequence[Entry]]]
    """Of each class its entries, by their first word."""
    known: frozenset[str]
    """Every word that stands in a class or a rule."""


class Parse:
    """One row of words, in lower case; what was found out of it is kept."""

    def __init__(self, grammar: Grammar, words: Sequence[str], *, loose: bool = False) -> None:
        """`loose` takes any person for any other, and a for an."""
        self._grammar, self._words, self._loose = grammar, tuple(words), loose
        self._found: dict[tuple[str, int], frozenset[int]] = {}

    def whole(self, name: str) -> bool:
        """Whether all the words are what a rule says."""
        return len(self._words) in self.ends(name, 0)

    def ends(self, name: str, start: int) -> frozenset[int]:
        """Where words that are what a rule or class says may end, if they begin at `start`."""
        key = (name, start)
        if key not in self._found:
            self._found[key] = frozenset()  # a rule that begins with itself finds nothing there
            self._found[key] = frozenset(self._ends(name, start))
        return self._found[key]

    def _ends(self, name: str, start: int) -> Iterator[int]:
        stem, _, person = name.partition(".")
        if person and self._loose:
            for other in _PERSONS:
                yield from self._of_rule(f"{stem}.{other}", start)
        elif name in ("a-word", "an-word"):
            if start < len(self._words):
                vowel = bool(_VOWEL_SOUND.match(self._words[start]))
                if self._loose or vowel == (name == "an-word"):
                    yield from self.ends("modified", start)
                    if name == "a-word":
                        yield from self.ends("place", start)
        else:
            yield from self._of_rule(name, start)

    def _of_rule(self, name: str, start: int) -> Iterator[int]:
        if (entries := self._grammar.classes.get(name)) is not None and start < len(self._words):
            for entry in entries.get(self._words[start], ()):
                if self._words[start : start + len(entry)] == entry:
                    yield start + len(entry)
        for alternative in self._grammar.rules.get(name, ()):
            reached = {start}
            for part in alternative:
                reached = self._after(part, reached)
                if not reached:
                    break
            yield from reached

    def _after(self, part: Part, places: set[int]) -> set[int]:
        fresh = {end for place in places for end in self._once(part, place)}
        if part.often == "":
            return fresh
        reached = places | fresh
        while part.often == "*" and (fresh := {e for place in fresh for e in self._once(part, place)} - reached):
            reached |= fresh
        return reached

    def _once(self, part: Part, place: int) -> frozenset[int]:
        if part.name:
            return self.ends(part.name, place)
        fits = place < len(self._words) and self._words[place] == part.word
        return frozenset((place + 1,)) if fits else frozenset()


@cache
def grammar() -> Grammar:
    """Rules and words, read once."""
    # BaseLoader keeps every word a string: to YAML, an unquoted "yes" is a truth value.
    text = (Path(__file__).parent / "english.yaml").read_text(encoding="utf-8")
    told = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 (it makes text, lists and mappings only)
    classes = {name: _by_first(entries) for name, entries in _classes(told).items()}
    rules: dict[str, list[list[Part]]] = {}
    for name, alternatives in told["rules"].items():
        for person in _PERSONS if "{n}" in name else ("",):
            rules[name.replace("{n}", person)] = [_parts(each.replace("{n}", person)) for each in alternatives]
    unknown = {part.name for each in rules.values() for parts in each for part in parts if part.name}
    unknown -= rules.keys() | classes.keys() | {"a-word", "an-word"}
    if unknown:
        raise ValueError(f"english.yaml: no rule or class is called {', '.join(sorted(unknown))}")
    words = {part.word for each in rules.values() for parts in each for part in parts if part.word}
    words |= {word for entries in classes.values() for each in entries.values() for entry in each for word in entry}
    return Grammar(rules=rules, classes=classes, known=frozenset(words - {","}))


def _parts(alternative: str) -> list[Part]:
    found = []
    for match in _PART.finditer(alternative):
        often: Any = match["often"] or match["how"] or ""
        found.append(Part(match["name"] or "", (match["word"] or "").lower(), often))
    return found


def _by_first(entries: Sequence[str]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in dict.fromkeys(tuple(each.lower().split()) for each in entries):
        found.setdefault(entry[0], []).append(entry)
    return found


def _classes(told: Mapping[str, Any]) -> dict[str, list[str]]:
    words, lex = told["words"], lexicon()
    plain = [verb for verb in lex.verbs if not verb.preposition]
    leading = [verb for verb in lex.verbs if verb.preposition]
    forms = [(verb.base, verb.third, verb.past, verb.ing) for verb in lex.verbs]
    more = [tuple(row.split()) for row in words["verbs"]]
    of_base = {row[0]: row for row in (*forms, *more)}
    found: dict[str, list[str]] = {
        "singular": [n.singular for n in lex.nouns if not n.mass] + words["singular"] + _parts_of_things(),
        "plural": [n.plural for n in lex.nouns if not n.mass] + words["plural"] + [f"{p}s" for p in _parts_of_things()],
        "mass": [n.singular for n in lex.nouns if n.mass] + words["mass"],
        "adjective": sorted({p for n in lex.nouns for p in n.properties}) + words["adjective"] + list(lex.causes),
        "feeling": list(lex.causes),
        "name": [person.self_name for person in lex.named] + ["Tutor", "Sophie", "Basil", "Simon"],
        "relative": [person.self_name.removeprefix("my ") for person in lex.relatives],
        "place": [n.singular for n in lex.nouns if n.place],
        "own": ["my", "your", "his", "her", "our", "their", "its"],
        "time": [time for times in lex.conversation["times"].values() for time in times] + ["today"],
        "manner": list(lex.conversation["manners"]),
        "number": ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
        "usual": sorted({n.category_name for n in lex.nouns}),
        "use": sorted({use for n in lex.nouns for use in n.uses}),
        "cause": sorted(
            {c for found in lex.causes.values() for c in (*found, *(d for more in found.values() for d in more))}
        ),
    }
    for place, form in enumerate(("base", "third", "past", "ing")):
        found[form] = [(v.base, v.third, v.past, v.ing)[place] for v in plain]
        found[form] += [row[place] for row in more if row[0] not in words["without_object"]]
        found[f"{form}part"] = [f"{(v.base, v.third, v.past, v.ing)[place]} {v.preposition}" for v in leading]
        name = "intransitive" if form == "base" else f"i{form}"
        found[name] = [of_base[word][place] for word in words["intransitive"] if word in of_base]
    for person, table in told["persons"].items():
        for stem, word in table.items():
            found[f"{stem}.{person}"] = [word]
    found["mention"] = sorted({word for each in found.values() for entry in each for word in entry.split()})
    return found


def _parts_of_things() -> list[str]:
    return sorted({part for noun in lexicon().nouns for part in noun.parts})
