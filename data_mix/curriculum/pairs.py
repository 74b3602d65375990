"""Minimal pairs: two sentences of the grammar's words that differ in one thing, of which a speaker finds one likelier.

Warstadt et al. 2020 call such sets a BLiMP. As many are right by the longer sentence as by the shorter one, so that
nobody is right who likes short texts, and most forms that are wrong in some pairs are right in others.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from data_mix.curriculum.chooser import Sampler
from data_mix.curriculum.clauses import ORDER, Clause, Parts
from data_mix.curriculum.config import CurriculumConfig
from data_mix.curriculum.heldout import Space, held_out
from data_mix.curriculum.templates import capitalise

_TRIES = 100
Pair = tuple[str, str]
"""What is right and what is not."""


@dataclass(frozen=True, kw_only=True)
class Phenomenon:
    """What a pair can be about."""

    frames: tuple[str, ...]
    """Clauses that can show it."""
    spoil: Callable[[random.Random, Clause, Parts], str | None]
    """The wrong core for a clause and its parts; None where this one does not show it."""

    def pairs(self, rng: random.Random, clause: Callable[[tuple[str, ...]], Clause], count: int) -> list[Pair]:
        """`count` pairs about it, all different; `clause` draws a clause in one of some frames."""
        found, tries, longer = dict[Pair, None](), 0, 0
        while len(found) < count:
            tries += 1
            if tries > count * _TRIES:
                raise ValueError(f"only {len(found)} pairs after {tries} clauses")
            drawn = clause(self.frames)
            spoilt = self.spoil(rng, drawn, drawn.parts(False))
            if spoilt is None:
                continue
            pair = _sentence(drawn, drawn.core(False)), _sentence(drawn, spoilt)
            difference = len(pair[0]) - len(pair[1])
            if pair not in found and difference * longer <= 0:
                longer += (difference > 0) - (difference < 0)
                found[pair] = None
        return list(found)


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
    "subject-verb agreement": Phenomenon(frames=("habit",), spoil=_agrees),
    "agreement of be": Phenomenon(frames=("now",), spoil=_be_agrees),
    "negation: base form": Phenomenon(frames=("not",), spoil=_base_after_helper),
    "negation: order": Phenomenon(frames=("not",), spoil=_helper_first),
    "modal: base form": Phenomenon(frames=("can", "want"), spoil=_base_after_helper),
    "modal: order": Phenomenon(frames=("can", "now"), spoil=_helper_first),
    "tense and time": Phenomenon(frames=("past",), spoil=_past_in_the_past),
    "counting": Phenomenon(frames=("past", "habit", "can"), spoil=_counts),
    "article": Phenomenon(frames=("past", "habit", "can"), spoil=_article),
    "word order: object": Phenomenon(frames=("past", "habit", "can"), spoil=_object_after_verb),
    "word order: noun phrase": Phenomenon(frames=("past", "habit", "now"), spoil=_noun_last),
    "word order: preposition": Phenomenon(frames=("past", "habit", "now"), spoil=_preposition_first),
}


def held_out_pairs(count: int, seed: int = 0) -> dict[str, list[Pair]]:
    """`count` pairs of each phenomenon, about verbs with objects that a mix of that seed keeps out of its rows."""
    fields = CurriculumConfig.model_fields
    held = held_out(seed, fields["held_out_pairs"].default, fields["held_out_triples"].default)
    space = Space("unseen_pairs", held, ())

    def drawn(phenomenon: Phenomenon, rng: random.Random) -> list[Pair]:
        sampler = Sampler(rng)
        return phenomenon.pairs(rng, lambda frames: space.clause(sampler, frames=frames), count)

    return {name: drawn(each, random.Random(f"{seed}/{name}")) for name, each in PHENOMENA.items()}


def _sentence(clause: Clause, core: str) -> str:
    return f"{capitalise(clause.dress(core, False))}."
