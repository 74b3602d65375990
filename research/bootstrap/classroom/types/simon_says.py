"""SimonSays: commands, and saying what one does when one is told to."""

from __future__ import annotations

from collections.abc import Sequence

from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import done_to

_NOT_TOLD = ("see", "hear", "find", "lose", "forget", "remember", "understand", "dream", "break")
"""What nobody does, or is doing, because Simon says so."""


class SimonSays(SessionType):
    """Only what Simon says is done."""

    def words(self) -> Drawn:
        slots = self._two_deeds()
        noun = slots["noun"]
        return slots, Want(points=((noun,),), wrong=(slots["noun2"],), exactly=(noun, f"the {noun}"))

    def two_words(self) -> Drawn:
        slots = self._two_deeds()
        exactly = (slots["base_it"], f"I {slots['base_it']}")
        return slots, Want(points=((slots["base_it"],),), wrong=(slots["base2"],), exactly=exactly)

    def phrases(self) -> Drawn:
        slots = self._two_deeds()
        doing = slots["doing"]
        return slots, Want(points=((doing,),), wrong=(slots["noun2"],), exactly=(doing, f"I am {doing}"))

    def sentences(self) -> Drawn:
        slots = self._two_deeds()
        points = (("I am",), (slots["doing"],))
        return slots, Want(points=points, in_order=True, wrong=(slots["noun2"],), form="statement")

    def answers(self) -> Drawn:
        slots = self._deed()
        simon = self.scene.pick((True, False))
        slots |= {"who": "Simon" if simon else self.scene.partner, "yes": "yes" if simon else "no"}
        slots["did"] = slots["done"] if simon else f"did not {slots['deed']}"
        points = ((slots["yes"],), (f"I {slots['did']}",))
        return slots, Want(points=points, in_order=True, wrong=("no", "not") if simon else ("yes",), form="statement")

    def stories(self) -> Drawn:
        slots = self._two_deeds()
        points = (("I",), (slots["done"],), (slots["done2"],))
        return slots, Want(points=points, in_order=True, form="statement")

    def dialogue(self) -> Sequence[Drawn]:
        slots = self._two_deeds()
        doing = Want(points=(("I am",), (slots["doing"],)), in_order=True, form="statement")
        if self.scene.pick((True, False)):
            second = slots | {"simon": f"Simon says: {slots['deed2']}", "yes": "yes"}
            points: tuple[tuple[str, ...], ...] = (("yes",), ("I am",), (slots["doing2"],))
            told = Want(points=points, in_order=True, wrong=("no", "not"), form="statement")
        else:
            second = slots | {"nobody": slots["deed2"], "no": "no"}
            refused = (("no",), ("Simon did not say", "Simon does not say", "I am not"))
            told = Want(points=refused, in_order=True, wrong=("yes", f"I am {slots['doing2']}"), form="statement")
        third = self._deed()
        return (
            (slots, doing),
            (second, told),
            (third, Want(points=(("Simon says",), (third["deed"],)), in_order=True)),
        )

    def _two_deeds(self) -> dict[str, str]:
        """A deed that Simon wants, and under names with a 2 another one, of another verb and thing."""
        first = self._deed()
        second = self._deed(first["base"], first["noun"])
        return first | {f"{name}2": words for name, words in second.items()}

    def _deed(self, *others: str) -> dict[str, str]:
        """A deed of other words than `others`."""
        verb, noun = self.scene.deed(lambda verb, noun: not {verb.base, noun.singular} & {*_NOT_TOLD, *others})
        return {
            "base": verb.base,
            "noun": noun.singular,
            "deed": done_to(verb, noun),
            "done": done_to(verb, noun, form=verb.past),
            "doing": done_to(verb, noun, form=verb.ing),
            "base_it": " ".join(filter(None, (verb.base, verb.preposition, "it"))),
        }
