"""Retelling: what somebody says of themselves, told by who heard it ("I went" becomes "you went")."""

from __future__ import annotations

from collections.abc import Sequence

from data_mix.curriculum.clauses import Clause
from data_mix.curriculum.words import Noun, lexicon
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import another, described, done_to, somebody, things

_OWN = ("my", "her", "his", "our")
"""Whose it would be, if it were not told to its owner."""


class Retelling(SessionType):
    """One says something, and the pupil says what it was."""

    share = 1.5

    def words(self) -> Drawn:
        """Two did something: who did this?"""
        verb, noun = self.scene.deed()
        other = self.scene.deed(lambda verb2, _: verb2 != verb)
        done, done2 = done_to(verb, noun, form=verb.past), done_to(*other, form=other[0].past)
        person = somebody(self.scene, noun.singular)
        who, name2 = person.self_name, another(self.scene, person, other[1].singular).self_name
        slots = {"name": who, "done": done, "name2": name2, "done2": done2}
        return slots, Want(points=((who,),), wrong=(name2,), exactly=(who, f"{who} {done}", f"it was {who}"))

    def two_words(self) -> Drawn:
        slots, noun = self._mine()
        said = f"your {noun.singular}"
        whole = f"your {slots['property']} {noun.singular}"
        return slots, Want(points=((said, whole),), wrong=_OWN, exactly=(said, f"it is {said}"))

    def phrases(self) -> Drawn:
        slots, noun = self._mine()
        said = f"your {slots['property']} {noun.singular}"
        return slots, Want(points=((said,),), wrong=_OWN, exactly=(said, f"it is {said}"))

    def sentences(self) -> Drawn:
        clause = self.scene.clause(level=self.scene.pick(("A1", "A2", "B1")))
        return {"mine": clause.full(False), "full": clause.full(True)}, _told([clause])

    def answers(self) -> Drawn:
        """When it was, or of which thing was told."""
        clause = self.scene.clause()
        slots, whole = {"mine": clause.full(False)}, clause.full(True)
        if self.scene.pick((True, False)):
            times = {time for found in lexicon().conversation["times"].values() for time in found}
            wrong = tuple(sorted(time for time in times if time not in clause.time))
            exactly = (clause.time, f"it is {clause.time}", f"it was {clause.time}", whole)
            slots |= {"when": "when", "time": clause.time}
            return slots, Want(points=((clause.time,),), wrong=wrong, exactly=exactly)
        thing = clause.parts(True).join("determiner", "noun")
        exactly = (thing, f"it is {thing}", f"it was {thing}", whole)
        said = (clause.noun.singular, clause.noun.plural)
        slots |= {"what": "what", "thing": thing}
        return slots, Want(points=(said,), wrong=("my", "our"), exactly=exactly)

    def stories(self) -> Drawn:
        clauses = [self.scene.clause(), self.scene.clause()]
        first, second = clauses
        slots = {"mine": first.full(False), "full": first.full(True)}
        return slots | {"mine2": second.full(False), "full2": second.full(True)}, _told(clauses)

    def dialogue(self) -> Sequence[Drawn]:
        clauses = [self.scene.clause() for _ in range(3)]
        return [({"mine": each.full(False), "full": each.full(True)}, _told([each])) for each in clauses]

    def _mine(self) -> tuple[dict[str, str], Noun]:
        """A thing of the partner's and how it is."""
        noun, property = described(self.scene, things())
        return {"thing": noun.singular, "property": property}, noun


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
