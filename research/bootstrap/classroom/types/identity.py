"""Identity: who the pupil is, and what the pupil likes. May be switched off, to see what comes of itself."""

from __future__ import annotations

from collections.abc import Sequence

from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import things


class Identity(SessionType):
    """Questions about the pupil."""

    share = 0.5

    def words(self) -> Drawn:
        return self._liked()[0], Want(points=((self.scene.pupil,),), exactly=self._names())

    def two_words(self) -> Drawn:
        slots, plural = self._liked()
        return slots, Want(
            points=(("yes",), (plural,)), exactly=(f"yes, {plural}", f"yes, I like {plural}"), wrong=("no",)
        )

    def phrases(self) -> Drawn:
        return self._liked()[0], Want(points=(("a pupil",),), wrong=("a tutor",))

    def sentences(self) -> Drawn:
        return self._liked()[0], Want(points=(("I am",), (self.scene.pupil,)), in_order=True, form="statement")

    def answers(self) -> Drawn:
        slots, plural = self._liked()
        return slots, Want(points=(("I like",), (plural,)), in_order=True, wrong=("no",), form="statement")

    def stories(self) -> Drawn:
        slots, plural = self._liked()
        points = (("I am",), (self.scene.pupil,), ("I like",), (plural,))
        return slots, Want(points=points, in_order=True, form="statement")

    def dialogue(self) -> Sequence[Drawn]:
        slots, plural = self._liked()
        return (
            (slots, Want(points=(("I am",), (self.scene.pupil,)), in_order=True, form="statement")),
            (slots, Want(points=(("a pupil",),), wrong=("a tutor",), form="statement")),
            (slots, Want(points=(("I like",), (plural,)), in_order=True, form="statement")),
        )

    def _liked(self) -> tuple[dict[str, str], str]:
        noun = self.scene.draw(lambda: self.scene.pick(things()), lambda noun: ("like", noun.singular))
        return {"plural": noun.plural}, noun.plural

    def _names(self) -> tuple[str, ...]:
        return (self.scene.pupil, f"I am {self.scene.pupil}", f"it is {self.scene.pupil}")
