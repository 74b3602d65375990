"""ConversationPractice: small talk with another pupil, from a greeting to several turns."""

from __future__ import annotations

from collections.abc import Sequence

from data_mix.curriculum.words import lexicon
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import a, done_to, names, things


class ConversationPractice(SessionType):
    """What one answers when somebody talks to one."""

    share = 1.5

    def words(self) -> Drawn:
        here, away2 = self._two_names()
        others = tuple(person.self_name for person in names() if person.self_name not in (here, away2))
        away = self.scene.draw(others, str, self.name, "words", here)
        self.about(here, away)
        slots = {"here": here, "away": away, "away2": away2}
        return slots, Want(points=((here,),), wrong=(away, away2), exactly=(here, f"{here} is here"))

    def two_words(self) -> Drawn:
        slots = self._liked("two words")
        likes = self.scene.pick((True, False))
        slots |= {"asked": slots["plural" if likes else "plural2"], "yes": "yes" if likes else "no"}
        wrong = ("no" if likes else "yes", slots["plural2"])
        exactly = (f"{slots['yes']}, {slots['plural']}",)
        return slots, Want(points=((slots["yes"],), (slots["plural"],)), wrong=wrong, exactly=exactly)

    def phrases(self) -> Drawn:
        slots = self._liked("phrases")
        first, second = self.scene.pick(((slots["a_noun"], slots["a_second"]), (slots["a_second"], slots["a_noun"])))
        slots |= {"first": first, "second": second}
        points = ((slots["a_noun"],), ("please",))
        return slots, Want(points=points, wrong=(slots["a_second"],), exactly=(f"{slots['a_noun']}, please",))

    def sentences(self) -> Drawn:
        slots = self._liked("sentences")
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
        self.about(first["base"], first["noun"], second["base"], second["noun"])
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

    def _liked(self, part: str) -> dict[str, str]:
        noun = self.scene.pick(things())
        others = tuple(other for other in things() if other != noun)
        # Apples or pears are what pears or apples are.
        second = self.scene.draw(
            others, lambda other: "/".join(sorted((other.singular, noun.singular))), self.name, part
        )
        self.about(noun.singular, second.singular)
        return {
            "plural": noun.plural,
            "plural2": second.plural,
            "a_noun": a(noun.singular),
            "a_second": a(second.singular),
        }

    def _two_names(self) -> tuple[str, str]:
        first = self.scene.pick(names())
        return first.self_name, self.scene.pick(tuple(each for each in names() if each != first)).self_name

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
