"""Clauses: who does what to what, how it is said correctly, and how a learner gets it wrong.

A mistake is a rule applied to a correct clause, so what the learner meant is always known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from data_mix.curriculum.words import Noun, Person, Verb, lexicon

FRAMES = {"past": "past", "habit": "habit", "now": "now", "not": "past", "can": "future", "want": "future"}
"""Frame of a sentence -> the times that go with it."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A clause as words, not yet in order."""

    subject: str
    helper: str
    verb: str
    preposition: str
    determiner: str
    noun: str

    def join(self, *names: str) -> str:
        """The named parts, in the order named."""
        return " ".join(word for word in (getattr(self, name) for name in names) if word)


ORDER = ("subject", "helper", "verb", "preposition", "determiner", "noun")


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One event, with everything needed to say it in anybody's person."""

    person: Person
    verb: Verb
    noun: Noun
    determiner: str
    """the | a | some | own | a number"""
    frame: str
    time: str
    time_first: bool
    manner: str = ""
    feeling: str | None = None

    def parts(self, other: bool) -> Parts:
        """The words of the speaker, or (`other`) of the listener who retells it."""
        person, verb = self.person, self.verb
        helper, form = {
            "past": ("", verb.past),
            "habit": ("", verb.third if person.third else verb.base),
            "now": (self.be(other), verb.ing),
            "not": ("did not", verb.base),
            "can": ("can", verb.base),
            "want": ("wants to" if person.third else "want to", verb.base),
        }[self.frame]
        determiner, noun = self.determiner, self.noun.singular
        if determiner == "own":
            determiner = person.other_own if other else person.self_own
        elif determiner == "a":
            determiner = self.noun.article
        elif self.many:
            noun = self.noun.plural
        return Parts(
            subject=person.other_name if other else person.self_name, helper=helper, verb=form,
            preposition=verb.preposition, determiner=determiner, noun=noun,
        )  # fmt: skip

    @property
    def many(self) -> bool:
        """Is the noun in the plural?"""
        return self.determiner in lexicon().conversation["numbers"]

    def be(self, other: bool, past: bool = False) -> str:
        """The form of "to be" that agrees with the person."""
        if past:
            return "was" if self.person.third or (self.person.self_name == "I" and not other) else "were"
        if self.person.third:
            return "is"
        return "are" if other or self.person.self_name != "I" else "am"

    def core(self, other: bool) -> str:
        """Subject, verb and object."""
        return self.parts(other).join(*ORDER)

    def full(self, other: bool) -> str:
        """The whole sentence, without capital and full stop."""
        return self.dress(self.core(other), other)

    def dress(self, core: str, other: bool) -> str:
        """Add the time, the manner and the reason to a core, correct or not."""
        text = f"{self.time} {core}" if self.time_first else core
        if self.manner:
            text += f" {self.manner}"
        if not self.time_first:
            text += f" {self.time}"
        if self.feeling:
            person = self.person
            subject = person.pronoun if person.third else (person.other_name if other else person.self_name)
            text += f", because {subject} {self.be(other, past=self.frame in ('past', 'not'))} {self.feeling}"
        return text


