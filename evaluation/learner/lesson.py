"""A lesson about one form: what the learner has to tell in it, and sentences in which it is tested before and after.

What a scene is about is drawn from the curriculum's lexicon by the case's name, so that a lesson is the same whoever
gives it. The things of which the lesson speaks are none of those of its tests.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache

from data_mix.curriculum.clauses import Clause
from data_mix.curriculum.mistakes import usual_determiners
from data_mix.curriculum.sessions.classroom import cards
from data_mix.curriculum.templates import capitalise
from data_mix.curriculum.words import I, Noun, Verb, lexicon

ASKER = "Tutor"
TESTED = 6
"""Sentences in which the item is tested."""
OTHERS = 4
"""Items that are not taught, and forms that the learner grew up with, of each a sentence."""
_MOST_TAUGHT = 3
"""Things of which a lesson speaks at most; what is left is for the tests."""
_CARDS_IN_ORDER = (0, 1, 2, 3)


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A sentence about the past that somebody has to say."""

    clause: Clause
    """What it says, its verb with all forms right."""

    @property
    def cards(self) -> str:
        """Its words as headwords, as the curriculum's exercise lays them on the table."""
        return cards(self.clause, _CARDS_IN_ORDER)

    @property
    def right(self) -> str:
        """As it should be."""
        return self.saying(self.clause.verb.past)

    @property
    def wrong(self) -> tuple[str, str]:
        """With the past by the rule, and with none."""
        return self.saying(self.clause.verb.regularised), self.saying(self.clause.verb.base)

    def saying(self, form: str) -> str:
        """With `form` in the place of the past."""
        said = replace(self.clause, verb=replace(self.clause.verb, past=form)).full(False)
        return capitalise(said) + "."

    @property
    def question(self) -> str:
        """What somebody asks to whom it is the answer."""
        person, verb = self.clause.person.other_name, self.clause.verb
        return f"{ASKER}: What did {person} {' '.join(filter(None, (verb.base, verb.preposition)))}?"

    @property
    def retold(self) -> str:
        """The clause in the words of who listens: "you wrote a letter"."""
        return self.clause.core(True)


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """One item, what is told in its lesson, and its tests."""

    verb: Verb
    """Whose past is to be learned."""
    scenes: tuple[Sentence, ...]
    """What the learner has to tell, in this order."""
    tests: tuple[Sentence, ...]
    """Of the item, about other things."""
    others: tuple[Sentence, ...]
    """Of other items that were kept from the learner."""
    kept: tuple[Sentence, ...]
    """Of verbs whose irregular past it grew up with."""


@cache
def lesson(name: str, base: str, withheld: frozenset[str], turns: int) -> Lesson:
    """The lesson of the case `name` about the verb `base`; `withheld` are all items that were kept from the learner."""
    draw = random.Random(f"lesson {name}")
    verb = verb_of(base)
    objects = draw.sample(verb.objects, len(verb.objects))
    taught = max(1, min(_MOST_TAUGHT, len(objects) // 2))
    pasts = [each for each in lexicon().verbs if each.irregular and each.past != each.base]
    others = [each for each in pasts if each.base in withheld and each is not verb]
    kept = [each for each in pasts if each.base not in withheld]
    return Lesson(
        verb=verb,
        scenes=tuple(_sentence(draw, verb, objects[at % taught]) for at in range(turns)),
        tests=tuple(_sentence(draw, verb, objects[taught + at % (len(objects) - taught)]) for at in range(TESTED)),
        others=_one_of_each(draw, others),
        kept=_one_of_each(draw, kept),
    )


def verb_of(base: str) -> Verb:
    """The lexicon's verb, all of its forms right."""
    return next(verb for verb in lexicon().verbs if verb.base == base)


def forms_of(verb: Verb) -> Collection[str]:
    """How a learner may say it who does not know the past."""
    return (verb.regularised, verb.base, verb.third, verb.ing)


def _one_of_each(draw: random.Random, verbs: Sequence[Verb]) -> tuple[Sentence, ...]:
    chosen = draw.sample(verbs, min(OTHERS, len(verbs)))
    return tuple(_sentence(draw, verb, draw.choice(verb.objects)) for verb in chosen)


def _sentence(draw: random.Random, verb: Verb, noun: Noun) -> Sentence:
    people = (I, draw.choice(lexicon().named))
    return Sentence(
        clause=Clause(
            person=people[draw.random() < 0.5],
            verb=verb,
            noun=noun,
            determiner=draw.choice(usual_determiners(noun)),
            frame="past",
            time=draw.choice(lexicon().conversation["times"]["past"]),
            time_first=draw.random() < 0.5,
        )
    )
