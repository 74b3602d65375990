"""WhyChain: a deed, the feeling behind it, and what lies behind the feeling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from data_mix.curriculum.words import Person, lexicon
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import another, done_to, names, somebody


class WhyChain(SessionType):
    """Whys about one deed of a third person."""

    def words(self) -> Drawn:
        slots, _ = self._felt()
        right = tuple(feeling for feeling, causes in lexicon().causes.items() if slots["cause"] in causes)
        wrong = tuple(feeling for feeling in lexicon().causes if feeling not in right)
        return slots, Want(points=(right,), wrong=wrong)

    def two_words(self) -> Drawn:
        slots, _ = self._felt(about="feeling")
        is_so = self.scene.pick((True, False))
        others = tuple(feeling for feeling in lexicon().causes if feeling != slots["feeling"])
        asked = slots["feeling"] if is_so else self.scene.pick(others)
        said = "yes" if is_so else "no"
        wrong = ("no" if is_so else "yes", *others)
        exactly = (f"{said}, {slots['feeling']}", f"{said}, {slots['she']} is {slots['feeling']}")
        slots |= {"asked": asked, "yes": said}
        return slots, Want(points=((said,), (slots["feeling"],)), exactly=exactly, wrong=wrong)

    def phrases(self) -> Drawn:
        slots, _ = self._felt()
        return slots, self._because(slots, slots["cause"])

    def sentences(self) -> Drawn:
        """Two sentences become one."""
        slots = self._deed()
        whom = (slots["name"], slots["she"])
        points = (whom, (slots["done"],), ("because",), whom, (slots["feeling"],))
        return slots, Want(points=points, in_order=True, form="statement")

    def answers(self) -> Drawn:
        """Two feel something, each for a reason, and one of them is asked about."""
        slots, person = self._felt()
        causes = lexicon().causes
        others = [(felt, cause) for felt, found in causes.items() for cause in found
                  if felt != slots["feeling"] and cause not in causes[slots["feeling"]]]  # fmt: skip
        feeling2, cause2 = self.scene.pick(others)
        name2 = another(self.scene, person, feeling2, cause2).self_name
        slots |= {"name2": name2, "feeling2": feeling2, "cause2": cause2}
        elsewhere = tuple(felt for felt in causes if felt != slots["feeling"] and felt not in slots["cause"].split())
        return slots, self._because(slots, slots["cause"], wrong=(cause2, name2, *elsewhere))

    def stories(self) -> Drawn:
        slots = self._deed()
        whom = (slots["she"], slots["name"])
        points = ((slots["name"],), (slots["done"],), (slots["feeling"],), ("because",), whom, (slots["cause"],))
        return slots, Want(points=points, in_order=True, form="statement")

    def dialogue(self) -> Sequence[Drawn]:
        slots = self._deed()
        reasons = (slots["feeling"], slots["cause"], slots["deeper"])
        return [(slots, self._because(slots, reason)) for reason in reasons]

    def _because(self, slots: dict[str, str], reason: str, wrong: tuple[str, ...] = ()) -> Want:
        """A reply that gives the reason, whatever stands before the because."""
        points = ((f"because {slots['she']}", f"because {slots['name']}"), (reason,))
        return Want(points=points, in_order=True, wrong=wrong, form="statement")

    def _felt(self, about: Literal["cause", "feeling"] = "cause") -> tuple[dict[str, str], Person]:
        """Somebody who feels so for a reason; the task is about who it is and the one or the other."""
        causes = [(feeling, cause) for feeling, found in lexicon().causes.items() for cause in found]
        person, (feeling, cause) = self.scene.draw(
            lambda: (self.scene.pick(names()), self.scene.pick(causes)),
            lambda found: (found[0].self_name, found[1][1 if about == "cause" else 0]),
            lambda found: [(found[0].self_name, word) for word in found[1]],
        )
        return _slots(person) | {"feeling": feeling, "cause": cause}, person

    def _deed(self) -> dict[str, str]:
        """What somebody did, how they felt, why, and what lay behind it."""
        verb, noun = self.scene.deed()
        feeling = self.scene.pick(verb.feelings)
        cause, behind = self.scene.pick(tuple(lexicon().causes[feeling].items()))
        deeper = self.scene.pick(behind)
        slots = _slots(somebody(self.scene, noun.singular, feeling, cause, deeper))
        slots |= {"feeling": feeling, "cause": cause, "deeper": deeper}
        return slots | {"done": done_to(verb, noun, form=verb.past), "base": done_to(verb, noun)}


def _slots(person: Person) -> dict[str, str]:
    return {"name": person.self_name, "she": person.pronoun}