Spoil = Callable[[Parts, Clause, int], tuple[Parts, tuple[str, ...]]]


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A rule that spoils a correct clause in one known way."""

    name: str
    focus: tuple[str, ...]
    """the parts that the correction puts right, as said in a correction: "went", "an apple" """
    spoil: Spoil
    determiners: Callable[[Noun], tuple[str, ...]]
    verb_fits: Callable[[Verb], bool] = lambda verb: True
    noun_fits: Callable[[Noun], bool] = lambda noun: True
    third: bool | None = None
    """must (True) or must not (False) be said of a third person; None: of anybody"""
    time_first: bool | None = None
    variants: int = 1
    """in how many ways the rule can spoil"""

    @cached_property
    def frames(self) -> tuple[str, ...]:
        return tuple(lexicon().mistakes[self.name]["frames"])

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


def _words(**rules: Callable[[Parts, Clause, int], str]) -> Spoil:
    """A rule that replaces some parts and leaves their order."""

    def spoil(parts: Parts, clause: Clause, variant: int) -> tuple[Parts, tuple[str, ...]]:
        return replace(parts, **{name: rule(parts, clause, variant) for name, rule in rules.items()}), ORDER

    return spoil


def _order(*order: str) -> Spoil:
    """A rule that keeps the words and moves them."""
    return lambda parts, clause, variant: (parts, order)


def usual_determiners(noun: Noun) -> tuple[str, ...]:
    """What can stand before a noun."""
    return ("the",) if noun.place else ("the", "some") if noun.mass else ("the", "a", "own")


def _wrong_preposition(parts: Parts, clause: Clause, variant: int) -> str:
    return str(lexicon().conversation["wrong_prepositions"][clause.verb.preposition][variant])


def _spoil_uncountable(parts: Parts, clause: Clause, variant: int) -> tuple[Parts, tuple[str, ...]]:
    if variant:
        return replace(parts, noun=clause.noun.plural), ORDER
    return replace(parts, determiner="an" if parts.noun[0] in "aeiou" else "a"), ORDER


_KEPT = {"determiners": usual_determiners}
MISTAKES = {
    mistake.name: mistake
    for mistake in (
        Mistake(name="past_tense", focus=("verb",), spoil=_words(verb=lambda p, c, v: c.verb.base), **_KEPT,
                verb_fits=lambda verb: verb.past != verb.base),
        Mistake(name="regularised_past", focus=("verb",), spoil=_words(verb=lambda p, c, v: c.verb.regularised), **_KEPT,
                verb_fits=lambda verb: verb.irregular and verb.past != verb.base),
        Mistake(name="agreement", focus=("verb",), spoil=_words(verb=lambda p, c, v: c.verb.base), **_KEPT, third=True),
        Mistake(name="plural", focus=("determiner", "noun"), spoil=_words(noun=lambda p, c, v: c.noun.singular),
                determiners=lambda noun: tuple(lexicon().conversation["numbers"]),
                noun_fits=lambda noun: not (noun.mass or noun.place)),
        Mistake(name="article_missing", focus=("determiner", "noun"), spoil=_words(determiner=lambda p, c, v: ""),
                determiners=lambda noun: ("the",) if noun.place else ("a",), noun_fits=lambda noun: not noun.mass),
        Mistake(name="article_form", focus=("determiner", "noun"), determiners=lambda noun: ("a",),
                spoil=_words(determiner=lambda p, c, v: "a" if c.noun.article == "an" else "an"),
                noun_fits=lambda noun: not (noun.mass or noun.place)),
        Mistake(name="preposition_wrong", focus=("verb", "preposition"), spoil=_words(preposition=_wrong_preposition),
                **_KEPT, verb_fits=lambda verb: bool(verb.preposition), variants=2),
        Mistake(name="preposition_missing", focus=("verb", "preposition"), spoil=_words(preposition=lambda p, c, v: ""),
                **_KEPT, verb_fits=lambda verb: bool(verb.preposition)),
        Mistake(name="object_first", focus=("verb", "preposition", "determiner", "noun"), **_KEPT,
                spoil=_order("subject", "preposition", "determiner", "noun", "verb")),
        Mistake(name="verb_second", focus=("subject", "verb"), **_KEPT, time_first=True,
                spoil=_order("verb", "subject", "preposition", "determiner", "noun")),
        Mistake(name="pronoun_gender", focus=("determiner", "noun"), third=True, determiners=lambda noun: ("own",),
                spoil=_words(determiner=lambda p, c, v: "his" if c.person.woman else "her"),
                noun_fits=lambda noun: not (noun.mass or noun.place)),
        Mistake(name="uncountable", focus=("determiner", "noun"), spoil=_spoil_uncountable, variants=2,
                determiners=lambda noun: ("some",), noun_fits=lambda noun: noun.mass),
        Mistake(name="progressive", focus=("helper", "verb"), spoil=_words(helper=lambda p, c, v: ""), **_KEPT),
        Mistake(name="negation", focus=("helper", "verb"), spoil=_words(helper=lambda p, c, v: "no"), **_KEPT),
        Mistake(name="double_past", focus=("helper", "verb"), spoil=_words(verb=lambda p, c, v: c.verb.past), **_KEPT,
                verb_fits=lambda verb: verb.past != verb.base),
        Mistake(name="modal", focus=("helper", "verb"), spoil=_words(helper=lambda p, c, v: "can to"), **_KEPT),
        Mistake(name="infinitive", focus=("helper", "verb"), **_KEPT,
                spoil=_words(helper=lambda p, c, v: p.helper.removesuffix(" to"))),
    )
}  # fmt: skip
"""Every mistake by its name; tests compare the names with lexicon/mistakes.yaml."""
