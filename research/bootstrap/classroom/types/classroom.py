"""Classroom: words become phrases, phrases sentences, and cards say what to talk about."""

from __future__ import annotations

from collections.abc import Sequence

from data_mix.curriculum.words import Noun, lexicon
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import a, done_to, other_kinds, things


class Classroom(SessionType):
    """A language lesson."""

    share = 1.5

    def words(self) -> Drawn:
        noun, property = self._seen("words")
        said = noun.singular
        return self._slots(noun, property), Want(points=((said,),), exactly=(said, a(said), f"it is {a(said)}"))

    def two_words(self) -> Drawn:
        noun, property = self._seen("two words")
        said = f"{property} {noun.singular}"
        return self._slots(noun, property), Want(points=((said,),), exactly=(said, a(said), f"the {said}"))

    def phrases(self) -> Drawn:
        noun, property = self._seen("phrases")
        said = a(f"{property} {noun.singular}")
        return self._slots(noun, property), Want(points=((said,),), exactly=(said, f"it is {said}", f"I see {said}"))

    def sentences(self) -> Drawn:
        clause = self.scene.clause()
        parts = clause.parts(False)
        helper = {"not": "not ", "can": "can ", "want": "want "}.get(clause.frame, "")
        determiner = "" if clause.determiner in ("a", "some") or clause.noun.place else clause.determiner
        thing = f"{determiner} {clause.noun.singular}".strip()
        cards = [clause.time, clause.person.self_name, helper + clause.verb.base, thing]
        order = self.scene.pick(((0, 1, 2, 3), (1, 2, 3, 0), (1, 3, 2, 0), (0, 2, 1, 3)))
        core = clause.core(False)
        self.about(clause.verb.base, clause.noun.singular)
        slots = {"cards": ", ".join(cards[place] for place in order), "sentence": clause.full(False)}
        said = parts.join("helper", "verb", "preposition")
        points = ((parts.subject,), (said,), (clause.noun.singular, clause.noun.plural), (clause.time,))
        return slots, Want(points=points, exactly=(f"{clause.time} {core}", f"{core} {clause.time}"), form="statement")

    def answers(self) -> Drawn:
        verb, noun = self.scene.deed()
        done = done_to(verb, noun)
        self.about(verb.base, noun.singular)
        slots = {"deed": done, "base": verb.base, "noun": noun.singular, "preposition": verb.preposition}
        slots["cards"] = " ".join(filter(None, (verb.base, verb.preposition, noun.singular)))
        return slots, Want(
            points=(("did you",), (verb.base,), (noun.singular,)),
            in_order=True,
            exactly=(f"did you {done}", f"{self.scene.partner}, did you {done}"),
            form="question",
        )

    def stories(self) -> Drawn:
        noun, property = self._seen("stories")
        slots = self._slots(noun, property) | {"kind": noun.category_name}
        return slots, Want(points=((noun.category_name,), (property,)), wrong=other_kinds(noun), form="statement")

    def dialogue(self) -> Sequence[Drawn]:
        verb, noun = self.scene.deed()
        time = self.scene.pick(tuple(lexicon().conversation["times"]["past"]))
        property = self.scene.pick(noun.properties)
        done, thing = done_to(verb, noun, form=verb.past), f"the {noun.singular}"
        self.about(verb.base, noun.singular)
        slots = {"done": done, "thing": thing, "time": time, "property": property}
        told = (f"{time} I {done}", f"I {done} {time}")
        return (
            (slots, Want(points=(("I",), (done,), (time,)), exactly=told, form="statement")),
            (slots, Want(points=((done, thing),), exactly=(f"I {done}", thing), form="statement")),
            (
                slots,
                Want(
                    points=((thing, "it"), (property,)),
                    exactly=(f"{thing} was {property}", f"yes, {thing} was {property}", f"it was {property}",
                             f"yes, it was {property}"),
                    form="statement",
                ),
            ),
        )  # fmt: skip

    def _seen(self, part: str) -> tuple[Noun, str]:
        """A thing with one of its properties, a combination of this side."""
        seen = [(noun, property) for noun in things() for property in noun.properties]
        noun, property = self.scene.draw(seen, lambda pair: f"{pair[1]} {pair[0].singular}", self.name, part)
        self.about(noun.singular, property)
        return noun, property

    def _slots(self, noun: Noun, property: str) -> dict[str, str]:
        return {
            "noun": noun.singular,
            "a_noun": a(noun.singular),
            "property": property,
            "a_property_noun": a(f"{property} {noun.singular}"),
        }
