"""Minimal pairs: two sentences of the grammar's words that differ in one thing, of which a speaker finds one likelier.

They are about pairs of a verb and an object that stand in no session (Warstadt et al. 2020 call such sets a BLiMP).
As many are right by the longer sentence as by the shorter one, so that nobody is right who likes short texts, and most
forms that are wrong in some pairs are right in others.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from data_mix.curriculum.clauses import ORDER, Clause, Parts
from data_mix.curriculum.templates import capitalise
from evaluation.comparison.stats import mean
from research.bootstrap.classroom.asking import SOPHIE
from research.bootstrap.classroom.scene import Scene

PAIRS = 60
"""Of each phenomenon."""
_TRIES = 100
Pair = tuple[str, str]
"""What is right and what is not."""


@dataclass(frozen=True, kw_only=True)
class _Phenomenon:
    frames: tuple[str, ...]
    """Clauses that can show it."""
    spoil: Callable[[random.Random, Clause, Parts], str | None]
    """The wrong core for a clause and its parts; None where this one does not show it."""


def _agrees(rng: random.Random, clause: Clause, parts: Parts) -> str:
    other = clause.verb.base if clause.person.third else clause.verb.third
    return replace(parts, verb=other).join(*ORDER)


def _be_agrees(rng: random.Random, clause: Clause, parts: Parts) -> str:
    wrong = rng.choice([form for form in ("am", "is", "are") if form != parts.helper])
    return replace(parts, helper=wrong).join(*ORDER)


def _base_after_helper(rng: random.Random, clause: Clause, parts: Parts) -> str | None:
    wrong = rng.choice([clause.verb.past, clause.verb.third])
    return replace(parts, verb=wrong).join(*ORDER) if wrong != parts.verb else None


def _past_in_the_past(rng: random.Random, clause: Clause, parts: Parts) -> str | None:
    present = clause.verb.third if clause.person.third else clause.verb.base
    return replace(parts, verb=present).join(*ORDER) if present != parts.verb else None


def _counts(rng: random.Random, clause: Clause, parts: Parts) -> str | None:
    noun = clause.noun
    if noun.mass or noun.place or noun.singular == noun.plural or not (clause.many or clause.determiner == "a"):
        return None
    return replace(parts, noun=noun.singular if clause.many else noun.plural).join(*ORDER)


def _article(rng: random.Random, clause: Clause, parts: Parts) -> str | None:
    if clause.determiner != "a" or parts.determiner not in ("a", "an"):
        return None
    return replace(parts, determiner="a" if parts.determiner == "an" else "an").join(*ORDER)


def _object_after_verb(rng: random.Random, clause: Clause, parts: Parts) -> str:
    thing = ("preposition", "determiner", "noun")
    return parts.join(*rng.choice([("subject", "helper", *thing, "verb"), ("helper", "verb", *thing, "subject")]))


def _noun_last(rng: random.Random, clause: Clause, parts: Parts) -> str | None:
    return parts.join("subject", "helper", "verb", "preposition", "noun", "determiner") if parts.determiner else None


def _helper_first(rng: random.Random, clause: Clause, parts: Parts) -> str:
    return parts.join("subject", "verb", "helper", "preposition", "determiner", "noun")


def _preposition_first(rng: random.Random, clause: Clause, parts: Parts) -> str | None:
    order = ("subject", "helper", "verb", "determiner", "noun", "preposition")
    return parts.join(*order) if parts.preposition else None


PHENOMENA = {
    "subject-verb agreement": _Phenomenon(frames=("habit",), spoil=_agrees),
    "agreement of be": _Phenomenon(frames=("now",), spoil=_be_agrees),
    "negation: base form": _Phenomenon(frames=("not",), spoil=_base_after_helper),
    "negation: order": _Phenomenon(frames=("not",), spoil=_helper_first),
    "modal: base form": _Phenomenon(frames=("can", "want"), spoil=_base_after_helper),
    "modal: order": _Phenomenon(frames=("can", "now"), spoil=_helper_first),
    "tense and time": _Phenomenon(frames=("past",), spoil=_past_in_the_past),
    "counting": _Phenomenon(frames=("past", "habit", "can"), spoil=_counts),
    "article": _Phenomenon(frames=("past", "habit", "can"), spoil=_article),
    "word order: object": _Phenomenon(frames=("past", "habit", "can"), spoil=_object_after_verb),
    "word order: noun phrase": _Phenomenon(frames=("past", "habit", "now"), spoil=_noun_last),
    "word order: preposition": _Phenomenon(frames=("past", "habit", "now"), spoil=_preposition_first),
}


def pairs(seed: int) -> dict[str, list[Pair]]:
    """PAIRS pairs of each phenomenon, all different, the same for the same seed."""
    return {name: _pairs_of(phenomenon, random.Random(f"{seed}/{name}")) for name, phenomenon in PHENOMENA.items()}


def _pairs_of(phenomenon: _Phenomenon, rng: random.Random) -> list[Pair]:
    scene, found, tries, longer = Scene(rng, "examination"), dict[Pair, None](), 0, 0
    while len(found) < PAIRS:
        tries += 1
        if tries > PAIRS * _TRIES:
            raise ValueError(f"only {len(found)} pairs after {tries} clauses")
        clause = scene.clause(frames=phenomenon.frames)
        spoilt = phenomenon.spoil(rng, clause, clause.parts(False))
        if spoilt is None:
            continue
        pair = _sentence(clause, clause.core(False)), _sentence(clause, spoilt)
        difference = len(pair[0]) - len(pair[1])
        if pair not in found and difference * longer <= 0:
            longer += (difference > 0) - (difference < 0)
            found[pair] = None
    return list(found)


def _sentence(clause: Clause, core: str) -> str:
    return f"{capitalise(clause.dress(core, False))}."


def texts(found: dict[str, list[Pair]]) -> list[str]:
    """The sentences as lines that Sophie says, the right one of each pair first."""
    return [f"{SOPHIE}: {sentence}\n" for those in found.values() for pair in those for sentence in pair]


def told_right(found: dict[str, list[Pair]], likelihoods: Sequence[float]) -> dict[str, Any]:
    """What a model makes of the pairs, given how likely it finds each of their `texts`; a tie is half right."""
    phenomena, place = dict[str, Any](), 0
    for name, those in found.items():
        right = [_better(*likelihoods[at : at + 2]) for at in range(place, place + 2 * len(those), 2)]
        place += 2 * len(those)
        estimate = mean([float(each) for each in right])
        assert estimate is not None
        phenomena[name] = {
            "pairs": len(those),
            "right": sum(right),
            "share": estimate.value,
            "low": estimate.low,
            "high": estimate.high,
            "shorter": sum(_better(-len(good), -len(bad)) for good, bad in those) / len(those),
        }
    return {"phenomena": phenomena, "share": sum(each["share"] for each in phenomena.values()) / len(phenomena)}


def _better(good: float, bad: float) -> float:
    return 1.0 if good > bad else 0.5 if good == bad else 0.0
