"""ReadingAloud: a text with a gap, and what belongs there."""

from __future__ import annotations

from collections.abc import Sequence

from data_mix.curriculum.clauses import Clause
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import a, done_to, name, names, other_kinds, things

GAP = "..."


class ReadingAloud(SessionType):
    """What was read before, read again where something is missing."""

    def words(self) -> Drawn:
        seen = [(noun, property) for noun in things() for property in noun.properties]
        noun, property = self.scene.draw(seen, lambda pair: f"{pair[1]} {pair[0].singular}", self.name, "words")
        self.about(noun.singular, property)
        wrong = tuple(other for other in noun.properties if other != property)
        return {"noun": noun.singular, "property": property}, Want(
            points=((property,),), wrong=wrong, exactly=(property,)
        )

    def two_words(self) -> Drawn:
        noun = self.scene.pick(things())
        person = self.scene.draw(names(), name, self.name, "two words", noun.singular)
        self.about(person.self_name, noun.singular)
        thing = a(noun.singular)
        return {"name": person.self_name, "thing": thing}, Want(points=((thing,),), exactly=(thing,))

    def phrases(self) -> Drawn:
        verb, noun = self.scene.deed()
        self.about(verb.base, noun.singular)
        who, done = self.scene.pick(names()).self_name, done_to(verb, noun, form=verb.past)
        return {"name": who, "done": done}, Want(points=((done,),), exactly=(done, f"{who} {done}"))

    def sentences(self) -> Drawn:
        clause = self._clause()
        return self._gapped(clause, ""), self._whole([clause])

    def answers(self) -> Drawn:
        pairs = [(noun, kind) for noun in things() for kind in other_kinds(noun)]
        noun, wrong = self.scene.draw(pairs, lambda pair: f"{pair[0].singular}/{pair[1]}", self.name, "answers")
        self.about(noun.singular, wrong)
        is_so = self.scene.pick((True, False))
        slots = {"a_noun": a(noun.singular), "kind": noun.category_name, "yes": "yes" if is_so else "no"}
        slots["read"] = noun.category_name if is_so else wrong
        points = ((slots["yes"],), (noun.singular, "it"), (noun.category_name,))
        return slots, Want(points=points, in_order=True, wrong=("no" if is_so else "yes", wrong), form="statement")

    def stories(self) -> Drawn:
        clauses = [self._clause(), self._clause()]
        self.about(*(word for each in clauses for word in (each.verb.base, each.noun.singular)))
        first, second = clauses
        return self._gapped(first, "") | self._gapped(second, "2"), self._whole(clauses)

    def dialogue(self) -> Sequence[Drawn]:
        clauses = [self._clause() for _ in range(3)]
        self.about(*(word for each in clauses for word in (each.verb.base, each.noun.singular)))
        return [(self._gapped(each, ""), self._whole([each])) for each in clauses]

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
