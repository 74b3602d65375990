"""Where a reply speaks of the right form as of words: in quotation marks or capitals, behind a label, as grammar."""

from __future__ import annotations

import re
from collections.abc import Iterator

from data_mix.language.teaching import marked, sentences
from evaluation.cases.case import Truth
from evaluation.metrics.contrast import bare, prescribed, set_against
from evaluation.metrics.known_form import KnownForm, known_form
from evaluation.metrics.person import SECOND_PERSON
from evaluation.metrics.phrases import cues
from evaluation.metrics.words import find, words

_MENTION = re.compile(r"⟦([^⟧]*)⟧")
_BRACKETS = re.compile(r"[\[(]([^\])\n]{1,60})[\])]")
_STAR = re.compile(r"(?<!\S)\*([^\s*]+)(?=[\s.,!?]|$)|(?<!\S)([^\s*]+)\*(?=[\s.,!?]|$)")
"""How one puts a word right in a chat: "*went"."""
_CAPITALS = re.compile(r"\b[A-ZÀ-ÖØ-Þ]{2,}\b")
_SEGMENT = re.compile(r"[^.?!:;–—\n]+")
_COLON = re.compile(r"(?:[:–—]|\s-\s|\.\.\.)\s{0,9}")
_NO = re.compile(r"\W{0,9}no[,.:!]\s*([^.?!]+)(?![^.?!]*\?)")
_MOST = 50
"""Quotations of a reply that are looked into."""
_LABEL_REACHES = 60
"""Characters before a colon that may be its label."""


def speaks_of_form(truth: Truth, text: str) -> str:
    """The words by which `text` speaks of the learner's form or of the right one; empty where it only uses them."""
    if not truth.corrected:
        return ""
    known, plain = known_form(truth), marked(text)
    for sentence, asks in sentences(plain):
        if set_against(known, bare(sentence)) or (not asks and prescribed(known, bare(sentence))):
            return bare(sentence)
    found = (*_set_apart(known, plain, text), *_labelled(known, plain), *_in_learners_mouth(known, plain))
    return found[0] if found else _states_grammar(known, plain)


def _set_apart(known: KnownForm, plain: str, text: str) -> Iterator[str]:
    """The right words in quotation marks, asterisks, brackets or capitals; not as one of two to choose from."""
    if "?" in text and cues("or").search(plain):
        return
    for span in (*_MENTION.findall(plain)[:_MOST], *_BRACKETS.findall(bare(plain))[:_MOST]):
        inside = known.folded(span)
        if len(inside) > 2 and 2 * sum(word in known.own for word in inside) < len(inside):
            continue
        if known.has(span, known.form) and not (known.persons and SECOND_PERSON & set(words(span))):
            yield span
    for cue in cues("not_quoted").finditer(plain):
        if known.has(cue[1], known.wrong):
            yield bare(cue[0])
    yield from (star[0] for star in _STAR.finditer(text) if known.has(star[1] or star[2], known.form))
    if text != text.upper():
        for span in _CAPITALS.finditer(text):
            before, after = text[: span.start()].split()[-1:], text[span.end() :].split()[:1]
            around = (span[0], " ".join([span[0], *after]), " ".join([*before, span[0]]))
            if span[0] not in known.raw:
                yield from (each for each in around if known.right(known.folded(each)))


def _labelled(known: KnownForm, plain: str) -> Iterator[str]:
    """The right words behind a colon or dash, after what speaks of words or mends; or behind "Almost!"."""
    for colon in _COLON.finditer(plain):
        before = re.split(r"[.?\n]", plain[max(0, colon.start() - _LABEL_REACHES) : colon.start()])[-1]
        if "⟦" in before or known.grammar(before) or cues("label").search(before):
            segment = _SEGMENT.match(plain, colon.end())
            if segment and known.begins_soon(segment[0], known.form):
                yield bare(before + colon[0] + segment[0])
    no = _NO.match(plain)
    if no and not known.asks and known.begins_soon(no[1], known.right):
        yield bare(no[0])
    for almost in cues("almost").finditer(plain):
        if known.begins_soon(almost[1], known.form):
            yield bare(almost[0])


def _in_learners_mouth(known: KnownForm, plain: str) -> Iterator[str]:
    """The learner's sentence put right as the learner would say it, "I went to the market", and no word more."""
    for segment in _SEGMENT.findall(plain):
        spoken = words(segment)
        if len(spoken) < 3 or (known.persons | known.own_verbs()).isdisjoint(spoken):
            continue
        if len(spoken) < min(4, len(known.corrected) / 2) or find(known.clause, spoken):
            continue
        if known.own.issuperset(known.folded(segment)) and known.has(segment, known.right):
            yield bare(segment)


def _states_grammar(known: KnownForm, plain: str) -> str:
    """The sentence that states a matter of grammar, where the learner spoke of none; empty where it praises or leads.

    It leads where it tells the learner to look, or a later sentence asks about words: then the form is to be found.
    """
    told = sentences(plain)
    for place, (sentence, asks) in enumerate(told):
        if asks or not known.grammar(sentence) or cues("praises").search(sentence) or cues("leads").search(sentence):
            continue
        later = (question for question, then_asks in told[place + 1 :] if then_asks)
        if not any(known.grammar(question) or cues("of_words").search(question) for question in later):
            return bare(sentence)
    return ""
