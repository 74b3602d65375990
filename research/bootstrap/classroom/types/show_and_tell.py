"""ShowAndTell: what a thing is like, and what kind of thing it is."""

from __future__ import annotations

from collections.abc import Sequence

from data_mix.curriculum.words import Noun
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import a, of_a_kind, other_kinds, things


class ShowAndTell(SessionType):
    """A pupil shows something."""

    def words(self) -> Drawn:
        slots, noun = self._two_kinds("words")
        kind = noun.category_name.partition(" ")[2]
        return slots, Want(points=((kind,),), wrong=(slots["wrong"].partition(" ")[2],), exactly=(kind, f"a {kind}"))

    def two_words(self) -> Drawn:
        slots, noun = self._two_kinds("two words")
        return slots, Want(points=((noun.category_name,),), wrong=(slots["wrong"],), exactly=(noun.category_name,))

    def phrases(self) -> Drawn:
        slots, noun = self._shown("phrases")
        said = f"{slots['property']} {noun.singular}"
        return slots, Want(points=((f"my {said}",),), exactly=(f"my {said}",), wrong=("your",))

    def sentences(self) -> Drawn:
        slots, noun = self._shown("sentences")
        whom = (noun.singular, "it")
        points = (whom, (noun.category_name,))
        return slots, Want(points=points, in_order=True, wrong=other_kinds(noun), form="statement")

    def answers(self) -> Drawn:
        slots, noun = self._two_kinds("answers")
        is_so = self.scene.pick((True, False))
        slots |= {"asked": noun.category_name if is_so else slots["wrong"], "yes": "yes" if is_so else "no"}
        points = ((slots["yes"],), (noun.singular, "it"), (noun.category_name,))
        wrong = (slots["wrong"], "no" if is_so else "yes")
        return slots, Want(points=points, in_order=True, wrong=wrong, form="statement")

    def stories(self) -> Drawn:
        slots, noun = self._shown("stories")
        points = ((f"my {noun.singular}",), (slots["property"],), (noun.category_name,))
        return slots, Want(points=points, wrong=other_kinds(noun), form="statement")

    def dialogue(self) -> Sequence[Drawn]:
        slots, noun = self._shown("dialogue")
        whom = ("it", f"the {noun.singular}", a(noun.singular), f"my {noun.singular}")
        has = (a(noun.singular), slots["a_property_noun"])
        return (
            (slots, Want(points=(("I have", "it is"), has), in_order=True, form="statement")),
            (slots, Want(points=(whom, (slots["property"],)), form="statement")),
            (slots, Want(points=(whom, (noun.category_name,)), wrong=other_kinds(noun), form="statement")),
        )

    def _shown(self, part: str) -> tuple[dict[str, str], Noun]:
        seen = [(noun, property) for noun in things() for property in noun.properties]
        noun, property = self.scene.draw(seen, lambda pair: f"{pair[1]} {pair[0].singular}", self.name, part)
        self.about(noun.singular, property)
        return self._slots(noun) | {"property": property, "a_property_noun": a(f"{property} {noun.singular}")}, noun

    def _two_kinds(self, part: str) -> tuple[dict[str, str], Noun]:
        """A thing and a kind that it is not: a combination of this side."""
        kinds = sorted({noun.category_name for noun in of_a_kind()})
        pairs = [(noun, kind) for noun in of_a_kind() for kind in kinds if kind != noun.category_name]
        noun, wrong = self.scene.draw(pairs, lambda pair: f"{pair[0].singular}/{pair[1]}", self.name, part)
        self.about(noun.singular, wrong)
        first, second = self.scene.pick(((noun.category_name, wrong), (wrong, noun.category_name)))
        return self._slots(noun) | {"wrong": wrong, "first": first, "second": second}, noun

    def _slots(self, noun: Noun) -> dict[str, str]:
        return {"noun": noun.singular, "a_noun": a(noun.singular), "kind": noun.category_name,
                "kind_word": noun.category_name.partition(" ")[2]}  # fmt: skip
