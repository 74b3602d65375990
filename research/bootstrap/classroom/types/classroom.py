"""Classroom: words become phrases, phrases sentences, and cards say what to talk about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from data_mix.curriculum.clauses import ORDER
from data_mix.curriculum.words import Noun, Verb, lexicon
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import a, described, done_to, in_any_order, other_kinds, things


class Classroom(SessionType):
    """A language lesson."""

    share = 1.5

    def words(self) -> Drawn:
        noun, property = self._seen()
        said, other = noun.singular, self.scene.pick([each for each in things() if each != noun]).singular
        exactly = (said, a(said), f"it is {a(said)}")
        return self._slots(noun, property) | {"an_other": a(other)}, Want(
            points=((said,),), wrong=(other,), exactly=exactly
        )

    def two_words(self) -> Drawn:
        noun, property = self._seen()
        said = f"{property} {noun.singular}"
        return self._slots(noun, property), Want(points=((said,),), exactly=(said, a(said), f"the {said}"))

    def phrases(self) -> Drawn:
        noun, property = self._seen()
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
        slots = {"cards": ", ".join(cards[place] for place in order), "sentence": clause.full(False)}
        said = parts.join("helper", "verb", "preposition")
        points = ((parts.subject,), (said,), (clause.noun.singular, clause.noun.plural), (clause.time,))
        # A card without a determiner leaves it to the pupil whether it is any apple, this one or one's own.
        free = () if determiner else ("the", clause.person.self_own)
        cores = (core, *(replace(parts, determiner=each).join(*ORDER) for each in free))
        exactly = tuple(way for each in cores for way in in_any_order(clause.time, each))
        return slots, Want(points=points, exactly=exactly, form="statement")

    def answers(self) -> Drawn:
        verb, noun = self.scene.deed()
        slots = {"deed": done_to(verb, noun), "noun": noun.singular, "some_noun": _some(noun)}
        slots["cards"] = " ".join(filter(None, (verb.base, verb.preposition, noun.singular)))
        points = (("did you", "do you", "can you", "will you"), _deeds(verb, noun))
        return slots, Want(points=points, in_order=True, form="question")

    def stories(self) -> Drawn:
        noun, property = self._seen()
        slots = self._slots(noun, property) | {"kind": noun.category_name}
        wrong = (*other_kinds(noun), f"{noun.category_name} is")
        return slots, Want(points=((noun.category_name,), noun.properties), wrong=wrong, form="statement")

    def dialogue(self) -> Sequence[Drawn]:
        """What the pupil did, what it was done to, and how that was, one of two ways."""
        may = self.scene.may_tell
        verb, noun = self.scene.deed(lambda _, noun: any(may(each, noun.singular) for each in noun.properties))
        time = self.scene.pick(tuple(lexicon().conversation["times"]["past"]))
        property = self.scene.draw_beside(
            lambda: self.scene.pick(noun.properties), lambda found: [(found, noun.singular)]
        )
        other = self.scene.pick(sorted({each for thing in things() for each in thing.properties} - {*noun.properties}))
        done, thing = done_to(verb, noun, form=verb.past), f"the {noun.singular}"
        slots = {"done": done, "thing": thing, "time": time, "property": property}
        slots |= dict(zip(("one", "another"), self.scene.pick(((property, other), (other, property))), strict=True))
        told = (f"I {done}", *in_any_order(time, f"I {done}"))
        ways = (property, f"{thing} was {property}", f"it was {property}")
        return (
            (slots, Want(points=(("I",), (done,)), in_order=True, exactly=told, form="statement")),
            (slots, Want(points=((thing,),), exactly=(thing, f"it was {thing}", *told), form="statement")),
            (slots, Want(points=((property,),), wrong=(other,), exactly=ways, form="statement")),
        )

    def _seen(self) -> tuple[Noun, str]:
        return described(self.scene, things(), "look", "see")

    def _slots(self, noun: Noun, property: str) -> dict[str, str]:
        return {
            "noun": noun.singular,
            "a_noun": a(noun.singular),
            "property": property,
            "a_property_noun": a(f"{property} {noun.singular}"),
        }


def _some(noun: Noun) -> str:
    """A thing that is mentioned for the first time; a place is the one that there is."""
    return f"the {noun.singular}" if noun.place else f"some {noun.singular}" if noun.mass else a(noun.singular)


def _deeds(verb: Verb, noun: Noun) -> tuple[str, ...]:
    """A deed, with the determiners that a thing may have."""
    owned = [done_to(verb, noun, determiner=each) for each in ("the", "your", "my")]
    led = " ".join(filter(None, (verb.base, verb.preposition)))
    return (*owned, f"{led} {_some(noun)}", f"{led} {noun.singular if noun.mass else noun.plural}")
