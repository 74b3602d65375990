"""Storytime: what somebody did with one thing, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from data_mix.curriculum.words import Verb, lexicon
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import a, done_to, name, names, things


class Storytime(SessionType):
    """A story of one person and one thing."""

    share = 1.0

    def words(self) -> Drawn:
        noun = self.scene.pick(things())
        person = self.scene.draw(names(), name, self.name, "has", noun.singular)
        self.about(person.self_name, noun.singular)
        exactly = (noun.singular, a(noun.singular), f"{person.self_name} has {a(noun.singular)}")
        return {
            "name": person.self_name,
            "she": person.pronoun,
            "a_noun": a(noun.singular),
            "noun": noun.singular,
        }, Want(points=((noun.singular,),), exactly=exactly)

    def two_words(self) -> Drawn:
        slots, verb = self._deed()
        did = " ".join(filter(None, (verb.past, verb.preposition, "it")))
        return slots | {"did": did}, Want(
            points=((did,),), exactly=(did, f"{slots['she']} {did}", f"{slots['name']} {did}")
        )

    def phrases(self) -> Drawn:
        slots, _ = self._deed()
        done = slots["done"]
        return slots, Want(points=((done,),), exactly=(done, f"{slots['she']} {done}", f"{slots['name']} {done}"))

    def sentences(self) -> Drawn:
        slots = self._story("sentences")
        points = ((slots["she"], slots["name"]), (slots["past2"],), ("it", slots["the_noun"]))
        return slots, Want(points=points, in_order=True, form="statement")

    def answers(self) -> Drawn:
        slots = self._story("answers")
        points = ((slots["she"], slots["name"]), (slots["past"],), (slots["a_noun"], slots["the_noun"], "it"))
        did = f"{slots['past']} {slots['a_noun']}"
        whole = (f"{slots['name']} {did}", f"first {slots['name']} {did}", f"first {slots['she']} {did}")
        return slots, Want(points=points, in_order=True, wrong=(slots["past2"],), exactly=whole, form="statement")

    def stories(self) -> Drawn:
        slots = self._story("stories")
        points = ((slots["name"],), (slots["past"],), (slots["noun"],), (slots["past2"],), (slots["past3"],))
        return slots, Want(points=points, in_order=True, form="statement")

    def dialogue(self) -> Sequence[Drawn]:
        slots = self._story("dialogue")
        she = (slots["she"], slots["name"])
        it = (slots["a_noun"], slots["the_noun"], "it")
        return [
            (slots, Want(points=(she, (slots[past],), it), in_order=True, form="statement"))
            for past in ("past", "past2", "past3")
        ]

    def _deed(self) -> tuple[dict[str, str], Verb]:
        verb, noun = self.scene.deed()
        person = self.scene.pick(names())
        self.about(verb.base, noun.singular)
        done = done_to(verb, noun, form=verb.past)
        return {"name": person.self_name, "she": person.pronoun, "done": done, "a_noun": a(noun.singular)}, verb

    def _story(self, part: str) -> dict[str, str]:
        """Three steps with one thing, which with the first of them and a person is a combination of this side."""
        steps, fitting = self.scene.pick(lexicon().sequences)
        noun = self.scene.pick(fitting)
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
