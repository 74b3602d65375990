"""ConversationPractice: small talk with another pupil, from a greeting to several turns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import permutations

from data_mix.curriculum.words import lexicon
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import a, done_to, names, things


class ConversationPractice(SessionType):
    """What one answers when somebody talks to one."""

    share = 1.5

    def words(self) -> Drawn:
        here, away, away2 = self.scene.draw(
            lambda: self.scene.pick(_threes()), lambda three: three[:2], lambda three: [(three[0], three[2])]
        )
        slots = {"here": here, "away": away, "away2": away2}
        return slots, Want(points=((here,),), wrong=(away, away2), exactly=(here, f"{here} is here"))

    def two_words(self) -> Drawn:
        slots = self._liked()
        likes = self.scene.pick((True, False))
        slots |= {"asked": slots["plural" if likes else "plural2"], "yes": "yes" if likes else "no"}
        wrong = ("no" if likes else "yes", slots["plural2"])
        exactly = (f"{slots['yes']}, {slots['plural']}",)
        return slots, Want(points=((slots["yes"],), (slots["plural"],)), wrong=wrong, exactly=exactly)

    def phrases(self) -> Drawn:
        slots = self._liked()
        first, second = self.scene.pick(((slots["a_noun"], slots["a_second"]), (slots["a_second"], slots["a_noun"])))
        slots |= {"first": first, "second": second}
        points = ((slots["a_noun"],), ("please",))
        return slots, Want(points=points, wrong=(slots["a_second"],), exactly=(f"{slots['a_noun']}, please",))

    def sentences(self) -> Drawn:
        slots = self._liked()
        said = (f"I like {slots['plural']}", f"I like {slots['plural']}, too", f"and I like {slots['plural']}")
        points = (("I like",), (slots["plural"],))
        wrong = (slots["plural2"], "not")
        return slots, Want(points=points, in_order=True, wrong=wrong, exactly=said, form="statement")

    def answers(self) -> Drawn:
        slots = self._deed()
        can = self.scene.pick(("can", "cannot"))
        slots |= {"can": can, "can2": self.scene.pick(("can", "cannot")), "yes": "yes" if can == "can" else "no"}
        points = ((slots["yes"],), ("I can",) if can == "can" else ("I cannot", "I can not"), (slots["deed"],))
        wrong = ("no", "cannot", "not") if can == "can" else ("yes",)
        return slots, Want(points=points, in_order=True, wrong=wrong, form="statement")

    def stories(self) -> Drawn:
        first, second = self._deed(), self._deed()
        slots = first | {"done2": second["done"]}
        points = (("I",), (first["done"],), (second["done"],))
        return slots, Want(points=points, in_order=True, form="statement")

    def dialogue(self) -> Sequence[Drawn]:
        slots = self._deed()
        other_times = tuple(time for time in lexicon().conversation["times"]["past"] if time != slots["time"])
        return (
            (slots, Want(points=(("hello", "good morning", "hi"), (self.scene.partner,)), form="any")),
            (slots, Want(points=(("I",), (slots["done"],)), in_order=True, form="statement")),
            (slots, Want(points=((slots["time"],),), wrong=other_times, form="statement")),
            (slots, Want(points=(("goodbye", "bye"), (self.scene.partner,)), form="any")),
        )

    def _liked(self) -> dict[str, str]:
        """What the pupil likes, and what it does not like or the partner likes."""
        noun = self.scene.draw(lambda: self.scene.pick(things()), lambda noun: ("like", noun.singular))
        others = tuple(other for other in things() if other != noun)
        second = self.scene.draw_beside(lambda: self.scene.pick(others), lambda other: [("like", other.singular)])
        return {
            "plural": noun.plural,
            "plural2": second.plural,
            "a_noun": a(noun.singular),
            "a_second": a(second.singular),
        }

    def _deed(self) -> dict[str, str]:
        verb, noun = self.scene.deed()
        return {
            "deed": done_to(verb, noun),
            "done": done_to(verb, noun, form=verb.past),
            "base": verb.base,
            "noun": noun.singular,
            "plural": noun.plural,
            "time": self.scene.pick(tuple(lexicon().conversation["times"]["past"])),
        }


@cache
def _threes() -> tuple[tuple[str, ...], ...]:
    """Three people by their names."""
    return tuple(permutations((person.self_name for person in names()), 3))
