"""Where a reply sets the learner's words against the right ones, prescribes these, or takes those out.

What was said and what it should have been are known, so no quotation marks are needed: "went, not go", "change go to
went", "we say went", "no in after enjoy". Words beside a cue count, and only where they are the ones in question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from data_mix.language.teaching import marked, sentences
from evaluation.cases.case import Truth
from evaluation.metrics.known_form import KnownForm, known_form
from evaluation.metrics.phrases import cues
from evaluation.metrics.words import find, words

_NEAR = 4
"""Words on either side of "not" that are looked at."""
_MOST = 20
"""Cues of a kind in a sentence that are looked at."""
_LOOK = 160
"""Characters on either side of a cue that are looked at."""
_REST = re.compile(r"[.,;:!?)]|\b(?:not|here|instead|because|actually|really|though|please|with|before|after|in|at|for"
                   r"|nicht|pas|aquí|hier|ici|con|avec|mit)\b")  # fmt: skip
_FRAGMENT = 3
"""Words of an answer that is but the form: "Went, because it was yesterday"."""
_SIGN = re.compile(r"[^\W\d]{2,} ?[+≠=] ?-?[^\W\d]{2,}")
_ARROW = re.compile(r"-+>|=+>|>+|[→⟶➜➔⇒]")


def set_against(known: KnownForm, sentence: str) -> bool:
    """Whether the right words stand beside the wrong ones, with what says which is which between them."""
    for cue in _found(cues("against"), sentence):
        before, after = _nearest(sentence, cue)
        denied = known.folded(f"{words(cue[0])[-1]} {after}")[:2]  # "did not go": no "not" that sets against
        if find(known.said, denied) or find(known.corrected, denied):
            continue
        if known.has(before, known.form) and known.has(after, known.wrong):
            return True
    for cue in (*_found(cues("becomes"), sentence), *_found(_ARROW, sentence)):
        if known.ends(_before(sentence, cue), known.wrong) and known.begins(_after(sentence, cue), known.form):
            return True
    for cue in _found(cues("changed"), sentence):
        if known.has(cue[1], known.wrong) and known.begins(_after(sentence, cue), known.form):
            return True
    for cue in _found(cues("instead"), sentence):
        if known.begins(_after(sentence, cue), known.wrong) and known.has(sentence, known.form):
            return True
    return False


def _found(cue: re.Pattern[str], sentence: str) -> Iterator[re.Match[str]]:
    return islice(cue.finditer(sentence), _MOST)


def _nearest(sentence: str, cue: re.Match[str]) -> tuple[str, str]:
    """The few words before a cue and after it, up to the next mark."""
    before = re.split(r"[.;:!?]", _before(sentence, cue))[-1].split()[-_NEAR:]
    after = re.split(r"[.;:!?,]", _after(sentence, cue))[0].split()[:_NEAR]
    return " ".join(before), " ".join(after)


def prescribed(known: KnownForm, sentence: str) -> bool:
    """Whether a statement says that the right words are what is said, or that the wrong ones are too many."""
    for cue in _found(cues("say"), sentence):
        if _new(known, cue[0]) and known.prescribes(_REST.split(_after(sentence, cue))[0]):
            return True
    for cue in _found(cues("is"), sentence):
        rest = known.folded(_REST.split(_after(sentence, cue))[0])
        if rest == known.fix and known.right(rest) and not known.asks and not {*known.folded(cue[0])} <= {*known.said}:
            return True
    for cue in _found(cues("out"), sentence):
        if any(_is_all(known, wrong, _after(sentence, cue)) for wrong in known.too_many):
            return True
    for cue in _found(cues("reason"), sentence):
        before = _before(sentence, cue).rstrip()
        fragment = known.folded(before) if before.endswith(",") else []
        if fragment and len(fragment) <= _FRAGMENT and known.right(fragment):
            return True
    for cue in _found(cues("said_so"), sentence):
        if known.ends(_before(sentence, cue), known.form):
            return True
    if any(known.right([cue[1]]) for cue in _found(cues("somebody"), sentence)):
        return True
    return known.has(sentence, known.form) and (known.grammar(sentence) or _equated(known, sentence))


def _equated(known: KnownForm, sentence: str) -> bool:
    """Whether a sentence that has the form has the learner's word for it, too, or puts words together by signs."""
    if cues("or").search(sentence):
        return False
    return bool(_SIGN.search(sentence)) or any(
        known.small.isdisjoint([wrong, right]) and {wrong, right} <= {*known.folded(sentence)}
        for wrong, right in known.swapped
    )


def _before(sentence: str, cue: re.Match[str]) -> str:
    return sentence[max(0, cue.start() - _LOOK) : cue.start()]


def _after(sentence: str, cue: re.Match[str]) -> str:
    return sentence[cue.end() : cue.end() + _LOOK].lstrip(" ,:–—-")


def _is_all(known: KnownForm, phrase: list[str], text: str) -> bool:
    """Whether `text` begins with the phrase, and what follows says no more of it."""
    spoken = text.split()
    first, rest = spoken[: len(phrase)], " ".join(spoken[len(phrase) :])
    return known.folded(" ".join(first)) == phrase and (
        not rest or not first[-1][-1].isalnum() or bool(_REST.match(rest))
    )


def _new(known: KnownForm, cue: str) -> bool:
    """Whether a verb of saying is the tutor's own; a learner's "I use" is taken up by "you use"."""
    return {*known.folded(cue)}.isdisjoint({*known.said} - known.small)


def offers_choice(truth: Truth, text: str) -> bool:
    """Whether `text` puts the learner's words and the right ones side by side, to choose between."""
    known = known_form(truth)
    return any(_between(known, bare(sentence)) for sentence, _ in sentences(marked(text)))


def _between(known: KnownForm, sentence: str) -> bool:
    for cue in _found(cues("or"), sentence):
        before, after = _before(sentence, cue), _after(sentence, cue)
        if known.ends(before, known.right) and known.has(after, known.wrong):
            return True
        if known.ends(before, known.wrong) and known.has(after, known.right):
            return True
    return False


def bare(sentence: str) -> str:
    """A sentence of `marked` text without the marks of what is quoted."""
    return sentence.replace("⟦", " ").replace("⟧", " ")
