"""RhymeTime: words that sound alike. Families of rhymes stand in the template file, by sound and not by spelling."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import permutations

from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.session_type import Drawn, SessionType, templates_of


@cache
def families() -> tuple[tuple[str, ...], ...]:
    """Rows of words that rhyme with each other and with no word of another row."""
    return tuple(tuple(family.split()) for family in templates_of("rhyme_time")["families"])


class RhymeTime(SessionType):
    """Two words that rhyme, and others that do not."""

    def words(self) -> Drawn:
        slots, others = self._rhyme()
        return slots, Want(points=((slots["rhyme"],),), exactly=(slots["rhyme"],), wrong=others)

    def two_words(self) -> Drawn:
        slots, others = self._rhyme()
        return slots, Want(points=((slots["word"],), (slots["rhyme"],)), wrong=others)

    def phrases(self) -> Drawn:
        slots, others = self._rhyme()
        both = (f"{slots['word']} and {slots['rhyme']}", f"{slots['rhyme']} and {slots['word']}")
        return slots, Want(points=(both,), wrong=others, exactly=both)

    def sentences(self) -> Drawn:
        slots, others = self._rhyme()
        word, rhyme = slots["word"], slots["rhyme"]
        whole = tuple(
            said
            for one, two in permutations((word, rhyme))
            for said in (f"{one} rhymes with {two}", f"{one} and {two} rhyme")
        )
        points = ((word,), (rhyme,), ("rhymes with", "rhyme"))
        return slots, Want(points=points, wrong=others, exactly=whole, form="statement")

    def answers(self) -> Drawn:
        slots, _ = self._rhyme()
        return self._answer(slots, self.scene.pick((True, False)))

    def stories(self) -> Drawn:
        slots, _ = self._rhyme()
        word, rhyme, other = slots["word"], slots["rhyme"], slots["other"]
        false = (f"{word} rhymes with {other}", f"{other} rhymes with {word}", f"{rhyme} rhymes with {other}",
                 f"{other} rhymes with {rhyme}", f"{word} does not rhyme with {rhyme}",
                 f"{rhyme} does not rhyme with {word}")  # fmt: skip
        return slots, Want(
            points=((f"{word} rhymes with {rhyme}", f"{rhyme} rhymes with {word}"), (other,), ("does not rhyme",)),
            wrong=false,
            form="statement",
        )

    def dialogue(self) -> Sequence[Drawn]:
        slots, others = self._rhyme()
        first = self.scene.pick((True, False))
        return (
            self._answer(slots, first),
            self._answer(slots, not first),
            (slots, Want(points=((slots["rhyme"],),), wrong=others, form="statement")),
        )

    def _answer(self, slots: dict[str, str], rhymes: bool) -> Drawn:
        """Whether two words rhyme, as it is so."""
        asked = slots["rhyme" if rhymes else "other"]
        does = "rhymes" if rhymes else "does not rhyme"
        said = slots | {"asked": asked, "yes": "yes" if rhymes else "no", "does": does}
        points = ((said["yes"],), (said["word"], "it"), (does,), (asked,))
        return said, Want(points=points, wrong=("no", "not") if rhymes else ("yes",), form="statement")

    def _rhyme(self) -> tuple[dict[str, str], tuple[str, str]]:
        """A word, one that rhymes with it, and two that do not."""
        pairs = [(pair, family) for family in families() for pair in permutations(family, 2)]

        def candidate() -> tuple[str, ...]:
            pair, own = self.scene.pick(pairs)
            first = self.scene.pick([family for family in families() if family is not own])
            second = self.scene.pick([family for family in families() if family not in (own, first)])
            return (*pair, self.scene.pick(first), self.scene.pick(second))

        word, rhyme, other, third = self.scene.draw(
            candidate, lambda words: words[:3], lambda words: [(*words[:2], words[3])]
        )
        choices = self.scene.pick(list(permutations((rhyme, other, third))))
        listed = self.scene.pick(list(permutations((word, rhyme, other))))
        return {
            "word": word,
            "rhyme": rhyme,
            "other": other,
            "choices": f"{choices[0]}, {choices[1]} or {choices[2]}",
            "listed": f"{listed[0]}, {listed[1]} and {listed[2]}",
            "commas": ", ".join(listed),
        }, (other, third)
