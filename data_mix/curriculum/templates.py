"""Templates: text with {slots}, filled through a chooser so that a reader can follow them piece by piece."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from data_mix.curriculum.chooser import Chooser

Slots = Callable[[str], str]
"""Slot name -> its words. May make choices of its own."""

_SLOT = re.compile(r"\{(\w+)\}")


@cache
def _pieces(template: str) -> tuple[str, ...]:
    """Literal, slot, literal, slot, …, literal."""
    return tuple(_SLOT.split(template))


def capitalise(text: str) -> str:
    """The first letter in upper case, the others as they are."""
    return text[:1].upper() + text[1:]


def template_fits(template: str, rest: str) -> bool:
    """Are all literal pieces of the template still to be read?"""
    return all(literal in rest for literal in _pieces(template)[::2])


def shows(*forms: str) -> Callable[[str], bool]:
    """A test: does a text contain one of these forms, with a capital or without?"""
    tails = [form[1:] for form in forms]
    return lambda rest: any(tail in rest for tail in tails)


def say(chooser: Chooser, template: str, slots: Slots) -> None:
    """Write a template out; a slot with a capital first letter is capitalised."""
    for index, piece in enumerate(_pieces(template)):
        if index % 2 == 0:
            chooser.say(piece)
        elif piece[0].isupper():
            chooser.say(capitalise(slots(piece[0].lower() + piece[1:])))
        else:
            chooser.say(slots(piece))


def say_one_of(chooser: Chooser, templates: tuple[str, ...], slots: Slots) -> None:
    """Choose a template and write it out."""
    say(chooser, chooser.pick(templates, template_fits), slots)
