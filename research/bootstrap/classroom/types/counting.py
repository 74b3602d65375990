"""Counting: how many there are, and what several of a thing are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from data_mix.curriculum.words import Noun
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import a, another, numbers, somebody, things, told

SEEN = ("I see", "I can see", "there is", "there are")
MORE, LESS = (
    ("another one comes", "here is one more", "one more is here"),
    ("one goes away", "one is gone", "I take one"),
)
"""How one comes, and how one goes."""


class Counting(SessionType):
    """Counting and listing."""

    def words(self) -> Drawn:
        slots, noun = self._several()
        number = slots["number"]
        wrong = tuple(other for other in _counts() if other != number)
        exactly = (number, f"{number} {noun.plural}")
        return slots, Want(points=((number,),), wrong=wrong, exactly=exactly)

    def two_words(self) -> Drawn:
        slots, noun = self._several()
        said = f"{slots['number']} {noun.plural}"
        return slots, Want(points=((said,),), exactly=(said,))

    def phrases(self) -> Drawn:
        if self.scene.pick((True, False)):
            slots, row = self._row()
            return slots, Want(points=row, in_order=True, exactly=_rows(slots))
        slots, noun = self._several()
        said = f"{slots['number']} {slots['property']} {noun.plural}"
        return slots, Want(points=((said,),), exactly=(said,))

    def sentences(self) -> Drawn:
        if self.scene.pick((True, False)):
            slots, row = self._row()
            return slots, Want(points=(SEEN, *row), in_order=True, form="statement")
        slots, noun = self._several()
        said = f"{slots['number']} {noun.plural}"
        return slots, Want(points=(SEEN, (said,)), in_order=True, form="statement")

    def answers(self) -> Drawn:
        slots, noun = self._several()
        slots |= self._owners(noun)
        has = f"has {slots['number']} {noun.plural}"
        points = ((slots["name"], slots["she"]), (has,))
        whole = tuple(f"{who} {has}" for who in points[0])
        return slots, Want(points=points, in_order=True, wrong=(slots["number2"],), exactly=whole, form="statement")

    def stories(self) -> Drawn:
        slots, noun = self._several()
        slots |= self._owners(noun)
        more = slots["number2"]
        first, second = f"has {slots['number']} {noun.plural}", f"has {more} {noun.plural}"
        points = ((slots["name"],), (first,), (slots["name2"],), (second, f"has {more}"))
        return slots, Want(points=points, in_order=True, form="statement")

    def dialogue(self) -> Sequence[Drawn]:
        """There are some of a thing; then twice one comes or goes."""

        def candidate() -> tuple[Noun, str, tuple[int, ...]]:
            noun = self.scene.pick(things())
            return noun, self.scene.pick(noun.properties), self.scene.pick(_ways())

        noun, property, counts = self.scene.draw(
            candidate,
            lambda found: (found[1], found[0].singular),
            lambda found: [
                *told(found[0], "look", "see"),
                *((_counts()[count - 1], found[0].singular) for count in found[2]),
            ],
        )
        turns = []
        for before, count in zip((counts[0], *counts), counts, strict=False):
            step = count - before
            said = _so_many(count, noun)
            wrong = tuple(other for other in _counts() if other != _counts()[count - 1])
            slots = {"property": property, "said": said, "plural": noun.plural, "is": "is" if count == 1 else "are"}
            if step:
                slots |= {"change": self.scene.pick(MORE if step > 0 else LESS)}
            seen = ("there is" if count == 1 else "there are", "I see", "I can see", "I have")
            turns.append((slots, Want(points=(seen, (said,)), wrong=wrong, in_order=True, form="statement")))
        return turns

    def _owners(self, noun: Noun) -> dict[str, str]:
        """Two who have some of a thing."""
        person = somebody(self.scene, noun.singular)
        other = another(self.scene, person, noun.singular)
        return {"name": person.self_name, "she": person.pronoun, "name2": other.self_name}

    def _row(self) -> tuple[dict[str, str], tuple[tuple[str, ...], ...]]:
        """Three things in a row, and the points of one who lists them."""

        def candidate() -> tuple[Noun, ...]:
            first = self.scene.pick(things())
            second = self.scene.pick(tuple(each for each in things() if each != first))
            return first, second, self.scene.pick(tuple(each for each in things() if each not in (first, second)))

        first, second, third = self.scene.draw(
            candidate,
            lambda row: tuple(noun.singular for noun in row),
            lambda row: [deed for noun in row for deed in told(noun, "see")],
        )
        said = [a(each.singular) for each in (first, second, third)]
        slots = dict(zip(("item1", "item2", "item3"), said, strict=True))
        return slots | {"row": f"{said[0]}, {said[1]} and {said[2]}"}, tuple((each,) for each in said)

    def _several(self) -> tuple[dict[str, str], Noun]:
        """Some of a thing, another number of them, and how they are."""

        def candidate() -> tuple[Noun, str, str, str]:
            noun, number = self.scene.pick(things()), self.scene.pick(numbers())
            other = self.scene.pick(tuple(each for each in numbers() if each != number))
            return noun, number, other, self.scene.pick(noun.properties)

        noun, number, number2, property = self.scene.draw(
            candidate,
            lambda found: (found[1], found[0].singular),
            lambda found: [*((word, found[0].singular) for word in found[2:]), *told(found[0], "see")],
        )
        count = _counts().index(number) + 1
        slots = {
            "noun": noun.singular,
            "a_noun": a(noun.singular),
            "plural": noun.plural,
            "number": number,
            "number2": number2,
            "property": property,
            "each": ", ".join([a(noun.singular)] * count),
        }
        return slots, noun


def _counts() -> tuple[str, ...]:
    """Numbers from one on."""
    return ("one", *numbers())


@cache
def _ways() -> tuple[tuple[int, int, int], ...]:
    """How many there may be of a thing of which twice one comes or goes."""
    counts = range(1, len(_counts()) + 1)
    return tuple((a, b, c) for a in counts[1:4] for b in (a + 1, a - 1) for c in (b + 1, b - 1) if c in counts)


def _so_many(count: int, noun: Noun) -> str:
    return f"{_counts()[count - 1]} {noun.singular if count == 1 else noun.plural}"


def _rows(slots: Mapping[str, str]) -> tuple[str, ...]:
    """The ways to list three things."""
    first, second, third = slots["item1"], slots["item2"], slots["item3"]
    return (slots["row"], f"{first} and {second} and {third}", f"{first}, {second}, {third}")
