"""Storytime: what somebody did with one thing, step by step, and questions about it."""

from __future__ import annotations

from typing import ClassVar

from data_mix.curriculum.sessions.base import Session
from data_mix.curriculum.templates import has_word, shows
from data_mix.curriculum.words import Verb, lexicon


class Storytime(Session):
    """A story of one person and one thing."""

    share = 0.09
    uses_free_pairs: ClassVar[bool] = False

    def write(self) -> None:
        c = self.c
        self.cast()
        steps, things = c.pick(
            self.space.sequences, lambda option, rest: all(has_word(rest, *verb.forms) for verb in option[0])
        )
        noun = c.pick(things, lambda noun, rest: has_word(rest, *noun.forms))
        person = c.pick(lexicon().named, lambda person, rest: has_word(rest, *person.forms))
        time = c.pick(tuple(lexicon().conversation["times"]["past"]), lambda time, rest: shows(rest, time))
        article = "some" if noun.mass else noun.article
        self.words |= {
            "name": person.self_name,
            "she": person.pronoun,
            "time": time,
            "singular": noun.singular,
            "a_noun": f"{article} {noun.singular}",
            "the_noun": f"the {noun.singular}",
        }
        self._tell(steps[0], self.templates["begin"])
        for verb, template in zip(steps[1:], self.templates["steps"], strict=False):
            self._tell(verb, template)
        for question in c.pick(tuple(tuple(q) for q in self._questions())):
            self._tell(steps[0], question)
        end = c.pick(tuple(self.templates["end"]))
        self.words["property"] = (
            c.pick(noun.properties, lambda word, rest: has_word(rest, word)) if "{property}" in end else ""
        )
        self.line(end)

    def _tell(self, verb: Verb, template: str) -> None:
        self.words |= {
            "past": f"{verb.past} {verb.preposition}".strip(),
            "base": f"{verb.base} {verb.preposition}".strip(),
        }
        self.line(template)

    def _questions(self) -> list[list[str]]:
        """One question, or two in the order of the file."""
        questions: list[list[str]] = self.templates["questions"]
        pairs = [first + second for i, first in enumerate(questions) for second in questions[i + 1 :]]
        return questions + pairs
