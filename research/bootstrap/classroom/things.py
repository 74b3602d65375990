"""The things of the lexicon, and how they are spoken of in tasks."""

from __future__ import annotations

from collections.abc import Sequence
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


def told(noun: Noun, *verbs: str) -> list[tuple[str, str]]:
    """The deeds that are named where a thing is shown, seen or used."""
    return [(verb.base, noun.singular) for verb in lexicon().verbs if verb.base in verbs and noun in verb.objects]


def described(scene: Scene, options: Sequence[Noun], *verbs: str) -> tuple[Noun, str]:
    """One of `options` and how it is, which is what the task is about; it is told by `verbs`."""

    def candidate() -> tuple[Noun, str]:
        noun = scene.pick(options)
        return noun, scene.pick(noun.properties)

    return scene.draw(candidate, lambda pair: (pair[1], pair[0].singular), lambda pair: told(pair[0], *verbs))


def somebody(scene: Scene, *words: str) -> Person:
    """Anybody who may stand beside each of `words`: what they have, what they feel, who else is there."""
    return scene.draw_beside(lambda: scene.pick(names()), lambda person: [(person.self_name, word) for word in words])


def another(scene: Scene, person: Person, *words: str) -> Person:
    """Somebody else who may stand beside each of `words`."""
    others = tuple(each for each in names() if each != person)
    beside = (person.self_name, *words)
    return scene.draw_beside(lambda: scene.pick(others), lambda other: [(other.self_name, word) for word in beside])


def asked_about(scene: Scene, is_so: bool) -> tuple[dict[str, str], Noun]:
    """The words of a question whether a thing is of a kind, and the thing."""
    noun, property = described(scene, of_a_kind(), "look", "show")
    return {
        "noun": noun.singular,
        "a_noun": a(noun.singular),
        "property": property,
        "a_property_noun": a(f"{property} {noun.singular}"),
        "kind": noun.category_name,
        "asked": noun.category_name if is_so else scene.pick(other_kinds(noun)),
        "yes": "yes" if is_so else "no",
    }, noun
