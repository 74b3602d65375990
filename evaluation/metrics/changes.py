"""What a correction changes, place by place, and the words around each place that show it was put right.

I'm enjoying in it.  ->  you are enjoying it      "in" is taken out: "enjoying it" shows it
I eat a apple.       ->  you eat an apple         "an" for "a": "an apple" shows it, for "an" is in many a text
I go in the school.  ->  you go to the school     "to" for "in": "to the school", and in part "go to"
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from data_mix.language.speech import YOURS
from evaluation.metrics.person import as_tutor_says, same_but_for_person
from evaluation.metrics.stop_words import function_words, language_of
from evaluation.metrics.words import STOP_WORDS, find, words

_ARTICLES = frozenset(
    {
        "a", "an", "the", "el", "la", "los", "las", "un", "una", "le", "les", "une", "ein", "eine", "einen", "der",
        "die", "das",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One place of the corrected clause that differs from what the learner said."""

    start: int
    """Of the clause's words, the first that is new; where words were only taken out, the one that follows them."""
    stop: int
    """One past the last that is new; equal to `start` where words were only taken out."""
    wrong: tuple[str, ...]
    """What the learner said there, in the tutor's person; empty where a word was missing."""

    def within(self, start: int, stop: int) -> bool:
        """Whether it touches the words from `start` to `stop`."""
        if self.start == self.stop:
            return start <= self.start <= stop
        return start < self.stop and self.start < stop


@dataclass(frozen=True, slots=True)
class Shown:
    """Words that show a place put right, where they stand in a reply without what would make them the mistake again."""

    words: tuple[str, ...]
    """Side by side, within one sentence."""
    not_before: str = ""
    """The word that may not follow them."""
    not_after: str = ""
    """The word that may not stand before them."""

    def inside(self, tokens: list[str]) -> bool:
        """Whether they stand in a reply's tokens."""
        size = len(self.words)
        return any(
            (not self.not_after or not at or tokens[at - 1] != self.not_after)
            and (not self.not_before or tokens[at + size : at + size + 1] != [self.not_before])
            for at in find(tokens, list(self.words))
        )


