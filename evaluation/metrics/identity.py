"""Does a reply accept what a heritage speaker brings, and does it explain where an explanation was asked for?

To accept is to say that a word, a way of saying, a language is the learner's and is right as it is, of something that
this learner said. Praise of a language in general accepts nothing. What can be said of any word counts half; whole is
what shows that the tutor understood: the word's meaning beside it, or two things that this learner told.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from data_mix.language.teaching import grammar_named, marked
from espalier.command_line import yaml_text
from evaluation.cases.case import Case, Reply, Truth
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric, quoted
from evaluation.metrics.explicit import explicit_correction
from evaluation.metrics.meaning import HALF, meaning, switched_words, takes_up
from evaluation.metrics.phrases import heard
from evaluation.metrics.sense import hears, is_speech, unheard
from evaluation.metrics.stems import stem
from evaluation.metrics.text import read
from evaluation.metrics.words import STOP_WORDS, contains, words
from evaluation.varieties.marks import marks, shown_variety

_MATTERS = Path(__file__).with_name("matters.yaml")
_LESSON = """
spanish english chinese mandarin arabic swahili language languages speak speaking talk say word words learn class lesson
teacher write writing read sentence home family people english grammar accent accents right wrong español inglés idioma
lengua hablar hablo palabra palabras clase familia casa bien mal decir escribir leer 中 文 英 语 話 话 說 说 字 家
学 學 写 寫 读 讀 عربي العربية لغة كلمة kiswahili kiingereza lugha neno maneno sema
"""
_OF_EVERY_LESSON = frozenset(map(stem, _LESSON.split()))
"""Stems that any learner of a language says: whoever says them back has heard nothing in particular."""
_CROWDED = 0.4
"""Share of words that name grammar from which a reply is a heap of terms."""


@metric("accepts what the learner brings as the learner's own")
def affirms_identity(case: Case, reply: Reply) -> Score:
    """It says that a word or way of saying of this learner's is theirs, or right as it is; half if of any word."""
    truth = case.truth
    return affirmation(case, reply) if truth is not None and truth.asked == "affirm" else DOES_NOT_APPLY


@metric("accepts something of the learner's, whoever learns", better="neither")
def affirmation(case: Case, reply: Reply) -> Score:
    """The same for any learner, due or not: to set heritage speakers beside those who learn a new language."""
    if not case.learner.strip():
        return DOES_NOT_APPLY
    return affirmed(case, reply) if hears(reply.text) else unheard(reply.text)


def affirmed(case: Case, reply: Reply) -> Score:
    """What is accepted, and whether the tutor shows to have understood it."""
    if taken_back := heard("demeans", reply.text):
        return Score(0.0, f"takes it away: {quoted(taken_back)}")
    if not is_speech(reply.text):
        return Score(0.0, "no language")
    said = read(case.learner).content - _OF_EVERY_LESSON
    sentences = read(reply.text).sentences
    best = Score(0.0)
    for before, sentence, after in zip(["", *sentences], sentences, [*sentences[1:], ""], strict=False):
        cue = heard("affirms", sentence)
        if not cue:
            continue
        near = f"{before} {sentence} {after}"
        word = takes_up(case, near) or _own_word(case.learner, near)
        things = read(near).shared(said)
        understood = bool(word) and meaning(case, Reply(text=near, num_tokens=0, finish="stop")).value == 1
        told = len(things) + bool(word and word not in things) > 1 and (bool(word) or not _has_words(case))
        value = 1.0 if understood or told else HALF
        if not word and not things:
            best = best if best.value else Score(0.0, f"says {quoted(cue)} of nothing in particular")
        elif value > (best.value or 0):
            best = Score(value, f"{quoted(cue)} of {quoted(*dict.fromkeys([word, *things] if word else things))}")
    return best


def _has_words(case: Case) -> bool:
    """Whether it is known which of the learner's words it is about: then one of these has to be there."""
    return case.truth is not None and bool(case.truth.switched)


