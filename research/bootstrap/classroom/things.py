"""The things of the lexicon, and how they are spoken of in tasks."""

from __future__ import annotations

from functools import cache

from data_mix.curriculum.words import Noun, Person, Verb, lexicon


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
    """What things of other kinds are called: "a tool" for an apple."""
    return tuple(sorted({other.category_name for other in things()} - {noun.category_name}))
