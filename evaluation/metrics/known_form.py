"""What a learner said and what it should have been, as words in the tutor's person, for what speaks of either."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from data_mix.language.teaching import grammar_named
from evaluation.cases.case import Truth
from evaluation.metrics.changes import correction, new_words
from evaluation.metrics.person import FIRST_PERSON, as_tutor_says
from evaluation.metrics.phrases import cues
from evaluation.metrics.words import find, words

Phrase = Sequence[str]
_LONGEST = 8
"""Words of a phrase that is looked for."""
_MOST = 40
"""Words of a text that are looked through for one."""


class KnownForm:
    """The learner's words and the right ones. Whoever says them, they are compared as the tutor says them."""

    def __init__(self, truth: Truth) -> None:
        compared = correction(truth.learner, truth.corrected)
        self.language, self.small = compared.language, compared.small
        """The language that both are in, and its function words."""
        self.said, self.corrected = self.folded(truth.learner), self.folded(truth.corrected)
        """The learner's words, and those of the corrected clause."""
        self.asks = "?" in truth.learner
        """Whether the learner asks, so that a form may be the answer."""
        self.raw = f"{truth.learner} {truth.corrected}"
        """Both as they were written."""
        self.clause = words(truth.corrected)
        """The corrected clause as it is."""
        self.own = {*self.said, *self.corrected}
        self.fix = self.folded(truth.fix or new_words(truth.learner, truth.corrected))
        """The fewest words that put it right."""
        self.persons = FIRST_PERSON & set(words(truth.learner))
        """What the learner calls themselves by."""
        self.swapped = [
            (each.wrong[0], compared.clause[each.start])
            for each in compared.changes
            if len(each.wrong) == each.stop - each.start == 1
        ]
        """Each word of the learner's with the one that belongs in its place."""
        gone = [list(each.wrong) for each in compared.changes if each.start == each.stop]
        gone += [[word] for word in self.said if word in self.small]
        self.too_many = [phrase for phrase in gone if not find(self.corrected, phrase)]
        """Words that only had to go."""

    def folded(self, text: str) -> list[str]:
        """The words of `text`, as the tutor says them."""
        return words(as_tutor_says(text, self.language))

    def wrong(self, phrase: Phrase) -> bool:
        """Whether the phrase is the learner's, and not of the corrected clause."""
        return bool(find(self.said, list(phrase))) and not find(self.corrected, list(phrase))

    def right(self, phrase: Phrase) -> bool:
        """Whether the phrase is of the corrected clause, and not the learner's."""
        return bool(find(self.corrected, list(phrase))) and not find(self.said, list(phrase))

    def form(self, phrase: Phrase) -> bool:
        """Whether the phrase is right; or, where the verb tells who speaks, likely the learner's own form of it."""
        if self.right(phrase):
            return True
        if self.language in ("en", "") or find(self.said, list(phrase)):
            return False
        new = {*phrase} - {*self.said}
        alike = any(_alike(one, other) for one in new for other in self.fix)
        return alike and (len(phrase) == 1 or 2 * len({*phrase} & {*self.corrected}) >= len(phrase))

    def own_verbs(self) -> set[str]:
        """The learner's words that stand in another person in the clause: "conozco" for "conoces"."""
        if self.language in ("en", ""):
            return set()
        return {wrong for wrong, right in self.swapped if _alike(wrong, right)}

    def grammar(self, text: str) -> bool:
        """Whether `text` names a matter of grammar: one that is nothing else, and that the learner did not speak of."""
        named = (each for each in grammar_named(text) if not cues("doubtful_grammar").fullmatch(each))
        return any({*words(each)}.isdisjoint(self.own) for each in named)

    def ends(self, text: str, holds: Callable[[Phrase], bool]) -> bool:
        """Whether `text` ends in a phrase of which that holds."""
        tail = self.folded(text)[-_LONGEST:]
        return any(holds(tail[start:]) for start in range(len(tail)))

    def begins(self, text: str, holds: Callable[[Phrase], bool]) -> bool:
        """Whether `text` begins with such a phrase."""
        head = self.folded(text)[:_LONGEST]
        return any(holds(head[:stop]) for stop in range(1, len(head) + 1))

    def has(self, text: str, holds: Callable[[Phrase], bool]) -> bool:
        """Whether such a phrase is anywhere in `text`."""
        return self._has(self.folded(text)[:_MOST], holds)

    def begins_soon(self, text: str, holds: Callable[[Phrase], bool]) -> bool:
        """Whether `text` begins with words of the learner's or of the clause, such a phrase among them."""
        head = self.folded(text)[:_LONGEST]
        strange = next((at for at, word in enumerate(head) if word not in self.own and not holds([word])), len(head))
        return self._has(head[:strange], holds)

    def prescribes(self, text: str) -> bool:
        """Whether `text`, behind a verb of saying, begins with the form, and with more than a small word by chance."""
        head = self.folded(text)[:_LONGEST]
        stop = max((stop for stop in range(1, len(head) + 1) if self.form(head[:stop])), default=0)
        return bool(stop) and (stop == len(head) or not self.small.issuperset(head[:stop]))

    @staticmethod
    def _has(inside: list[str], holds: Callable[[Phrase], bool]) -> bool:
        return any(
            holds(inside[start:stop])
            for start in range(len(inside))
            for stop in range(start + 1, min(start + _LONGEST, len(inside)) + 1)
        )


def _alike(one: str, other: str) -> bool:
    """Whether two words may be forms of one: they begin alike."""
    size = 2 if max(len(one), len(other)) < 6 else 3
    return len(one) >= size and one[:size] == other[:size]


@lru_cache(maxsize=64)
def known_form(truth: Truth) -> KnownForm:
    """What is known of the form in a turn."""
    return KnownForm(truth)