def _own_word(learner: str, text: str) -> str:
    """A word of the learner's variety that the text says too."""
    found = shown_variety(learner)
    if found is None:
        return ""
    theirs = {mark.word for mark in marks(learner, found.language)}
    return next((mark.word for mark in marks(text, found.language) if mark.word in theirs), "")


@metric("share of its sentences about grammar", better="neither")
def grammar_talk(case: Case, reply: Reply) -> Score:
    """The share of the reply's sentences that name a matter of grammar, sound or spelling, by lists of words."""
    sentences = read(reply.text).sentences
    if not sentences:
        return DOES_NOT_APPLY
    named = [found for sentence in sentences if (found := _named(sentence))]
    return Score(len(named) / len(sentences), quoted(*(each[0] for each in named)) if named else "")


@metric("explains the form, where that is asked for")
def explicit_grammar(case: Case, reply: Reply) -> Score:
    """It speaks of the grammar that this mistake or question is about, with the learner's own words as the example."""
    truth = case.truth
    if truth is None or truth.asked != "explain":
        return DOES_NOT_APPLY
    return explained(case, truth, reply) if hears(reply.text) else unheard(reply.text)


def explained(case: Case, truth: Truth, reply: Reply) -> Score:
    """What `explicit_grammar` finds: half where the words of grammar do not belong to this kind of mistake."""
    text = reply.text
    if not is_speech(text):
        return Score(0.0, "no language")
    named = _named(text)
    if not named:
        return Score(0.0, "no word of grammar")
    if sum(len(words(each)) for each in named) > _CROWDED * len(read(text).words):
        return Score(0.0, f"a heap of terms: {quoted(*named)}")
    own = (read(case.learner).content | read(truth.corrected).content) - _OF_EVERY_LESSON
    cited = re.findall("⟦([^⟧]+)⟧", marked(case.learner))
    said = {stem(word) for word in words(f"{case.learner} {truth.corrected}") if word not in STOP_WORDS}
    examples = read(text).shared(own) or [each for each in (*switched_words(case), *cited) if _cites(text, each)]
    examples = examples or [word for word in words(text) if stem(word) in said - _OF_EVERY_LESSON]
    if not examples:
        return Score(0.0, f"{quoted(*named)}, without an example of the learner's")
    fits = _matter(truth.error)
    about = fits.search(read(text).plain) if fits else None
    if fits and not about:
        return Score(HALF, f"{quoted(*named)}, which is not about {truth.error.replace('_', ' ')}")
    return Score(
        1.0 if fits or not truth.error else HALF,
        f"{quoted(*([about[0]] if about else named))}, with {quoted(*examples)}",
    )


def _cites(text: str, example: str) -> bool:
    """Whether the last word of an example, which is no small one, stands in a text."""
    (last,) = words(example)[-1:] or [""]
    return (len(last) > 3 or not last.isascii()) and contains(text, last)


def _named(text: str) -> list[str]:
    """The words of grammar in a text, each once."""
    found = [each for each in (*grammar_named(text), heard("of_language", text)) if each]
    return list(dict.fromkeys(found))


@cache
def _matter(error: str) -> re.Pattern[str] | None:
    """What is spoken of by who explains that kind of mistake; None for a kind that is not listed."""
    listed = yaml_text.parse(_MATTERS.read_text(encoding="utf-8"), str(_MATTERS)).get(error)
    return re.compile(rf"(?<![a-zà-ÿ])(?:{listed})(?![a-zà-ÿ])") if listed else None


@metric("gives this kind of learner what suits it")
def suits_learner(case: Case, reply: Reply) -> Score:
    """A heritage speaker's own way accepted and not corrected to the face; to an L2 learner the form explained."""
    truth = case.truth
    due = {"heritage": "affirm", "l2": "explain"}
    if truth is None or due.get(truth.learner_kind, "") != truth.asked or not truth.asked:
        return DOES_NOT_APPLY
    if not hears(reply.text):
        return unheard(reply.text)
    if truth.asked == "explain":
        return explained(case, truth, reply)
    told = explicit_correction(case, reply)
    return Score(0.0, f"corrected to the face: {told.why}") if told.value else affirmed(case, reply)
