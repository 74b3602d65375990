"""Retelling: what somebody says of themselves, told by who heard it ("I went" becomes "you went")."""

from __future__ import annotations

from collections.abc import Sequence

from data_mix.curriculum.clauses import Clause
from data_mix.curriculum.words import lexicon
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import done_to, name, names, singular, things


class Retelling(SessionType):
    """One says something, and the pupil says what it was."""

    share = 1.5

    def words(self) -> Drawn:
        verb, noun = self.scene.deed()
        person = self.scene.draw(names(), name, self.name, "who", noun.singular)
        self.about(person.self_name, noun.singular)
        who, done = person.self_name, done_to(verb, noun, form=verb.past)
        return {"name": who, "done": done}, Want(points=((who,),), exactly=(who, f"{who} {done}"))

    def two_words(self) -> Drawn:
        noun = self.scene.draw(things(), singular, self.name, "mine")
        return self._mine(noun.singular)

    def phrases(self) -> Drawn:
        seen = [f"{property} {noun.singular}" for noun in things() for property in noun.properties]
        return self._mine(self.scene.draw(seen, str, self.name, "mine"))

    def sentences(self) -> Drawn:
        clause = self.scene.clause(level=self.scene.pick(("A1", "A2", "B1")))
        self.about(clause.verb.base, clause.noun.singular)
        return {"mine": clause.full(False), "full": clause.full(True)}, _told([clause])

    def answers(self) -> Drawn:
        clause = self.scene.clause()
        self.about(clause.verb.base, clause.noun.singular)
        slots = {"mine": clause.full(False), "time": clause.time}
        times = [time for times in lexicon().conversation["times"].values() for time in times if time != clause.time]
        wrong = tuple(time for time in times if time not in clause.time)
        return slots, Want(points=((clause.time,),), wrong=wrong)

    def stories(self) -> Drawn:
        clauses = [self.scene.clause(), self.scene.clause()]
        self.about(*(word for clause in clauses for word in (clause.verb.base, clause.noun.singular)))
        first, second = clauses
        slots = {"mine": first.full(False), "full": first.full(True)}
        return slots | {"mine2": second.full(False), "full2": second.full(True)}, _told(clauses)

    def dialogue(self) -> Sequence[Drawn]:
        clauses = [self.scene.clause() for _ in range(3)]
        self.about(*(word for clause in clauses for word in (clause.verb.base, clause.noun.singular)))
        return [({"mine": each.full(False), "full": each.full(True)}, _told([each])) for each in clauses]

    def _mine(self, said: str) -> Drawn:
        self.about(said)
        wrong = ("my", "her", "his", "our")
        return {"thing": said}, Want(points=((f"your {said}",),), wrong=wrong, exactly=(f"your {said}",))


def _told(clauses: Sequence[Clause]) -> Want:
    points: list[tuple[str, ...]] = []
    for clause in clauses:
        parts = clause.parts(True)
        points += [
            (parts.subject,),
            (parts.join("helper", "verb", "preposition", "determiner", "noun"),),
            (clause.time,),
        ]
        points += [(clause.manner,)] if clause.manner else []
        points += [(clause.feeling,)] if clause.feeling else []
    whole = ". ".join(clause.full(True) for clause in clauses)
    return Want(points=tuple(points), exactly=(whole,), wrong=("my", "our"), form="statement")
