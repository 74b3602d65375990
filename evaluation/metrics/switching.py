"""Two languages in one turn: how much of each, and what a tutor makes of it.

A rate alone is no merit: it is had by anybody who strews words. To answer a switch as a move is to set the word and its
meaning side by side or to ask for the meaning, to notice the word's form, or to affirm that it is the learner's. What
can be said of any word without knowing it counts half.
"""

from __future__ import annotations

import re

from data_mix.language.teaching import grammar_named
from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric, quoted
from evaluation.metrics.identity import affirmed
from evaluation.metrics.meaning import HALF, meaning, switched_words, takes_up
from evaluation.metrics.phrases import heard
from evaluation.metrics.sense import hears, is_speech, unheard
from evaluation.metrics.text import read
from evaluation.metrics.words import words
from evaluation.quantities.spelled import without_accents
from evaluation.varieties.mixing import shares

_FEWEST = 3
"""Words of a reply that has a rate."""
_ALIKE = 3
"""Letters with which two forms of a word begin."""


@metric("share of its words in a second language", better="neither")
def switch_rate(case: Case, reply: Reply) -> Score:
    """The share of the reply's words that are not in the language most of it is in, by lists of words."""
    found = shares(reply.text)
    if not found or len(read(reply.text).words) < _FEWEST:
        return Score(None, "no word of it is on a list, or hardly any")
    main, *rest = found
    return Score(sum(found[name] for name in rest), f"mostly {main}" + (f", some {', '.join(rest)}" if rest else ""))


@metric("switches languages about as much as the learner", restraint=True)
def switch_rate_match(case: Case, reply: Reply) -> Score:
    """The smaller of reply's and learner's shares of the learner's lesser language, over the greater; if one mixes."""
    theirs = _lesser(case)
    if not theirs:
        return DOES_NOT_APPLY
    language, rate = theirs
    found = shares(reply.text)
    if not found or len(read(reply.text).words) < _FEWEST:
        return Score(None, "no word of it is on a list, or hardly any")
    ours = found.get(language, 0.0)
    return Score(min(ours, rate) / max(ours, rate), f"{ours:.0%} of it in {language}, of the learner's turn {rate:.0%}")


def _lesser(case: Case) -> tuple[str, float] | None:
    """The language that the learner mixes in, and its share; None where the lists find none."""
    found = list(shares(case.learner).items())[1:]
    return found[0] if found else None


@metric("takes up what the learner said in another language")
def switch_taken_up(case: Case, reply: Reply) -> Score:
    """A switched word's meaning is given; half if it is only asked for, unless the move must not give it."""
    if case.truth is None or not case.truth.switched:
        return DOES_NOT_APPLY
    return meaning(case, reply)


@metric("answers a switch of languages as a move")
def switch_as_move(case: Case, reply: Reply) -> Score:
    """Word and meaning side by side, the word's form noticed, or the word affirmed as theirs; the best of them."""
    if not switched_words(case):
        return DOES_NOT_APPLY
    if not hears(reply.text):
        return unheard(reply.text)
    return max(
        (_negotiated(case, reply), _noticed(case, reply), affirmed(case, reply)), key=lambda score: score.value or 0
    )


def _negotiated(case: Case, reply: Reply) -> Score:
    """The meaning as it was given or asked for; a meaning without the word only puts another in its place."""
    found = meaning(case, reply)
    if found.value == 1 and not takes_up(case, reply.text):
        return Score(HALF, f"{found.why}, which is not said")
    return found


def _noticed(case: Case, reply: Reply) -> Score:
    """1 where the word stands beside another form of it, which nobody said, and form is spoken of; half for either."""
    if not is_speech(reply.text):
        return Score(0.0, "no language")
    said = {without_accents(word) for word in words(case.learner)}
    for sentence in read(reply.text).sentences:
        word = takes_up(case, sentence)
        if not word:
            continue
        last = words(word)[-1]
        forms = [
            each
            for each in words(sentence)
            if each != last and _alike(each, last) and without_accents(each) not in said
        ]
        spoken_of = heard("of_language", sentence) or next(iter(grammar_named(sentence)), "")
        if forms or spoken_of:
            sure = bool(forms) and bool(spoken_of)
            return Score(
                1.0 if sure else HALF, f"the form of {quoted(word)}: {quoted(*forms, *filter(None, [spoken_of]))}"
            )
    return Score(0.0)


def _alike(one: str, other: str) -> bool:
    """Whether two words may be forms of one."""
    if re.match("[\u3400-\u9fff]", one):
        return False
    one, other = without_accents(one), without_accents(other)
    size = max(_ALIKE, min(len(one), len(other)) - 2)
    return len(one) >= _ALIKE and one[:size] == other[:size]
