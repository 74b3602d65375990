"""ShowAndTell: what a thing is like, and what kind of thing it is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations

from data_mix.curriculum.words import Noun
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import a, asked_about, described, of_a_kind, other_kinds, things


class ShowAndTell(SessionType):
    """A pupil shows something."""

    def words(self) -> Drawn:
        slots, noun, wrong = self._kinds()
        kind = noun.category_name
        exactly = (_word(kind), kind, f"it is {kind}")
        return slots, Want(points=((_word(kind),),), wrong=tuple(map(_word, wrong)), exactly=exactly)

    def two_words(self) -> Drawn:
        slots, noun, wrong = self._kinds()
        kind = noun.category_name
        return slots, Want(points=((kind,),), wrong=wrong, exactly=(kind, f"it is {kind}"))

    def phrases(self) -> Drawn:
        slots, noun = self._shown()
        said = f"{slots['property']} {noun.singular}"
        return slots, Want(points=((f"my {said}",),), exactly=(f"my {said}",), wrong=("your",))

    def sentences(self) -> Drawn:
        slots, noun = self._shown()
        whom = (noun.singular, "it")
        points = (whom, (noun.category_name,))
        return slots, Want(points=points, in_order=True, wrong=other_kinds(noun), form="statement")

    def answers(self) -> Drawn:
        is_so = self.scene.pick((True, False))
        slots, noun = asked_about(self.scene, is_so)
        points = ((slots["yes"],), (noun.singular, "it"), (noun.category_name,))
        wrong = (*other_kinds(noun), "no" if is_so else "yes")
        return slots, Want(points=points, in_order=True, wrong=wrong, form="statement")

    def stories(self) -> Drawn:
        slots, noun = self._shown()
        points = ((f"my {noun.singular}",), (slots["property"],), (noun.category_name,))
        return slots, Want(points=points, wrong=other_kinds(noun), form="statement")

    def dialogue(self) -> Sequence[Drawn]:
        slots, noun = self._shown()
        whom = ("it", f"the {noun.singular}", a(noun.singular), f"my {noun.singular}")
        has = (a(noun.singular), slots["a_property_noun"])
        return (
            (slots, Want(points=(("I have", "it is"), has), in_order=True, form="statement")),
            (slots, Want(points=(whom, (slots["property"],)), form="statement")),
            (
                slots,
                Want(points=(whom, (noun.category_name,)), in_order=True, wrong=other_kinds(noun), form="statement"),
            ),
        )

    def _shown(self) -> tuple[dict[str, str], Noun]:
        noun, property = described(self.scene, things(), "show")
        return self._slots(noun) | {"property": property, "a_property_noun": a(f"{property} {noun.singular}")}, noun

    def _kinds(self) -> tuple[dict[str, str], Noun, tuple[str, str]]:
        """A thing and two kinds that it is not."""
        kinds = sorted({noun.category_name for noun in of_a_kind()})

        def candidate() -> tuple[Noun, tuple[str, str]]:
            kind = self.scene.pick(kinds)
            noun = self.scene.pick([noun for noun in of_a_kind() if noun.category_name == kind])
            return noun, self.scene.pick(list(combinations(other_kinds(noun), 2)))

        noun, wrong = self.scene.draw(candidate, lambda found: (found[0].singular, *found[1]))
        first, second, last = self.scene.pick(list(permutations((noun.category_name, *wrong))))
        return self._slots(noun) | {"choices": f"{first}, {second} or {last}"}, noun, wrong

    def _slots(self, noun: Noun) -> dict[str, str]:
        return {"noun": noun.singular, "a_noun": a(noun.singular), "kind": noun.category_name,
                "kind_word": _word(noun.category_name)}  # fmt: skip


def _word(kind: str) -> str:
    """A kind without its article."""
    return kind.partition(" ")[2]
