"""WhyChain: a deed, the feeling behind it, and what lies behind the feeling."""

from __future__ import annotations

from collections.abc import Sequence

from data_mix.curriculum.words import lexicon
from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType
from research.bootstrap.classroom.things import done_to, name, names


class WhyChain(SessionType):
    """Whys about one deed of a third person."""

    def words(self) -> Drawn:
        slots = self._felt("words")
        right = tuple(feeling for feeling, causes in lexicon().causes.items() if slots["cause"] in causes)
        wrong = tuple(feeling for feeling in lexicon().causes if feeling not in right)
        return slots, Want(points=(right,), wrong=wrong)

    def two_words(self) -> Drawn:
        feeling = self.scene.pick(tuple(lexicon().causes))
        person = self.scene.draw(names(), name, self.name, "two words", feeling)
        self.about(person.self_name, feeling)
        slots = {"name": person.self_name, "she": person.pronoun, "feeling": feeling}
        slots["cause"] = self.scene.pick(tuple(lexicon().causes[feeling]))
        is_so = self.scene.pick((True, False))
        others = tuple(feeling for feeling in lexicon().causes if feeling != slots["feeling"])
        asked = slots["feeling"] if is_so else self.scene.pick(others)
        said = "yes" if is_so else "no"
        wrong = ("no" if is_so else "yes", *others)
        exactly = (f"{said}, {slots['feeling']}", f"{said}, {slots['she']} is {slots['feeling']}")
        slots |= {"asked": asked, "yes": said}
        return slots, Want(points=((said,), (slots["feeling"],)), exactly=exactly, wrong=wrong)

    def phrases(self) -> Drawn:
        slots = self._felt("phrases")
        return slots, self._because(slots, slots["cause"])

    def sentences(self) -> Drawn:
        """Two sentences become one."""
        slots = self._deed()
        whom = (slots["name"], slots["she"])
        points = (whom, (slots["done"],), ("because",), whom, (slots["feeling"],))
        return slots, Want(points=points, in_order=True, form="statement")

    def answers(self) -> Drawn:
        """Two feel something, each for a reason, and one of them is asked about."""
        slots = self._felt("answers")
        causes = lexicon().causes
        others = [(felt, cause) for felt, found in causes.items() for cause in found
                  if felt != slots["feeling"] and cause not in causes[slots["feeling"]]]  # fmt: skip
        name2 = self.scene.pick([each.self_name for each in names() if each.self_name != slots["name"]])
        feeling2, cause2 = self.scene.draw(others, lambda each: f"{each[1]}/{name2}", self.name, "answers")
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
        deeper = self.scene.pick(tuple(lexicon().causes[slots["feeling"]][slots["cause"]]))
        slots |= {"deeper": deeper}
        reasons = (slots["feeling"], slots["cause"], deeper)
        return [(slots, self._because(slots, reason)) for reason in reasons]

    def _because(self, slots: dict[str, str], reason: str, wrong: tuple[str, ...] = ()) -> Want:
        """A reply that gives the reason, whatever stands before the because."""
        points = ((f"because {slots['she']}", f"because {slots['name']}"), (reason,))
        return Want(points=points, in_order=True, wrong=wrong, form="statement")

    def _felt(self, part: str) -> dict[str, str]:
        """Somebody who feels so for a reason, a combination of this side."""
        causes = [(feeling, cause) for feeling, found in lexicon().causes.items() for cause in found]
        feeling, cause = self.scene.pick(causes)
        return self._of(feeling, cause, part)

    def _of(self, feeling: str, cause: str, part: str) -> dict[str, str]:
        person = self.scene.draw(names(), name, self.name, part, cause)
        self.about(person.self_name, cause)
        return {"name": person.self_name, "she": person.pronoun, "feeling": feeling, "cause": cause}

    def _deed(self) -> dict[str, str]:
        """The same, and what they did."""
        verb, noun = self.scene.deed()
        feeling = self.scene.pick(verb.feelings)
        cause = self.scene.pick(tuple(lexicon().causes[feeling]))
        slots = self._of(feeling, cause, "deed")
        self.about(verb.base, noun.singular)
        return slots | {"done": done_to(verb, noun, form=verb.past), "base": done_to(verb, noun)}
