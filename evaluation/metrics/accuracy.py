"""Is the language of a reply right, as far as rules and lists reach, and are its words within the learner's reach?

Both look at what they know and at nothing else: a reply in which they know nothing gets no score, and says why.
"""

from __future__ import annotations

from data_mix.language.languages import code_of
from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric, quoted
from evaluation.metrics.levels import LEVELS, word_level
from evaluation.metrics.stop_words import function_words
from evaluation.metrics.text import read
from evaluation.metrics.words import STOP_WORDS, contains
from evaluation.varieties.agreement import places
from evaluation.varieties.lists import plain
from evaluation.varieties.mixing import by_word, core_knows, shares

_SOME = 0.15
"""Share of a reply's words from which its rules are asked."""
_FEWEST = 4
"""Content words of a reply whose vocabulary can be spoken of."""
_LISTED_LEVELS = ("A1", "A2")
"""What the lists of the first hundred hours reach; English has lists for all levels."""


@metric("is right in grammar and words", restraint=True)
def language_accuracy(case: Case, reply: Reply) -> Score:
    """Of the places that rules know (gender, person, classes, measure words, a/an, forms nobody says) those right."""
    looked = [
        place
        for language, share in shares(reply.text).items()
        if share >= _SOME
        for place in places(reply.text, language)
        if not (place.right and contains(case.learner, place.words))  # it may be quoted, and `echo` sees to the rest
    ]
    if not looked:
        return Score(None, "no place in it that the rules know")
    wrong = [f"{place.words}: {place.right}" for place in looked if place.right]
    return Score(1 - len(wrong) / len(looked), quoted(*wrong) if wrong else f"{len(looked)} places")


@metric("keeps to words within the learner's reach", restraint=True)
def vocabulary_fit(case: Case, reply: Reply) -> Score:
    """Share of its content words in the language learned that are of the learner's level, said before, or explained."""
    truth = case.truth
    if truth is None or truth.level not in LEVELS:
        return DOES_NOT_APPLY
    language = code_of(truth.target_language) or "en"
    spoken = by_word(reply.text)
    small = STOP_WORDS | function_words(language)
    content = {word for word, each in spoken if each == language and word not in small}
    if len(content) < _FEWEST:
        return Score(None, f"hardly any word of it is of {truth.target_language or 'English'}")
    if language != "en" and truth.level not in _LISTED_LEVELS:
        return Score(None, f"the lists of {truth.target_language} end at {_LISTED_LEVELS[-1]}")
    told = {plain(word) for message in case.messages for word in read(message["content"]).words}
    beyond = sorted(
        word for word in content - told if not _within(word, language, truth.level) and not _explained(word, reply.text)
    )
    return Score(1 - len(beyond) / len(content), f"beyond {truth.level}: {quoted(*beyond)}" if beyond else "")


def _within(word: str, language: str, level: str) -> bool:
    if language != "en":
        return core_knows(language, word)
    known = word_level(word)
    return known is None or known <= LEVELS.index(level) + 1


def _explained(word: str, text: str) -> bool:
    """Whether what the word means stands behind it, in brackets or after a sign or word of equality."""
    after = read(text).plain.partition(word)[2].lstrip("\"'”’»")[:12].lstrip()
    return after.startswith(("(", "=", "（", ", which means", "means", "is ", "— ", "– "))
