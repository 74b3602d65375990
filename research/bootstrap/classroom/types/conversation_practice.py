"""ConversationPractice: small talk with another pupil, from a greeting to several turns."""

from __future__ import annotations

from collections.abc import Sequence

from data_mix.curriculum.words import lexicon
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import a, done_to, name, names, singular, things


class ConversationPractice(SessionType):
    """What one answers when somebody talks to one."""

    share = 1.5

    def words(self) -> Drawn:
        here = self.scene.pick(names())
        others = tuple(person for person in names() if person != here)
        away = self.scene.draw(others, name, self.name, "words", here.self_name)
        self.about(here.self_name, away.self_name)
        slots = {"here": here.self_name, "away": away.self_name}
        exactly = (here.self_name, f"{here.self_name} is here")
        return slots, Want(points=((here.self_name,),), wrong=(away.self_name,), exactly=exactly)

    def two_words(self) -> Drawn:
        slots = self._liked("two words")
        return slots, Want(points=(("yes",), (slots["plural"],)), wrong=("no",), exactly=(f"yes, {slots['plural']}",))

    def phrases(self) -> Drawn:
        slots = self._liked("phrases")
        either = (slots["a_noun"], slots["a_second"])
        exactly = tuple(f"{each}, please" for each in either) + either
        return slots, Want(points=(either, ("please",)), exactly=exactly)

    def sentences(self) -> Drawn:
        slots = self._liked("sentences")
        said = (f"I like {slots['plural']}", f"I like {slots['plural']}, too", f"and I like {slots['plural']}")
        return slots, Want(points=(("I like",), (slots["plural"],)), in_order=True, exactly=said, form="statement")

    def answers(self) -> Drawn:
        slots = self._deed()
        can = self.scene.pick(("can", "cannot"))
        slots |= {"can": can, "yes": "yes" if can == "can" else "no"}
        points = ((slots["yes"],), (f"I {can}",), (slots["deed"],))
        wrong = ("no", "cannot") if can == "can" else ("yes",)
        return slots, Want(points=points, in_order=True, wrong=wrong, form="statement")

    def stories(self) -> Drawn:
        first, second = self._deed(), self._deed()
        slots = first | {"done2": second["done"]}
        self.about(first["base"], first["noun"], second["base"], second["noun"])
        points = (("I",), (first["done"],), (second["done"],))
        return slots, Want(points=points, in_order=True, form="statement")

    def dialogue(self) -> Sequence[Drawn]:
        slots = self._deed()
        return (
            (slots, Want(points=(("hello", "good morning", "hi"), (self.scene.partner,)), form="any")),
            (slots, Want(points=(("I",), (slots["done"],)), in_order=True, form="statement")),
            (slots, Want(points=((slots["time"],),), form="any")),
            (slots, Want(points=(("goodbye", "bye"), (self.scene.partner,)), form="any")),
        )

    def _liked(self, part: str) -> dict[str, str]:
        noun = self.scene.pick(things())
        others = tuple(other for other in things() if other != noun)
        second = self.scene.draw(others, singular, self.name, part, noun.singular)
        self.about(noun.singular, second.singular)
        return {
            "plural": noun.plural,
            "plural2": second.plural,
            "a_noun": a(noun.singular),
            "a_second": a(second.singular),
        }

    def _deed(self) -> dict[str, str]:
        verb, noun = self.scene.deed()
        self.about(verb.base, noun.singular)
        return {
            "deed": done_to(verb, noun),
            "done": done_to(verb, noun, form=verb.past),
            "base": verb.base,
            "noun": noun.singular,
            "plural": noun.plural,
            "time": self.scene.pick(tuple(lexicon().conversation["times"]["past"])),
        }
