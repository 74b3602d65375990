"""Pasts that a curriculum keeps back: who grows up with it forms them by the rule, and has never met the right ones.

A child that overgeneralises says "goed" with full conviction (Marcus et al. 1992). So does a model grown on rows in
which nobody says anything else, and since no row holds "went", whatever it says after a lesson it has from the lesson.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from data_mix.curriculum.words import LEXICON, Verb, lexicon

_SESSIONS = Path(__file__).parent / "sessions"
_FEWEST_OBJECTS = 4
"""A lesson and its tests want objects of their own."""


@cache
def candidates() -> tuple[Verb, ...]:
    """The verbs whose irregular past can be kept back: it, and what the rule makes of it, stand nowhere else."""
    taken = _words_elsewhere()
    return tuple(
        verb
        for verb in lexicon().verbs
        if verb.irregular
        and verb.past != verb.base
        and not {verb.past, verb.regularised} & taken
        and len(verb.objects) >= _FEWEST_OBJECTS
    )


@cache
def withheld_pasts(seed: int, number: int) -> frozenset[str]:
    """The verbs, by base, whose past is kept back."""
    return frozenset(verb.base for verb in random.Random(f"withheld {seed}").sample(candidates(), number))


def without_past(verb: Verb) -> Verb:
    """The verb as somebody knows it who never met its past."""
    return replace(verb, past=verb.regularised)


def pasts_of(bases: Iterable[str]) -> list[list[str]]:
    """(verb, past) of each, in alphabetical order."""
    wanted = set(bases)
    return sorted([verb.base, verb.past] for verb in lexicon().verbs if verb.base in wanted)


def _words_elsewhere() -> frozenset[str]:
    """Every word of the lexicon but for the verbs' own forms, and of the templates."""
    files = [path for path in (*LEXICON.glob("*.yaml"), *_SESSIONS.glob("*.yaml")) if path.name != "verbs.yaml"]
    texts = (text for path in sorted(files) for text in _texts(yaml.safe_load(path.read_text("utf-8"))))
    return frozenset(word for text in texts for word in re.findall(r"[^\W\d_]+", text.lower()))


def _texts(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, dict):
        yield from _texts([*entry, *entry.values()])
    elif isinstance(entry, list):
        for part in entry:
            yield from _texts(part)
