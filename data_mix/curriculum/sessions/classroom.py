"""Classroom: two or three exercises in which words become sentences, and sentences other sentences."""

from __future__ import annotations

from data_mix.curriculum.clauses import FRAMES, Clause
from data_mix.curriculum.heldout import pick_level
from data_mix.curriculum.sessions.base import Session
from data_mix.curriculum.templates import any_fits, has_word, shows
from data_mix.curriculum.words import Noun, lexicon

EXERCISES = {
    "cards": 4.0,
    "cards_of_another": 3.0,
    "report": 3.0,
    "words": 3.0,
    "times": 1.5,
    "what_is_it": 1.0,
    "stuff": 0.5,
    "counting": 1.0,
    "between": 1.0,
    "truth": 1.0,
    "who_are_you": 0.3,
}
"""The exercises, each with its templates in classroom.yaml and its own method, and their shares."""
ORDERS = ((0, 1, 2, 3), (1, 2, 3, 0), (1, 3, 2, 0), (0, 2, 1, 3))
"""The orders in which time, person, verb and thing lie on the table."""


def cards(clause: Clause, order: tuple[int, ...]) -> str:
    """The words of a clause as headwords: what a pupil has to build a sentence from."""
    helper = {"not": "not ", "can": "can ", "want": "want "}.get(clause.frame, "")
    determiner = clause.determiner
    if determiner in ("a", "some") or clause.noun.place:
        determiner = ""
    thing = f"{determiner} {clause.noun.singular}".strip()
    words = (clause.time, clause.person.self_name, helper + clause.verb.base, thing)
    return ", ".join(words[index] for index in order)


class Classroom(Session):
    """A language lesson."""

    share = 0.5

    def write(self) -> None:
        self.cast()
        exercises = {name: share for name, share in EXERCISES.items() if name not in self.space.left_out}
        for goes_on in (1.0, 0.5, 0.0):
            exercise = self.c.pick(
                tuple(exercises), lambda name, rest: any_fits(self.templates[name], rest), tuple(exercises.values())
            )
            getattr(self, f"_{exercise}")()
            self.lines(self.templates[exercise])
            if not self.c.pick((True, False), weights=(goes_on, 1.0 - goes_on)):
                break

    def _cards(self) -> None:
        clause = self.space.clause(self.c)
        order = self.c.pick(ORDERS, lambda order, rest: cards(clause, order) in rest)
        self.words |= {"cards": cards(clause, order), "mine": clause.full(False), "full": clause.full(True)}

    _cards_of_another = _cards

    def _report(self) -> None:
        clause = self.space.clause(self.c, level=pick_level(self.c))
        self.words |= {
            "mine": clause.full(False),
            "you": clause.core(True),
            "base": clause.verb.base,
            "noun": clause.noun.singular,
        }

    _words = _report

    def _times(self) -> None:
        clause = self.space.clause(self.c, frames=tuple(frame for frame in FRAMES if frame != "habit"))
        every_day = self.c.pick(tuple(lexicon().conversation["times"]["habit"]), lambda time, rest: shows(rest, time))
        habit = Clause(
            person=clause.person,
            verb=clause.verb,
            noun=clause.noun,
            determiner=clause.determiner,
            frame="habit",
            time=every_day,
            time_first=clause.time_first,
        )
        self.words |= {"every_day": habit.full(False), "time": clause.time, "mine": clause.full(False)}

    def _noun(self, mass: bool) -> Noun:
        return self.c.pick(_nouns(mass), lambda noun, rest: has_word(rest, *noun.forms))

    def _what_is_it(self) -> None:
        noun = self._noun(mass=False)
        self.words |= {
            "a_noun": f"{noun.article} {noun.singular}",
            "the_noun": f"the {noun.singular}",
            "kind": noun.category_name,
            "property": self.c.pick(noun.properties, lambda word, rest: has_word(rest, word)),
        }

    def _stuff(self) -> None:
        noun = self._noun(mass=True)
        self.words |= {
            "noun": noun.singular,
            "kind": noun.category_name,
            "property": self.c.pick(noun.properties, lambda word, rest: has_word(rest, word)),
        }

    def _counting(self) -> None:
        noun = self._noun(mass=False)
        number = self.c.pick(tuple(lexicon().conversation["numbers"]), lambda number, rest: has_word(rest, number))
        self.words |= {"noun": noun.singular, "number": number, "plural": noun.plural}

    def _between(self) -> None:
        verb, noun = self.space.deed(self.c, preposition=True)
        self.words |= {"base": verb.base, "noun": noun.singular, "preposition": verb.preposition}

    def _who_are_you(self) -> None:
        """Needs no words but the names of the cast."""

    def _truth(self) -> None:
        verb, noun = self.space.deed(self.c)
        person, other = self.space.person(self.c, third=True), self.space.person(self.c, third=True)
        article = "some" if noun.mass else noun.article
        self.words |= {
            "they": person.self_name,
            "base": verb.base,
            "past": verb.past,
            "name": other.self_name,
            "object": " ".join(filter(None, (verb.preposition, article, noun.singular))),
        }


def _nouns(mass: bool) -> tuple[Noun, ...]:
    return tuple(noun for noun in lexicon().nouns if noun.mass == mass and not noun.place)
