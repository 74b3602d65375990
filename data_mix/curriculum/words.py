"""The lexicon: what the YAML files under `lexicon/` say, as words that know their forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

LEXICON = Path(__file__).parent / "lexicon"


@dataclass(frozen=True, kw_only=True, eq=False)
class Noun:
    """A thing or a place."""

    singular: str
    plural: str
    article: str
    """a or an"""
    category: str
    category_name: str
    """what one answers to "What is it?": "a fruit" """
    mass: bool
    """uncountable"""
    place: bool
    properties: tuple[str, ...]
    parts: tuple[str, ...]
    uses: tuple[str, ...]
    spanish: str
    """in Spanish, with its article; empty where no learner says it so"""

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """Every surface form, of learners too."""
        return tuple(filter(None, (self.singular, self.plural, self.spanish.partition(" ")[2])))


@dataclass(frozen=True, kw_only=True, eq=False)
class Verb:
    """A verb with all its forms, and what it can be done to."""

    base: str
    third: str
    past: str
    ing: str
    preposition: str
    """the one that leads to its object, or nothing"""
    objects: tuple[Noun, ...]
    feelings: tuple[str, ...]
    """what moves people to do it"""
    spanish: str
    """in Spanish, as a headword; empty where no learner says it so"""

    @property
    def regularised(self) -> str:
        """What an overgeneralising learner takes for its past."""
        if self.base.endswith("e"):
            return self.base + "d"
        return self.base[:-1] + "ied" if self.base.endswith("y") and self.base[-2] not in "aeiou" else self.base + "ed"

    @property
    def irregular(self) -> bool:
        """Is its past another word than the usual ending makes (doubled and simple consonants count as usual)?"""
        return not self.past.endswith("ed") or self.past == "fed"

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """Every surface form, of learners too."""
        return tuple(filter(None, (self.base, self.third, self.past, self.ing, self.regularised, self.spanish)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Person:
    """Somebody a sentence is about, in the words of who speaks and in the words of who listens."""

    self_name: str
    """as the speaker says it: I, we, Anna, my sister"""
    other_name: str
    """as the listener retells it: you, you, Anna, your sister"""
    self_own: str
    other_own: str
    third: bool
    """third person singular"""
    woman: bool | None = None

    @property
    def pronoun(self) -> str:
        """For somebody who has been named: she, he, or the listener's you."""
        return ("she" if self.woman else "he") if self.third else "you"

    @property
    def object_pronoun(self) -> str:
        return ("her" if self.woman else "him") if self.third else "you"

    @property
    def forms(self) -> tuple[str, ...]:
        """Every word that can stand for them as a subject."""
        return (self.self_name.split()[-1],) if self.third else (self.self_name, "you")


I = Person(self_name="I", other_name="you", self_own="my", other_own="your", third=False)  # noqa: E741
WE = Person(self_name="we", other_name="you", self_own="our", other_own="your", third=False)


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """Everything under `lexicon/`, checked."""

    verbs: tuple[Verb, ...]
    nouns: tuple[Noun, ...]
    named: tuple[Person, ...]
    """people with a name"""
    relatives: tuple[Person, ...]
    causes: Mapping[str, Mapping[str, list[str]]]
    sequences: tuple[tuple[tuple[Verb, ...], tuple[Noun, ...]], ...]
    mistakes: Mapping[str, Mapping[str, Any]] = field(repr=False)
    strategies: Mapping[str, Mapping[str, Any]] = field(repr=False)
    conversation: Mapping[str, Any] = field(repr=False)
    talk: Mapping[str, Mapping[str, Any]] = field(repr=False)
    spanish: Mapping[str, Mapping[str, Any]] = field(repr=False)
    l2: Mapping[str, Any] = field(repr=False)
    heritage: Mapping[str, Any] = field(repr=False)

    @property
    def changes(self) -> Mapping[str, Mapping[str, Any]]:
        """What learners do to a correct clause, by name: mistakes, and switches to another language."""
        return {**self.mistakes, **self.l2["own"], **self.heritage["switches"]}

    @property
    def third_persons(self) -> tuple[Person, ...]:
        return self.named + self.relatives


