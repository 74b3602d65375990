"""RhymeTime: words that sound alike. Families of rhymes stand in the template file, by sound and not by spelling."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType, templates_of


class RhymeTime(SessionType):
    """Two words that rhyme, and one that does not."""

    def words(self) -> Drawn:
        slots = self._rhyme("words")
        return slots, Want(points=((slots["rhyme"],),), exactly=(slots["rhyme"],), wrong=(slots["other"],))

    def two_words(self) -> Drawn:
        slots = self._rhyme("two words")
        return slots, Want(points=((slots["word"],), (slots["rhyme"],)), wrong=(slots["other"],))

    def phrases(self) -> Drawn:
        slots = self._rhyme("phrases")
        both = (f"{slots['word']} and {slots['rhyme']}", f"{slots['rhyme']} and {slots['word']}")
        return slots, Want(points=(both,), wrong=(slots["other"],), exactly=both)

    def sentences(self) -> Drawn:
        slots = self._rhyme("sentences")
        return slots, self._says_it(slots)

    def answers(self) -> Drawn:
        slots = self._rhyme("answers")
        return slots, self._answer(slots, self.scene.pick((True, False)))

    def stories(self) -> Drawn:
        slots = self._rhyme("stories")
        verdicts = (f"{slots['word']} rhymes with {slots['rhyme']}", f"{slots['rhyme']} rhymes with {slots['word']}")
        return slots, Want(
            points=(verdicts, (slots["other"],), ("does not rhyme",)),
            form="statement",
        )

    def dialogue(self) -> Sequence[Drawn]:
        slots = self._rhyme("dialogue")
        yes = dict(slots)
        no = dict(slots)
        return (
            (yes, self._answer(yes, True)),
            (no, self._answer(no, False)),
            (slots, Want(points=((slots["rhyme"],),), wrong=(slots["other"],), form="statement")),
        )

    def _says_it(self, slots: dict[str, str]) -> Want:
        word, rhyme = slots["word"], slots["rhyme"]
        pairs = ((word, rhyme), (rhyme, word))
        whole = tuple(said for one, two in pairs for said in (f"{one} rhymes with {two}", f"{one} and {two} rhyme"))
        points = ((word,), (rhyme,), ("rhymes with", "rhyme"))
        return Want(points=points, wrong=(slots["other"],), exactly=whole, form="statement")

    def _answer(self, slots: dict[str, str], rhymes: bool) -> Want:
        """Fills in what is asked about, and what is so; returns what an answer has to hold."""
        asked = slots["rhyme" if rhymes else "other"]
        does = "rhymes" if rhymes else "does not rhyme"
        slots |= {"asked": asked, "yes": "yes" if rhymes else "no", "does": does}
        points = (("yes",) if rhymes else ("no",), (does,), (asked,))
        return Want(points=points, wrong=("no", "not") if rhymes else ("yes",), form="statement")

    def _rhyme(self, part: str) -> dict[str, str]:
        """A word, one that rhymes with it, and one that does not: a combination of this side."""
        families = [family.split() for family in templates_of(self.name)["families"]]
        pairs = [(pair, family) for family in families for pair in permutations(family, 2)]
        (word, rhyme), own = self.scene.pick(pairs)
        others = [other for family in families if family is not own for other in family]
        other = self.scene.draw(others, str, self.name, part, word, rhyme)
        self.about(word, rhyme, other)
        first, second = (rhyme, other) if self.scene.pick((True, False)) else (other, rhyme)
        return {"word": word, "rhyme": rhyme, "other": other, "first": first, "second": second}
