"""ReadingAloud: a text with a gap, and what belongs there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from data_mix.curriculum.clauses import Clause
from data_mix.curriculum.words import Noun, Verb
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import a, asked_about, done_to, name, names, other_kinds, things

T = TypeVar("T")
GAP = "..."


class ReadingAloud(SessionType):
    """What was read before, read again where something is missing."""

    def words(self) -> Drawn:
        seen = [(noun, property) for noun in things() for property in noun.properties]
        noun, property = self.scene.draw(seen, lambda pair: f"{pair[1]} {pair[0].singular}", self.name, "words")
        self.about(noun.singular, property)
        other, property2 = self.scene.pick([pair for pair in seen if pair[0] != noun and pair[1] != property])
        slots = {"noun": noun.singular, "property": property, "noun2": other.singular, "property2": property2}
        return slots, Want(points=((property,),), wrong=(property2,), exactly=(property,))

    def two_words(self) -> Drawn:
        noun, other = self._two(things())
        person = self.scene.draw(names(), name, self.name, "two words", noun.singular)
        self.about(person.self_name, noun.singular)
        person2 = self.scene.pick(tuple(each for each in names() if each != person))
        thing, thing2 = a(noun.singular), a(other.singular)
        slots = {"name": person.self_name, "thing": thing, "name2": person2.self_name, "thing2": thing2}
        return slots, Want(points=((thing,),), wrong=(other.singular,), exactly=(thing,))

    def phrases(self) -> Drawn:
        (verb, noun), (verb2, noun2) = self._deeds()
        self.about(verb.base, noun.singular, verb2.base, noun2.singular)
        who, other = (person.self_name for person in self._two(names()))
        done, done2 = done_to(verb, noun, form=verb.past), done_to(verb2, noun2, form=verb2.past)
        slots = {"name": who, "done": done, "name2": other, "done2": done2}
        return slots, Want(points=((done,),), wrong=(done2,), exactly=(done, f"{who} {done}"))

    def sentences(self) -> Drawn:
        clause = self._clause()
        return self._gapped(clause, ""), self._whole([clause])

    def answers(self) -> Drawn:
        is_so = self.scene.pick((True, False))
        slots, noun, asked = asked_about(self.scene, self.name, is_so)
        self.about(noun.singular, slots["property"], asked)
        points = ((slots["yes"],), (noun.singular, "it"), (noun.category_name,))
        wrong = (*other_kinds(noun), "no" if is_so else "yes")
        return slots, Want(points=points, in_order=True, wrong=wrong, form="statement")

    def stories(self) -> Drawn:
        clauses = [self._clause(), self._clause()]
        self.about(*(word for each in clauses for word in (each.verb.base, each.noun.singular)))
        first, second = clauses
        return self._gapped(first, "") | self._gapped(second, "2"), self._whole(clauses)

    def dialogue(self) -> Sequence[Drawn]:
        clauses = [self._clause() for _ in range(3)]
        self.about(*(word for each in clauses for word in (each.verb.base, each.noun.singular)))
        return [(self._gapped(each, ""), self._whole([each])) for each in clauses]

    def _two(self, options: Sequence[T]) -> tuple[T, T]:
        first = self.scene.pick(options)
        return first, self.scene.pick(tuple(each for each in options if each != first))

    def _deeds(self) -> tuple[tuple[Verb, Noun], tuple[Verb, Noun]]:
        first = second = self.scene.deed()
        while second == first:
            second = self.scene.deed()
        return first, second

    def _clause(self) -> Clause:
        """A sentence of a third person, whose verb is to be put in its form."""
        while True:
            clause = self.scene.clause(frames=("past", "habit"))
            if clause.person.third:
                self.about(clause.verb.base, clause.noun.singular)
                return clause

    def _gapped(self, clause: Clause, number: str) -> dict[str, str]:
        parts = clause.parts(False)
        gapped = parts.join("subject") + f" {GAP} " + parts.join("preposition", "determiner", "noun")
        return {f"gapped{number}": clause.dress(gapped, False), f"base{number}": clause.verb.base,
                f"full{number}": clause.full(False)}  # fmt: skip

    def _whole(self, clauses: Sequence[Clause]) -> Want:
        points = tuple(
            point
            for clause in clauses
            for point in (
                (clause.person.self_name,),
                (clause.parts(False).join("verb", "preposition", "determiner", "noun"),),
                (clause.time,),
            )
        )
        whole = (clauses[0].full(False),) if len(clauses) == 1 else ()
        return Want(points=points, exactly=whole, form="statement")
