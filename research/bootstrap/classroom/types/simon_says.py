"""SimonSays: commands, and saying what one does when one is told to."""

from __future__ import annotations

from collections.abc import Sequence

from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import done_to


class SimonSays(SessionType):
    """Only what Simon says is done."""

    def words(self) -> Drawn:
        slots = self._deed()
        noun = slots["noun"]
        return slots, Want(points=((noun,),), exactly=(noun, f"the {noun}"))

    def two_words(self) -> Drawn:
        slots = self._deed()
        return slots, Want(points=((slots["base_it"],),), exactly=(slots["base_it"], f"I {slots['base_it']}"))

    def phrases(self) -> Drawn:
        slots = self._deed()
        doing = slots["doing"]
        return slots, Want(points=((doing,),), exactly=(doing, f"I am {doing}"))

    def sentences(self) -> Drawn:
        slots = self._deed()
        whole = f"I am {slots['doing']}"
        return slots, Want(points=(("I am",), (slots["doing"],)), in_order=True, exactly=(whole,), form="statement")

    def answers(self) -> Drawn:
        slots = self._deed()
        simon = self.scene.pick((True, False))
        slots |= {"who": "Simon" if simon else self.scene.partner, "yes": "yes" if simon else "no"}
        slots["did"] = slots["done"] if simon else f"did not {slots['deed']}"
        points = ((slots["yes"],), (f"I {slots['did']}",))
        return slots, Want(points=points, in_order=True, wrong=("no", "not") if simon else ("yes",), form="statement")

    def stories(self) -> Drawn:
        first, second = self._deed(), self._deed()
        slots = first | {"deed2": second["deed"], "done2": second["done"]}
        self.about(first["base"], first["noun"], second["base"], second["noun"])
        points = (("I",), (first["done"],), (second["done"],))
        return slots, Want(points=points, in_order=True, form="statement")

    def dialogue(self) -> Sequence[Drawn]:
        slots = self._deed()
        second = self._deed()
        more = {"deed2": second["deed"], "doing2": second["doing"]}
        self.about(slots["base"], slots["noun"], second["base"], second["noun"])
        slots |= more
        return (
            (slots, Want(points=(("I am",), (slots["doing"],)), in_order=True, form="statement")),
            (slots, Want(points=(("no",), ("Simon",), ("not",)), wrong=("yes", "I am"), form="statement")),
            (slots, Want(points=(("Simon says",), (slots["deed2"],)), in_order=True, form="any")),
        )

    def _deed(self) -> dict[str, str]:
        verb, noun = self.scene.deed()
        self.about(verb.base, noun.singular)
        return {
            "base": verb.base,
            "noun": noun.singular,
            "deed": done_to(verb, noun),
            "done": done_to(verb, noun, form=verb.past),
            "doing": done_to(verb, noun, form=verb.ing),
            "base_it": " ".join(filter(None, (verb.base, verb.preposition, "it"))),
        }