def _read(name: str) -> Any:
    # BaseLoader keeps every word a string: to YAML, an unquoted preposition "on" is a truth value.
    text = (LEXICON / f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 (it makes text, lists and mappings only)


def _things(spanish: Mapping[str, str]) -> Iterable[Noun]:
    for category, entry in _read("things").items():
        for singular, facts in entry["nouns"].items():
            plural = facts.get("plural", singular + "s")
            article = facts.get("a") or ("an" if singular[0] in "aeiou" else "a")
            yield Noun(
                singular=singular,
                plural=plural,
                article=article,
                category=category,
                category_name=entry["name"],
                mass=entry.get("mass") == "true",
                place=False,
                properties=tuple(facts["is"]),
                parts=tuple(facts.get("parts", ())),
                uses=tuple(facts.get("for", ())),
                spanish=spanish.get(singular, ""),
            )


def _places(spanish: Mapping[str, str]) -> Iterable[Noun]:
    for names in _read("places").values():
        for singular in names:
            yield Noun(
                singular=singular,
                plural=singular + "s",
                article="the",
                category="place",
                category_name="a place",
                mass=False,
                place=True,
                properties=("big", "quiet", "new"),
                parts=(),
                uses=(),
                spanish=spanish.get(singular, ""),
            )


def _third(name: str, woman: bool, relative: bool) -> Person:
    own = "her" if woman else "his"
    return Person(
        self_name=f"my {name}" if relative else name,
        other_name=f"your {name}" if relative else name,
        self_own=own,
        other_own=own,
        third=True,
        woman=woman,
    )


@cache
def lexicon() -> Lexicon:
    """Read and check the lexicon once."""
    spanish = _read("spanish")
    nouns = (*_things(spanish["nouns"]), *_places(spanish["nouns"]))
    by_name = {noun.singular: noun for noun in nouns}
    if len(by_name) != len(nouns):
        raise ValueError("lexicon: a noun is listed twice")

    def select(wanted: Iterable[str]) -> tuple[Noun, ...]:
        found: list[Noun] = []
        for name in wanted:
            members = [noun for noun in nouns if noun.category == name] or [by_name[name]]
            found.extend(noun for noun in members if noun not in found)
        return tuple(found)

    verbs = {
        base: Verb(
            base=base,
            third=third,
            past=past,
            ing=ing,
            preposition="" if preposition == "null" else preposition,
            objects=select(objects),
            feelings=tuple(feelings),
            spanish=spanish["verbs"].get(base, ""),
        )
        for base, (third, past, ing, preposition, objects, feelings) in _read("verbs").items()
    }
    sequences = []
    for entry in _read("sequences"):
        steps = tuple(verbs[base] for base in entry["verbs"])
        things = tuple(noun for noun in select(entry["things"]) if all(noun in step.objects for step in steps))
        if not things:
            raise ValueError(f"lexicon/sequences.yaml: nothing fits all of {entry['verbs']}")
        sequences.append((steps, things))
    causes = _read("causes")
    unknown = {feeling for verb in verbs.values() for feeling in verb.feelings} - set(causes)
    if unknown:
        raise ValueError(f"lexicon/causes.yaml: no causes for {sorted(unknown)}")
    unknown = set(spanish["nouns"]) - set(by_name) | set(spanish["verbs"]) - set(verbs)
    if unknown:
        raise ValueError(f"lexicon/spanish.yaml: no such words: {sorted(unknown)}")
    people = _read("people")
    return Lexicon(
        verbs=tuple(verbs.values()),
        nouns=nouns,
        named=tuple(_third(name, sex == "women", False) for sex in ("women", "men") for name in people[sex]),
        relatives=tuple(
            _third(name, sex == "women", True) for sex in ("women", "men") for name in people["relatives"][sex]
        ),
        causes=causes,
        sequences=tuple(sequences),
        mistakes=_read("mistakes"),
        strategies=_read("strategies"),
        conversation=_read("conversation"),
        talk=_read("talk"),
        spanish=spanish,
        l2=_read("l2"),
        heritage=_read("heritage"),
    )
