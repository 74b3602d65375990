"""Counting: how many there are, and what several of a thing are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from data_mix.curriculum.words import Noun
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import a, names, numbers, singular, things

SEEN = ("I see", "I can see", "there is", "there are")
MORE, LESS = (
    ("another one comes", "here is one more", "one more is here"),
    ("one goes away", "one is gone", "I take one"),
)
"""How one comes, and how one goes."""


class Counting(SessionType):
    """Counting and listing."""

    def words(self) -> Drawn:
        slots, noun = self._several("words")
        number = slots["number"]
        wrong = tuple(other for other in _counts() if other != number)
        exactly = (number, f"{number} {noun.plural}")
        return slots, Want(points=((number,),), wrong=wrong, exactly=exactly)

    def two_words(self) -> Drawn:
        slots, noun = self._several("two words")
        said = f"{slots['number']} {noun.plural}"
        return slots, Want(points=((said,),), exactly=(said,))

    def phrases(self) -> Drawn:
        if self.scene.pick((True, False)):
            slots, row = self._row("a row")
            return slots, Want(points=row, in_order=True, exactly=_rows(slots))
        slots, noun = self._several("phrases")
        said = f"{slots['number']} {slots['property']} {noun.plural}"
        return slots, Want(points=((said,),), exactly=(said,))

    def sentences(self) -> Drawn:
        if self.scene.pick((True, False)):
            slots, row = self._row("a row that is seen")
            return slots, Want(points=(SEEN, *row), in_order=True, form="statement")
        slots, noun = self._several("sentences")
        said = f"{slots['number']} {noun.plural}"
        return slots, Want(points=(SEEN, (said,)), in_order=True, form="statement")

    def answers(self) -> Drawn:
        slots, noun = self._several("answers")
        person = self.scene.pick(names())
        other = self.scene.pick(tuple(each for each in names() if each != person))
        number2 = self.scene.pick(tuple(each for each in numbers() if each != slots["number"]))
        slots |= {"name": person.self_name, "she": person.pronoun, "number2": number2, "name2": other.self_name}
        has = f"has {slots['number']} {noun.plural}"
        points = ((person.self_name, person.pronoun), (has,))
        whole = tuple(f"{who} {has}" for who in points[0])
        return slots, Want(points=points, in_order=True, wrong=(number2,), exactly=whole, form="statement")

    def stories(self) -> Drawn:
        slots, noun = self._several("stories")
        person = self.scene.pick(names())
        other = self.scene.pick(tuple(each for each in names() if each != person))
        more = self.scene.pick(numbers())
        slots |= {"name": person.self_name, "name2": other.self_name, "number2": more}
        first, second = f"has {slots['number']} {noun.plural}", f"has {more} {noun.plural}"
        points = ((person.self_name,), (first,), (other.self_name,), (second, f"has {more}"))
        return slots, Want(points=points, in_order=True, form="statement")

    def dialogue(self) -> Sequence[Drawn]:
        """There are some of a thing; then twice one comes or goes."""
        noun, property = self._thing("dialogue")
        count, turns = self.scene.pick((2, 3, 4)), []
        for turn in range(3):
            step = self.scene.pick([each for each in (1, -1) if 0 < count + each <= len(_counts())]) if turn else 0
            count += step
            said = _so_many(count, noun)
            wrong = tuple(other for other in _counts() if other != _counts()[count - 1])
            slots = {"property": property, "said": said, "plural": noun.plural, "is": "is" if count == 1 else "are"}
            if step:
                slots |= {"change": self.scene.pick(MORE if step > 0 else LESS)}
            seen = ("there is" if count == 1 else "there are", "I see", "I can see", "I have")
            turns.append((slots, Want(points=(seen, (said,)), wrong=wrong, in_order=True, form="statement")))
        return turns

    def _row(self, part: str) -> tuple[dict[str, str], tuple[tuple[str, ...], ...]]:
        """Three things in a row, the last in a combination of this side, and the points of one who lists them."""
        first = self.scene.pick(things())
        second = self.scene.pick(tuple(each for each in things() if each != first))
        others = tuple(each for each in things() if each not in (first, second))
        third = self.scene.draw(others, singular, self.name, part, first.singular, second.singular)
        self.about(first.singular, second.singular, third.singular)
        said = [a(each.singular) for each in (first, second, third)]
        slots = dict(zip(("item1", "item2", "item3"), said, strict=True))
        return slots | {"row": f"{said[0]}, {said[1]} and {said[2]}"}, tuple((each,) for each in said)

    def _thing(self, part: str) -> tuple[Noun, str]:
        seen = [(noun, property) for noun in things() for property in noun.properties]
        noun, property = self.scene.draw(seen, lambda pair: f"{pair[1]} {pair[0].singular}", self.name, part)
        self.about(noun.singular, property)
        return noun, property

    def _several(self, part: str) -> tuple[dict[str, str], Noun]:
        """Some of a thing: number and thing are a combination of this side."""
        pairs = [(noun, number) for noun in things() for number in numbers()]
        noun, number = self.scene.draw(pairs, lambda pair: f"{pair[1]} {pair[0].singular}", self.name, part)
        self.about(number, noun.singular)
        count = _counts().index(number) + 1
        slots = {
            "noun": noun.singular,
            "a_noun": a(noun.singular),
            "plural": noun.plural,
            "number": number,
            "property": self.scene.pick(noun.properties),
            "each": ", ".join([a(noun.singular)] * count),
        }
        return slots, noun


def _counts() -> tuple[str, ...]:
    """Numbers from one on."""
    return ("one", *numbers())


def _so_many(count: int, noun: Noun) -> str:
    return f"{_counts()[count - 1]} {noun.singular if count == 1 else noun.plural}"


def _rows(slots: Mapping[str, str]) -> tuple[str, ...]:
    """The ways to list three things."""
    first, second, third = slots["item1"], slots["item2"], slots["item3"]
    return (slots["row"], f"{first} and {second} and {third}", f"{first}, {second}, {third}")
