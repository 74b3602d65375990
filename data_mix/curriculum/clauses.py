"""Clauses: who does what to what, and how it is said, by the one who speaks and by the one who retells it."""

from __future__ import annotations

from dataclasses import dataclass

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
    time: str = ""
    time_first: bool = False
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
            subject=person.other_name if other else person.self_name,
            helper=helper,
            verb=form,
            preposition=verb.preposition,
            determiner=determiner,
            noun=noun,
        )

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
