"""Which answer a reply gives, and whether it is the right one. All by rule.

**The answer of a reply** is what stands behind `Answer:`; where that stands several times, all have to say the same.
Without it, the first line that is not blank. Thoughts before the reply are no part of it.

**It is compared** as words without case, accents' composition, punctuation and articles; numbers up to twenty are
digits, and thousands have no comma. It is right where its words are those of an accepted answer, in their order (in
any order for an answer that is a list). A whole sentence is right, too, if nothing is left but the accepted answer
once these are taken away: words of the question, a few of grammar, and, where sentences are given that may be said
back, their words that name nothing (lower-case, no number). What offers several answers, or denies one, is wrong:
`or`, `not` and their like are never taken away, nor is a second name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from data_mix.language.words import words
from espalier.text.reasoning import split

LONGEST = 40
"""Words of an answer; what is longer answers nothing."""
_MARKED = re.compile(r"^\W*(?:(?:my|the|final|short)\s+)*answer\W*?[:：]\s*(.*)$", re.IGNORECASE | re.MULTILINE)
_THOUSANDS = re.compile(r"(?<=\d)[,\u00a0\u202f](?=\d{3}(?!\d))")
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_DIGITS = {word: str(number) for number, word in enumerate(words(_NUMBERS))}
_ARTICLES = frozenset(("a", "an", "the"))
_GRAMMAR = frozenset(
    words(
        "is was are were has had have did does do it its he she they his her their this that there s in on at by "
        "near of to from who which whose person people page says"
    )
)
_OFFERS = frozenset(words("or and not no never nor either neither both maybe perhaps possibly but except"))


def normalised(text: str) -> list[str]:
    """The words by which answers are compared."""
    said = words(_THOUSANDS.sub("", text))
    return [_DIGITS.get(word, word) for word in said if word not in _ARTICLES]


def answer_of(reply: str) -> str | None:
    """What a reply answers; None where it says nothing or several things."""
    content = split(reply).content
    marked = [found for found in _MARKED.findall(content) if words(found)]
    if marked:
        return marked[0].strip() if len({tuple(normalised(one)) for one in marked}) == 1 else None
    return next((line.strip() for line in content.splitlines() if words(line)), None)


def is_right(answer: str, accepted: Iterable[str], question: str, said_back: Sequence[str] = ()) -> bool:
    """Whether it is one of the accepted answers, as this module's docstring says."""
    said = normalised(answer)
    if not said or len(said) > LONGEST:
        return False
    around = (frozenset(normalised(question)) | _GRAMMAR | _naming_nothing(said_back)) - _OFFERS
    return any(_says(said, normalised(one), around) for one in accepted)


def is_in_question(answer: str, question: str) -> bool:
    """Whether a question says its own answer, in whatever order."""
    return set(normalised(answer)) <= set(normalised(question))


def offers_several(answer: str) -> bool:
    """Whether it says `or`, `not` or their like, or is too long for an answer."""
    said = normalised(answer)
    return len(said) > LONGEST or not _OFFERS.isdisjoint(said)


def is_number(answer: str) -> bool:
    """Whether it is told by digits alone, so that other words do not say the same."""
    return any(word.isdigit() for word in normalised(answer))


def _says(said: list[str], wanted: list[str], around: frozenset[str]) -> bool:
    if not wanted:
        return False
    left = [word for word in said if word in wanted or word not in around]
    return sorted(left) == sorted(wanted) if "and" in wanted else left == wanted


def _naming_nothing(sentences: Sequence[str]) -> frozenset[str]:
    found = {
        word
        for sentence in sentences
        for token in sentence.split()
        if token[:1].islower()
        for word in normalised(token)
    }
    return frozenset(word for word in found if not word.isdigit())
