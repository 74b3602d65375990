"""ReadingAloud: a text with a gap, and what belongs there."""

from __future__ import annotations

from collections.abc import Sequence

from data_mix.curriculum.clauses import Clause
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import (
    a,
    another,
    asked_about,
    described,
    done_to,
    names,
    other_kinds,
    somebody,
    things,
)

GAP = "..."


class ReadingAloud(SessionType):
    """What was read before, read again where something is missing."""

    def words(self) -> Drawn:
        noun, property = described(self.scene, things())
        pairs = [(other, each) for other in things() if other != noun for each in other.properties if each != property]
        other, property2 = self.scene.draw_beside(
            lambda: self.scene.pick(pairs), lambda pair: [(pair[1], pair[0].singular)]
        )
        slots = {"noun": noun.singular, "property": property, "noun2": other.singular, "property2": property2}
        return slots, Want(points=((property,),), wrong=(property2,), exactly=(property,))

    def two_words(self) -> Drawn:
        noun, person = self.scene.draw(
            lambda: (self.scene.pick(things()), self.scene.pick(names())),
            lambda pair: (pair[1].self_name, pair[0].singular),
        )
        other = self.scene.pick(tuple(each for each in things() if each != noun))
        person2 = another(self.scene, person, other.singular)
        thing, thing2 = a(noun.singular), a(other.singular)
        slots = {"name": person.self_name, "thing": thing, "name2": person2.self_name, "thing2": thing2}
        return slots, Want(points=((thing,),), wrong=(other.singular,), exactly=(thing,))

    def phrases(self) -> Drawn:
        verb, noun = self.scene.deed()
        verb2, noun2 = self.scene.deed(lambda *other: other != (verb, noun))
        person = somebody(self.scene, noun.singular)
        who, other = person.self_name, another(self.scene, person, noun2.singular).self_name
        done, done2 = done_to(verb, noun, form=verb.past), done_to(verb2, noun2, form=verb2.past)
        slots = {"name": who, "done": done, "name2": other, "done2": done2}
        return slots, Want(points=((done,),), wrong=(done2,), exactly=(done, f"{who} {done}"))

    def sentences(self) -> Drawn:
        clause = self._clause()
        return self._gapped(clause, ""), self._whole([clause])

    def answers(self) -> Drawn:
        is_so = self.scene.pick((True, False))
        slots, noun = asked_about(self.scene, is_so)
        points = ((slots["yes"],), (noun.singular, "it"), (noun.category_name,))
        wrong = (*other_kinds(noun), "no" if is_so else "yes")
        return slots, Want(points=points, in_order=True, wrong=wrong, form="statement")

    def stories(self) -> Drawn:
        clauses = [self._clause(), self._clause()]
        first, second = clauses
        return self._gapped(first, "") | self._gapped(second, "2"), self._whole(clauses)

    def dialogue(self) -> Sequence[Drawn]:
        clauses = [self._clause() for _ in range(3)]
        return [(self._gapped(each, ""), self._whole([each])) for each in clauses]

    def _clause(self) -> Clause:
        """A sentence of a third person, whose verb is to be put in its form."""
        return self.scene.clause(frames=("past", "habit"), fits=lambda clause: clause.person.third)

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
