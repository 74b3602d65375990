"""Storytime: what somebody did with one thing, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from data_mix.curriculum.words import Verb
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import a, done_to, name, names, things

_STEPS = {"first": "past", "then": "past2", "at last": "past3"}
"""How a step is called, and the slot of its verb."""


class Storytime(SessionType):
    """A story of one person and one thing."""

    def words(self) -> Drawn:
        """Two have something, and one of them is asked about."""
        noun = self.scene.pick(things())
        person = self.scene.draw(names(), name, self.name, "has", noun.singular)
        self.about(person.self_name, noun.singular)
        name2, said = self._another(person.self_name), a(noun.singular)
        others = [each for each in things() if each != noun]
        other = self.scene.draw(others, lambda each: f"{each.singular}/{name2}", self.name, "has")
        exactly = (noun.singular, said, *(f"{who} has {said}" for who in (person.self_name, person.pronoun)))
        slots = {"name": person.self_name, "she": person.pronoun, "name2": name2}
        slots |= {"a_noun": said, "noun": noun.singular, "a_noun2": a(other.singular)}
        return slots, Want(points=((noun.singular,),), wrong=(other.singular,), exactly=exactly)

    def two_words(self) -> Drawn:
        slots, verb = self._deed()
        did = " ".join(filter(None, (verb.past, verb.preposition, "it")))
        exactly = (did, f"{slots['she']} {did}", f"{slots['name']} {did}")
        return slots | {"did": did}, Want(points=((did, slots["done"]),), exactly=exactly)

    def phrases(self) -> Drawn:
        """Two did something, and one of them is asked about."""
        slots, verb = self._deed()
        other = self.scene.deed()
        while other[0] == verb:
            other = self.scene.deed()
        done, done2 = slots["done"], done_to(*other, form=other[0].past)
        slots |= {"name2": self._another(slots["name"]), "done2": done2}
        exactly = (done, f"{slots['she']} {done}", f"{slots['name']} {done}")
        return slots, Want(points=((done,),), wrong=(done2,), exactly=exactly)

    def sentences(self) -> Drawn:
        slots = self._story("sentences")
        return slots, self._of_step(slots, "past2")

    def answers(self) -> Drawn:
        """One of three steps is asked about."""
        slots = self._story("answers")
        when = self.scene.pick(tuple(_STEPS))
        return slots | {"when": when, "said": slots[_STEPS[when]]}, self._of_step(slots, _STEPS[when])

    def stories(self) -> Drawn:
        slots = self._story("stories")
        points = ((slots["name"],), (slots["past"],), (slots["noun"],), (slots["past2"],), (slots["past3"],))
        return slots, Want(points=points, in_order=True, form="statement")

    def dialogue(self) -> Sequence[Drawn]:
        slots = self._story("dialogue")
        return [(slots, self._of_step(slots, past)) for past in _STEPS.values()]

    def _of_step(self, slots: dict[str, str], past: str) -> Want:
        """A sentence that tells one step, and none of the others."""
        it = (slots["a_noun"], slots["the_noun"], "it")
        points = ((slots["she"], slots["name"]), (slots[past],), it)
        wrong = tuple(slots[other] for other in _STEPS.values() if other != past)
        return Want(points=points, in_order=True, wrong=wrong, form="statement")

    def _another(self, who: str) -> str:
        return self.scene.pick([each.self_name for each in names() if each.self_name != who])

    def _deed(self) -> tuple[dict[str, str], Verb]:
        verb, noun = self.scene.deed()
        person = self.scene.pick(names())
        self.about(verb.base, noun.singular)
        done = done_to(verb, noun, form=verb.past)
        return {"name": person.self_name, "she": person.pronoun, "done": done, "noun": noun.singular}, verb

    def _story(self, part: str) -> dict[str, str]:
        """Three steps with one thing, which with the first of them and a person is a combination of this side."""
        steps, noun = self.scene.sequence()
        person = self.scene.draw(names(), name, self.name, part, steps[0].base, noun.singular)
        self.about(person.self_name, steps[0].base, noun.singular)
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
