"""Mistakes: rules that spoil a correct clause in one known way, so what the learner meant is always known.

What a tutor can say about each, and whose mistake it typically is, stands in lexicon/mistakes.yaml.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from data_mix.curriculum.clauses import ORDER, Clause, Parts
from data_mix.curriculum.words import Noun, Verb, lexicon


def usual_determiners(noun: Noun) -> tuple[str, ...]:
    """What can stand before a noun."""
    return ("the",) if noun.place else ("the", "some") if noun.mass else ("the", "a", "own")


Spoil = Callable[[Parts, Clause, int], tuple[Parts, tuple[str, ...]]]


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A rule that spoils a correct clause in one known way."""

    name: str
    focus: tuple[str, ...]
    """the parts that the correction puts right, as said in a correction: "went", "an apple" """
    spoil: Spoil
    determiners: Callable[[Noun], tuple[str, ...]] = usual_determiners
    """what may stand before the noun"""
    verb_fits: Callable[[Verb], bool] = lambda verb: True
    noun_fits: Callable[[Noun], bool] = lambda noun: True
    third: bool | None = None
    """must (True) or must not (False) be said of a third person; None: of anybody"""
    alone: bool = False
    """must be said of the speaker alone, for nothing else in the sentence tells who it is"""
    time_first: bool | None = None
    variants: int = 1
    """in how many ways the rule can spoil"""

    @cached_property
    def frames(self) -> tuple[str, ...]:
        return tuple(lexicon().changes[self.name]["frames"])

    @cached_property
    def languages(self) -> tuple[str, ...]:
        return tuple(lexicon().mistakes[self.name]["languages"])

    def wrong(self, clause: Clause, variant: int, other: bool) -> str:
        """The spoilt core."""
        parts, order = self.spoil(clause.parts(other), clause, variant)
        return parts.join(*order)

    def spans(self, clause: Clause, variant: int) -> tuple[str, str]:
        """What was said and what was meant, in the tutor's person, narrowed to the words in question."""
        parts = clause.parts(True)
        spoilt, order = self.spoil(parts, clause, variant)
        return spoilt.join(*(name for name in order if name in self.focus)), parts.join(*self.focus)


def words_replaced(**rules: Callable[[Parts, Clause, int], str]) -> Spoil:
    """A rule that replaces some parts and leaves their order."""

    def spoil(parts: Parts, clause: Clause, variant: int) -> tuple[Parts, tuple[str, ...]]:
        return replace(parts, **{name: rule(parts, clause, variant) for name, rule in rules.items()}), ORDER

    return spoil


def _order(*order: str) -> Spoil:
    """A rule that keeps the words and moves them."""
    return lambda parts, clause, variant: (parts, order)


def _wrong_preposition(parts: Parts, clause: Clause, variant: int) -> str:
    return str(lexicon().conversation["wrong_prepositions"][clause.verb.preposition][variant])


def _spoil_uncountable(parts: Parts, clause: Clause, variant: int) -> tuple[Parts, tuple[str, ...]]:
    if variant:
        return replace(parts, noun=clause.noun.plural), ORDER
    return replace(parts, determiner="an" if parts.noun[0] in "aeiou" else "a"), ORDER


MISTAKES = {
    mistake.name: mistake
    for mistake in (
        Mistake(
            name="past_tense",
            focus=("verb",),
            spoil=words_replaced(verb=lambda p, c, v: c.verb.base),
            verb_fits=lambda verb: verb.past != verb.base,
        ),
        Mistake(
            name="regularised_past",
            focus=("verb",),
            spoil=words_replaced(verb=lambda p, c, v: c.verb.regularised),
            verb_fits=lambda verb: verb.irregular and verb.past != verb.base,
        ),
        Mistake(name="agreement", focus=("verb",), spoil=words_replaced(verb=lambda p, c, v: c.verb.base), third=True),
        Mistake(
            name="plural",
            focus=("determiner", "noun"),
            spoil=words_replaced(noun=lambda p, c, v: c.noun.singular),
            determiners=lambda noun: tuple(lexicon().conversation["numbers"]),
            noun_fits=lambda noun: not (noun.mass or noun.place),
        ),
        Mistake(
            name="article_missing",
            focus=("determiner", "noun"),
            spoil=words_replaced(determiner=lambda p, c, v: ""),
            determiners=lambda noun: ("the",) if noun.place else ("a",),
            noun_fits=lambda noun: not noun.mass,
        ),
        Mistake(
            name="article_form",
            focus=("determiner", "noun"),
            determiners=lambda noun: ("a",),
            spoil=words_replaced(determiner=lambda p, c, v: "a" if c.noun.article == "an" else "an"),
            noun_fits=lambda noun: not (noun.mass or noun.place),
        ),
        Mistake(
            name="preposition_wrong",
            focus=("verb", "preposition"),
            spoil=words_replaced(preposition=_wrong_preposition),
            verb_fits=lambda verb: bool(verb.preposition),
            variants=2,
        ),
        Mistake(
            name="preposition_missing",
            focus=("verb", "preposition"),
            spoil=words_replaced(preposition=lambda p, c, v: ""),
            verb_fits=lambda verb: bool(verb.preposition),
        ),
        Mistake(
            name="object_first",
            focus=("verb", "preposition", "determiner", "noun"),
            spoil=_order("subject", "preposition", "determiner", "noun", "verb"),
        ),
        Mistake(
            name="verb_second",
            focus=("subject", "verb"),
            time_first=True,
            spoil=_order("verb", "subject", "preposition", "determiner", "noun"),
        ),
        Mistake(
            name="pronoun_gender",
            focus=("determiner", "noun"),
            third=True,
            determiners=lambda noun: ("own",),
            spoil=words_replaced(determiner=lambda p, c, v: "his" if c.person.woman else "her"),
            noun_fits=lambda noun: not (noun.mass or noun.place),
        ),
        Mistake(
            name="uncountable",
            focus=("determiner", "noun"),
            spoil=_spoil_uncountable,
            variants=2,
            determiners=lambda noun: ("some",),
            noun_fits=lambda noun: noun.mass,
        ),
        Mistake(name="progressive", focus=("helper", "verb"), spoil=words_replaced(helper=lambda p, c, v: "")),
        Mistake(name="negation", focus=("helper", "verb"), spoil=words_replaced(helper=lambda p, c, v: "no")),
        Mistake(
            name="double_past",
            focus=("helper", "verb"),
            spoil=words_replaced(verb=lambda p, c, v: c.verb.past),
            verb_fits=lambda verb: verb.past != verb.base,
        ),
        Mistake(name="modal", focus=("helper", "verb"), spoil=words_replaced(helper=lambda p, c, v: "can to")),
        Mistake(
            name="infinitive",
            focus=("helper", "verb"),
            spoil=words_replaced(helper=lambda p, c, v: p.helper.removesuffix(" to")),
        ),
    )
}
"""The core's mistakes by name; tests compare the names with lexicon/mistakes.yaml."""

L2_MISTAKES = {
    mistake.name: mistake
    for mistake in (
        Mistake(
            name="subject_dropped",
            focus=("subject", "helper", "verb"),
            alone=True,
            spoil=words_replaced(subject=lambda p, c, v: ""),
        ),
        Mistake(
            name="double_negative",
            focus=("determiner", "noun"),
            determiners=lambda noun: ("a",),
            spoil=words_replaced(determiner=lambda p, c, v: "no"),
            noun_fits=lambda noun: not (noun.mass or noun.place),
        ),
    )
}
"""Those that only learners with Spanish as their first language make; tests compare the names with lexicon/l2.yaml."""
