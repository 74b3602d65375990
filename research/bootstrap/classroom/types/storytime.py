"""Storytime: what somebody did with one thing, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from data_mix.curriculum.words import Noun, Person, Verb
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import a, another, done_to, names, somebody, things

_STEPS = {"first": "past", "then": "past2", "at last": "past3"}
"""How a step is called, and the slot of its verb."""


class Storytime(SessionType):
    """A story of one person and one thing."""

    def words(self) -> Drawn:
        """Two have something, and one of them is asked about."""
        noun, person = self.scene.draw(
            lambda: (self.scene.pick(things()), self.scene.pick(names())),
            lambda pair: (pair[1].self_name, pair[0].singular),
        )
        other = self.scene.pick([each for each in things() if each != noun])
        name2, said = another(self.scene, person, other.singular).self_name, a(noun.singular)
        exactly = (noun.singular, said, *(f"{who} has {said}" for who in (person.self_name, person.pronoun)))
        slots = {"name": person.self_name, "she": person.pronoun, "name2": name2}
        slots |= {"a_noun": said, "noun": noun.singular, "a_noun2": a(other.singular)}
        return slots, Want(points=((noun.singular,),), wrong=(other.singular,), exactly=exactly)

    def two_words(self) -> Drawn:
        slots, (verb, _), _ = self._deed()
        did = " ".join(filter(None, (verb.past, verb.preposition, "it")))
        exactly = (did, f"{slots['she']} {did}", f"{slots['name']} {did}")
        return slots | {"did": did}, Want(points=((did, slots["done"]),), exactly=exactly)

    def phrases(self) -> Drawn:
        """Two did something, and one of them is asked about."""
        slots, (verb, _), person = self._deed()
        other = self.scene.deed(lambda verb2, _: verb2 != verb)
        done, done2 = slots["done"], done_to(*other, form=other[0].past)
        slots |= {"name2": another(self.scene, person, other[1].singular).self_name, "done2": done2}
        exactly = (done, f"{slots['she']} {done}", f"{slots['name']} {done}")
        return slots, Want(points=((done,),), wrong=(done2,), exactly=exactly)

    def sentences(self) -> Drawn:
        slots = self._story()
        return slots, self._of_step(slots, "past2")

    def answers(self) -> Drawn:
        """One of three steps is asked about."""
        slots = self._story()
        when = self.scene.pick(tuple(_STEPS))
        return slots | {"when": when, "said": slots[_STEPS[when]]}, self._of_step(slots, _STEPS[when])

    def stories(self) -> Drawn:
        slots = self._story()
        points = ((slots["name"],), (slots["past"],), (slots["noun"],), (slots["past2"],), (slots["past3"],))
        return slots, Want(points=points, in_order=True, form="statement")

    def dialogue(self) -> Sequence[Drawn]:
        slots = self._story()
        return [(slots, self._of_step(slots, past)) for past in _STEPS.values()]

    def _of_step(self, slots: dict[str, str], past: str) -> Want:
        """A sentence that tells one step, and none of the others."""
        it = (slots["a_noun"], slots["the_noun"], "it")
        points = ((slots["she"], slots["name"]), (slots[past],), it)
        wrong = tuple(slots[other] for other in _STEPS.values() if other != past)
        return Want(points=points, in_order=True, wrong=wrong, form="statement")

    def _deed(self) -> tuple[dict[str, str], tuple[Verb, Noun], Person]:
        verb, noun = self.scene.deed()
        person = somebody(self.scene, noun.singular)
        done = done_to(verb, noun, form=verb.past)
        slots = {"name": person.self_name, "she": person.pronoun, "done": done, "noun": noun.singular}
        return slots, (verb, noun), person

    def _story(self) -> dict[str, str]:
        """Three steps with one thing; the task is about who does them with it."""
        (steps, noun), person = self.scene.draw(
            lambda: (self.scene.sequence(), self.scene.pick(names())),
            lambda found: (found[1].self_name, found[0][1].singular),
            lambda found: [(step.base, found[0][1].singular) for step in found[0][0]],
        )
        first, second, third = steps[:3]
        return {
            "name": person.self_name,
            "she": person.pronoun,
            "noun": noun.singular,
            "a_noun": f"some {noun.singular}" if noun.mass else a(noun.singular),
            "the_noun": f"the {noun.singular}",
            "past": first.past,
            "past2": second.past,
            "past3": third.past,
            "base": first.base,
            "base2": second.base,
            "base3": third.base,
        }
