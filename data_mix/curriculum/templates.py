"""Templates: text with {slots}, filled through a chooser so that a reader can follow them piece by piece."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache

from data_mix.curriculum.chooser import Chooser

Slots = Callable[[str], str]
"""Slot name -> its words. May make choices of its own."""

_SLOT = re.compile(r"\{(\w+)\}")


@cache
def pieces(template: str) -> tuple[str, ...]:
    """Literal, slot, literal, slot, …, literal."""
    return tuple(_SLOT.split(template))


def capitalise(text: str) -> str:
    """The first letter in upper case, the others as they are."""
    return text[:1].upper() + text[1:]


def template_fits(template: str, rest: str) -> bool:
    """Are all literal pieces of the template still to be read?"""
    return all(literal in rest for literal in pieces(template)[::2])


def any_fits(templates: Iterable[str], rest: str) -> bool:
    """Is one of the templates still to be read?"""
    return any(template_fits(template, rest) for template in templates)


def shows(rest: str, *forms: str) -> bool:
    """Does a text contain one of these forms, with capitals or without?"""
    lower = _lower(rest)
    return any(form.lower() in lower for form in forms)


@lru_cache(maxsize=1024)
def _lower(text: str) -> str:
    return text.lower()


@lru_cache(maxsize=1024)
def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W\d_]+", text.lower()))


def has_word(rest: str, *words: str) -> bool:
    """Does a text contain one of these words, whole?"""
    return any(word.lower() in _words(rest) for word in words)


def say(chooser: Chooser, template: str, slots: Slots) -> None:
    """Write a template out; a slot with a capital first letter is capitalised."""
    for index, piece in enumerate(pieces(template)):
        if index % 2 == 0:
            chooser.say(piece)
        elif piece[0].isupper():
            chooser.say(capitalise(slots(piece[0].lower() + piece[1:])))
        else:
            chooser.say(slots(piece))


def say_one_of(chooser: Chooser, templates: tuple[str, ...], slots: Slots) -> None:
    """Choose a template and write it out."""
    say(chooser, chooser.pick(templates, template_fits), slots)
