"""HowItWorks: what a thing has, and what one does with it."""

from __future__ import annotations

from collections.abc import Sequence

from data_mix.curriculum.words import Noun
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import a, other_kinds, with_parts


class HowItWorks(SessionType):
    """Questions about one thing."""

    def words(self) -> Drawn:
        slots, noun = self._thing("words")
        wrong = tuple(other.singular for other in with_parts() if other != noun and noun.uses[0] not in other.uses)
        exactly = (noun.singular, a(noun.singular), f"it is {a(noun.singular)}")
        return slots, Want(points=((noun.singular,),), wrong=wrong, exactly=exactly)

    def two_words(self) -> Drawn:
        slots, noun = self._thing("two words")
        parts = tuple(a(part) for part in noun.parts)
        return slots, Want(points=(parts,), exactly=parts)

    def phrases(self) -> Drawn:
        slots, noun = self._thing("phrases")
        return slots, Want(points=(tuple(f"to {use}" for use in noun.uses),))

    def sentences(self) -> Drawn:
        slots, noun = self._thing("sentences")
        points = (
            ("we use", "you use"),
            (f"the {noun.singular}", a(noun.singular), "it"),
            tuple(f"to {use}" for use in noun.uses),
        )
        return slots, Want(points=points, in_order=True, form="statement")

    def answers(self) -> Drawn:
        shown = [(noun, property) for noun in with_parts() for property in noun.properties]
        noun, property = self.scene.draw(shown, lambda facts: f"{facts[0].singular}/{facts[1]}", self.name, "answers")
        self.about(noun.singular, property)
        others = sorted({part for other in with_parts() for part in other.parts} - set(noun.parts))
        has = self.scene.pick((True, False))
        part = self.scene.pick(noun.parts if has else others)
        said = f"{a(part)}" if has else f"no {part}"
        slots = {"noun": noun.singular, "a_property_noun": a(f"{property} {noun.singular}")}
        slots |= {"asked": a(part), "yes": "yes" if has else "no", "has": said}
        points = (("yes",) if has else ("no",), ("it", f"the {noun.singular}", a(noun.singular)), (f"has {said}",))
        return slots, Want(points=points, in_order=True, wrong=("no",) if has else ("yes",), form="statement")

    def stories(self) -> Drawn:
        slots, noun = self._thing("stories")
        points = (
            (noun.singular,),
            tuple(a(part) for part in noun.parts),
            ("use",),
            tuple(f"to {use}" for use in noun.uses),
        )
        return slots, Want(points=points, in_order=True, form="statement")

    def dialogue(self) -> Sequence[Drawn]:
        slots, noun = self._thing("dialogue")
        whom = ("it", f"the {noun.singular}", a(noun.singular))
        return (
            (
                slots,
                Want(points=(whom, (noun.category_name,)), in_order=True, wrong=other_kinds(noun), form="statement"),
            ),
            (slots, Want(points=(whom, ("has",), tuple(a(part) for part in noun.parts)), form="statement")),
            (slots, Want(points=(("use",), whom, tuple(f"to {use}" for use in noun.uses)), form="statement")),
        )

    def _thing(self, part: str) -> tuple[dict[str, str], Noun]:
        """A thing, with a property and a part of it that are named: a combination of this side."""
        seen = [(noun, own, property) for noun in with_parts() for own in noun.parts for property in noun.properties]
        noun, mine, property = self.scene.draw(
            seen, lambda facts: f"{facts[0].singular}/{facts[1]}/{facts[2]}", self.name, part
        )
        other = next((each for each in noun.parts if each != mine), mine)
        self.about(noun.singular, mine, property)
        slots = {
            "noun": noun.singular,
            "a_noun": a(noun.singular),
            "property": property,
            "a_property_noun": a(f"{property} {noun.singular}"),
            "a_part": a(mine),
            "a_second": a(other),
            "use": noun.uses[0],
            "kind": noun.category_name,
        }
        return slots, noun