class Correction:
    """A learner's words and the clause put right, in the tutor's person, compared word by word."""

    def __init__(self, learner: str, corrected: str) -> None:
        self.clause = words(corrected)
        """The words of the corrected clause."""
        self.language = language_of([*words(learner), *self.clause])
        """The code of the language that both seem to be in; empty where unknown."""
        self.said = words(as_tutor_says(learner, self.language))
        if self.language == "en" and find(self.said, self.clause):  # "we was" may be the mistake
            self.said = [YOURS.get(word, word) for word in words(learner)]
        """The learner's words, as the tutor says them."""
        self.small = function_words(self.language) or STOP_WORDS
        """Function words of the language."""

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Where the two differ; empty where nowhere.

        What the learner said before and after the clause is no change, unless nothing else differs: then a word at its
        edge was one too many ("the my friend", "I like it very").
        """
        steps = difflib.SequenceMatcher(None, self.said, self.clause, autojunk=False).get_opcodes()
        changed = [step for step in steps if step[0] != "equal"]
        inner = [step for step in changed if step[0] != "delete" or 0 < step[3] < len(self.clause)]
        found = [change for step in inner or changed for change in self._apart(step)]
        return tuple(each for each in found if not self._only_person(each))

    def _apart(self, step: tuple[str, int, int, int, int]) -> Iterator[Change]:
        """A step of the comparison; words for as many words one by one, for each may be given back alone."""
        kind, first, last, start, stop = step
        if kind == "replace" and last - first == stop - start:
            yield from (Change(at, at + 1, (self.said[first + at - start],)) for at in range(start, stop))
        else:
            yield Change(start, stop, tuple(self.said[first:last]))

    def _only_person(self, change: Change) -> bool:
        new = self.clause[change.start : change.stop]
        return len(new) == len(change.wrong) == 1 and same_but_for_person(change.wrong[0], new[0], self.language)

    def at_edge(self, change: Change) -> bool:
        """Whether a word was taken out before the clause or after it."""
        return change.start == change.stop and change.start in (0, len(self.clause))

    def spans(self, fix: str) -> list[tuple[int, int]]:
        """Where the words of `fix` stand in the clause; where some of these places changed, they alone."""
        size = len(words(fix))
        spans = [(at, at + size) for at in find(self.clause, words(fix))]
        return [span for span in spans if any(change.within(*span) for change in self.changes)] or spans

    def carried(self, start: int, stop: int) -> tuple[int, int]:
        """The stretch, up to the next content word where it has function words alone."""
        if self.small.issuperset(self.clause[start:stop]):
            later = (at + 1 for at in range(stop, len(self.clause)) if self.clause[at] not in self.small)
            stop = next(later, stop)
        return start, stop

    def unsaid(self, start: int, stop: int) -> Iterator[Shown]:
        """The stretch, made longer to either side until it carries content and is not what the learner said."""
        stretches = [(start, stop)]
        if not self._enough(start, stop):
            lefts = [(left, stop) for left in range(start, -1, -1) if self._enough(left, stop)]
            rights = [(start, right) for right in range(stop, len(self.clause) + 1) if self._enough(start, right)]
            stretches = lefts[:1] + rights[:1]
        if not stretches and not find(self.said, self.clause):
            stretches = [(0, len(self.clause))]
        yield from (Shown(tuple(self.clause[first:last])) for first, last in stretches)

    def _enough(self, start: int, stop: int) -> bool:
        inside = self.clause[start:stop]
        return not self.small.issuperset(inside) and not find(self.said, inside)

    def left_over(self, change: Change) -> Shown:
        """A word too many before or after the clause: the words that are left there, without it."""
        content = [at for at, word in enumerate(self.clause) if word not in self.small] or [0]
        if change.start == 0:
            return Shown(tuple(self.clause[: max(2, content[0] + 1)]), not_after=change.wrong[-1])
        start = max(0, min(content[-1], len(self.clause) - 2))
        return Shown(tuple(self.clause[start:]), not_before=change.wrong[0])


@lru_cache(maxsize=256)
def correction(learner: str, corrected: str) -> Correction:
    """The two compared, once for all that asks."""
    return Correction(learner, corrected)


def new_words(learner: str, corrected: str) -> str:
    """The words of `corrected` from the first to the last that put it right; of words taken out, their neighbours."""
    found = correction(learner, corrected)
    edges = [found.left_over(each) for each in found.changes if found.at_edge(each)]
    if edges:
        return " ".join(edges[0].words)
    spans = [(each.start - (each.start == each.stop), each.stop + (each.start == each.stop)) for each in found.changes]
    return " ".join(found.clause[min(start for start, _ in spans) : max(stop for _, stop in spans)]) if spans else ""


@lru_cache(maxsize=256)
def ways_given(learner: str, corrected: str, fix: str) -> tuple[Shown, ...]:
    """What gives the fix away, each of them enough: all its words, and more of the clause where they alone say nothing.

    That is where they are function words, or words that the learner said elsewhere.
    """
    found = correction(learner, corrected)
    ways = [shown for span in found.spans(fix) for shown in found.unsaid(*found.carried(*span))]
    return tuple(dict.fromkeys(ways or [found.left_over(each) for each in found.changes if found.at_edge(each)]))


@lru_cache(maxsize=256)
def ways_in_part(learner: str, corrected: str, fix: str) -> tuple[Shown, ...]:
    """What gives back one changed place of those that the fix covers, with the word before it or after it."""
    found = correction(learner, corrected)
    spans = found.spans(fix) or [(0, len(found.clause))]
    places = [each for each in found.changes if any(each.within(*span) for span in spans) and not found.at_edge(each)]
    return tuple(dict.fromkeys(shown for each in places for shown in _around(found, each)))


def _around(found: Correction, change: Change) -> Iterator[Shown]:
    start, stop, clause = change.start, change.stop, found.clause
    if start == stop:
        stretches = [(start - 1, stop + 1)]
        if _ARTICLES.issuperset(change.wrong) and stop + 2 <= len(clause):
            yield Shown(tuple(clause[stop : stop + 2]), not_after=change.wrong[-1])
    elif not found.small.issuperset(clause[start:stop]):
        stretches = [(start - 1, stop), (start, stop + 1)]
    else:
        stretches = [found.carried(start, stop)]
    for first, last in stretches:
        if first >= 0 and last <= len(clause):
            yield from found.unsaid(first, last)
