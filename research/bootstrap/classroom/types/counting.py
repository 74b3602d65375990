"""Counting: how many there are, and what several of a thing are called."""

from __future__ import annotations

from collections.abc import Sequence

from data_mix.curriculum.words import Noun
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import a, names, numbers, things

ONE = "one"


class Counting(SessionType):
    """Counting and listing."""

    def words(self) -> Drawn:
        slots, noun = self._several("words")
        number = slots["number"]
        wrong = tuple(other for other in (ONE, *numbers()) if other != number)
        exactly = (number, f"{number} {noun.plural}")
        return slots, Want(points=((number,),), wrong=wrong, exactly=exactly)

    def two_words(self) -> Drawn:
        slots, noun = self._several("two words")
        said = f"{slots['number']} {noun.plural}"
        return slots, Want(points=((said,),), exactly=(said,))

    def phrases(self) -> Drawn:
        slots, noun = self._several("phrases")
        said = f"{slots['number']} {slots['property']} {noun.plural}"
        return slots, Want(points=((said,),), exactly=(said,))

    def sentences(self) -> Drawn:
        slots, noun = self._several("sentences")
        said = f"{slots['number']} {noun.plural}"
        return slots, Want(points=(("I see", "I can see", "there are"), (said,)), in_order=True, form="statement")

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
        noun, property = self._thing("dialogue")
        turns = []
        for number in (ONE, "two", "three"):
            said = f"{number} {noun.singular if number == ONE else noun.plural}"
            wrong = tuple(other for other in (ONE, "two", "three") if other != number)
            slots = {"a_noun": a(noun.singular), "property": property, "said": said, "plural": noun.plural}
            points = (("there is" if number == ONE else "there are", "I see", "I have"), (said,))
            turns.append((slots, Want(points=points, wrong=wrong, in_order=True, form="statement")))
        return turns

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
        count = (ONE, *numbers()).index(number) + 1
        slots = {
            "noun": noun.singular,
            "a_noun": a(noun.singular),
            "plural": noun.plural,
            "number": number,
            "property": self.scene.pick(noun.properties),
            "each": ", ".join([a(noun.singular)] * count),
            "each_and": " and ".join([a(noun.singular)] * count),
        }
        return slots, noun
