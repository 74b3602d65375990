"""The things of the lexicon, and how they are spoken of in tasks."""

from __future__ import annotations

from functools import cache

from data_mix.curriculum.words import Noun, Person, Verb, lexicon
from research.bootstrap.classroom.scene import Scene

_ALIKE = (
    {"a fruit", "a vegetable", "a plant", "something to eat"},
    {"a tool", "a machine", "a vehicle", "a toy", "an instrument", "a piece of furniture"}
    | {"something to hear", "something to put things in"},
)
"""Kinds whose things may be of another kind of the same row."""


@cache
def things() -> tuple[Noun, ...]:
    """What can be counted and held: no stuff, no places, nothing to talk about."""
    return tuple(noun for noun in lexicon().nouns if not noun.mass and not noun.place and noun.category != "topic")


@cache
def with_parts() -> tuple[Noun, ...]:
    """Things of which it is known what they have and what one does with them."""
    return tuple(noun for noun in things() if noun.parts and noun.uses)


@cache
def of_a_kind() -> tuple[Noun, ...]:
    """Things whose kind is named by one word: a fruit, a tool."""
    return tuple(noun for noun in things() if noun.category_name.count(" ") == 1)


@cache
def names() -> tuple[Person, ...]:
    """People with a name."""
    return lexicon().named


@cache
def numbers() -> tuple[str, ...]:
    """From two on."""
    return tuple(lexicon().conversation["numbers"])


def a(words: str) -> str:
    """Words with the indefinite article before them."""
    return f"{'an' if words[0] in 'aeiou' and not words.startswith('useful') else 'a'} {words}"


def singular(noun: Noun) -> str:
    """A thing's name."""
    return noun.singular


def name(person: Person) -> str:
    """A person's name."""
    return person.self_name


def done_to(verb: Verb, noun: Noun, *, form: str = "", determiner: str = "the") -> str:
    """A deed in words: `looked at the kite`; `form` is the verb's, its headword by default."""
    return " ".join(filter(None, (form or verb.base, verb.preposition, determiner, noun.singular)))


def in_any_order(*parts: str) -> tuple[str, ...]:
    """Two parts of a sentence, of which either may come first."""
    first, second = parts
    return (f"{first} {second}", f"{second} {first}")


def other_kinds(noun: Noun) -> tuple[str, ...]:
    """What a thing surely is not: "a tool" for an apple.

    Nothing that could be said of it too: a fruit is something to eat, a robot a machine, and what is not to look at?
    """
    alike = next((kinds for kinds in _ALIKE if noun.category_name in kinds), {noun.category_name})
    return tuple(sorted({other.category_name for other in of_a_kind()} - alike))


def asked_about(scene: Scene, kind: str, is_so: bool) -> tuple[dict[str, str], Noun, str]:
    """The words of a question whether a thing is of a kind, the thing, and the kind that is asked about.

    Thing, property and kind are a combination of the scene's side for the session type `kind`.
    """
    nouns = of_a_kind()
    if not is_so:  # an even draw of kinds, which is also a quicker one
        named = scene.pick(sorted({noun.category_name for noun in nouns}))
        nouns = tuple(noun for noun in nouns if noun.category_name == named)
    seen = [
        (noun, property, asked)
        for noun in nouns
        for property in noun.properties
        for asked in ((noun.category_name,) if is_so else other_kinds(noun))
    ]
    noun, property, asked = scene.draw(seen, lambda each: f"{each[1]} {each[0].singular}/{each[2]}", kind, "answers")
    return {
        "noun": noun.singular,
        "a_noun": a(noun.singular),
        "property": property,
        "a_property_noun": a(f"{property} {noun.singular}"),
        "kind": noun.category_name,
        "asked": asked,
        "yes": "yes" if is_so else "no",
    }, noun, asked  # fmt: skip
