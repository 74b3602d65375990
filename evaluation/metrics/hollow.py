"""Questions that are none: a question mark after a statement, or a question that anybody could be asked about anything.

Both make a reply look like teaching to a judge that has learnt from good tutors, who ask. A question about something
new can be a good one; an empty one names nothing, for all its words are function words and words of every lesson. It
may lean on what the reply says of the matter ("You added 3 and 5. Why?"), unless it only looks for assent, which asks
nothing wherever it stands ("Does that make sense?").

What is a question by its form, and what only looks for assent, is known for English alone. In other languages only
their lists of words count; in one that has none, nothing but an English question is ever marked.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from espalier.command_line import yaml_text
from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import Score, metric, quoted
from evaluation.metrics.stems import stem
from evaluation.metrics.text import read, topic
from evaluation.quantities.numerals import is_number

_LESSON_WORDS = Path(__file__).with_name("lesson_words.yaml")
_AUXILIARY = (
    r"(?:do|does|did|is|are|am|was|were|can|could|would|will|should|shall|have|has|had|may|might|must)(?:n't)?(?: not)?"
)
_WH = r"(?:what|which|who|whose|whom|when|where|why|how)"
_BEGINS = r"(?:^|[,;:—–]| - |\b(?:and|so|but|or|then|now|also|okay|ok|well|yes|no|first|next|if)\b)\W{0,9}"
_ASKING = re.compile(
    rf"{_BEGINS}{_AUXILIARY} \w"  # can you …, is the …
    rf"|\b{_AUXILIARY} (?:you|we|i|he|she|they)\b"  # what do you …, if so, should we …
    rf"|{_BEGINS}(?:(?:in|at|by|for|from|to|of|with|about|after|on) )?(?:what|why|how)\b"
    r"|(?:^|[;:—–]| - |\b(?:and|so|but|or)\b)\W{0,9}(?:\w+\W{1,9}){0,2}?(?:which|who|whose|whom)\b"
    rf"|^\W{{0,9}}(?:if|when|in|on|at|for|with|from|of)\b.{{1,200}}, {_WH}\b"  # if you cut it in two, which of them …
    rf"|\b{_WH}(?: \w+){{0,4}} {_AUXILIARY} (?:it|that|this|there|the|these|those|my|your|his|her|its|our|their|an?|\d)"
    r"|¿"  # a question of another language within an English reply
    r"|\b(?:what|how) about\b|\bwhat's\b|\bhow (?:come|many|much)\b|\bany (?:idea|thought|question|other)s?\b|\bready\b"
    r"|\b(?:tell me|walk me through|talk me through)\b|\w *= *\w"
    rf"|(?:=|\.\.\.|…|_|\b(?:equals|makes|gives|is|are|be|to|of|by|so|{_WH}))\W{{0,9}}$"  # 3 times 4 is?
    r"|(?<!\w)(?:right|okay|ok|correct|yes|no|don't you think)\W{0,9}$"
    r"|(?<!\w)(?:is|are|do|does|did|was|can|would)(?:n't)? \w+\W{0,9}$",
    re.IGNORECASE,
)
_LEAD = r"^\W*(?:(?:and|so|but|then|now|well|okay|ok|alright)\b\W*)?"
_END = r"(?: now| yet| so far| again)?\W*$"
_THAT = "(?:it|that|this|everything)"
_ASSENT = re.compile(
    "|".join(
        (
            r"\bmak(?:e|es|ing) (?:any )?sense\b",
            rf"\b(?:does|did) {_THAT} help\b",
            rf"\b(?:get|got|see|follow|understand|understood|agree|with me)(?: {_THAT})?{_END}",
            rf"{_LEAD}(?:right|ready|really|okay|ok|yes|no|alright|correct|clear|understood|any\b.*){_END}",
            rf"{_LEAD}{_AUXILIARY} (?:it|that|this|you|he|she|they|we)\W*$",  # isn't it?
            rf"\b(?:is|are) (?:{_THAT}|you)(?: all| quite| really)? (?:right|okay|ok|clear|fine|good|better){_END}",
            rf"\bare you (?:ready|(?:quite |really )?sure)(?: (?:about {_THAT}|to \w+(?: on)?))?{_END}",
            rf"\b{_THAT} what you (?:mean|meant|think|thought|said|did)\W*$",
            r"\b(?:what|how) (?:do|did|would|are|were) (?:you|your) (?:\w+ )?"
            rf"(?:think|thinking|thoughts?|feel|feeling|say)(?: (?:about|of) \w+)?{_END}",
            r"\bwhat(?:'s| is| are) your (?:\w+ )?(?:thoughts?|opinion|ideas?|guess)\b",
            rf"\b(?:what|how) (?:does|do|did|would) {_THAT} (?:sound|feel|look|seem)\b",
            rf"{_LEAD}(?:what|how) about (?:{_THAT}|you){_END}",
            r"\b(?:tell|say|explain|share|show)(?: me| us)?(?: an?)?(?: bit| little)? more\b",
            r"\b(?:need|want|like)\b.{0,40} (?:help|more|again)\b",
        )
    ),
    re.IGNORECASE,
)
_LAST = re.compile(  # where the last thing asked begins: "…, what do you think?", or behind a full stop that is missing
    r"(?<=[,;–—]) (?=(?:what do you think|what are your|does that|makes? sense|do you|is that)\b)"
    r"|(?<=[\w)]) (?=(?:What|How|Why|Do|Does|Did|Is|Are|Can|Could|Would|Any) [a-z])"
)
_VOCATIVE = re.compile(  # ", Maria?", "Hi Maria,"
    r",\s*\[?[A-Z][\w'-]*\]?\s*(?=[,?!]|$)|^\W*(?:(?i:hi|hello|hey|ok|okay|so|great|good)\b)?\W*\[?[A-Z][\w'-]+\]?\s*,"
)


@metric("asks a hollow question", better="lower")
def hollow_question(case: Case, reply: Reply) -> Score:
    """A sentence ends in a question mark, and by its words is no question, or could be asked of anybody of anything."""
    text, matter, before = read(reply.text), topic(case.messages), ""
    questions = frozenset(text.questions)
    if not text.words and re.search("[?？؟]", text.raw):
        return Score(1.0, "a question mark without words")
    leans = not _named(reply.text).isdisjoint(matter)
    for sentence in text.sentences:
        if sentence in questions:
            whole = f"{before} {sentence}" if sentence[0].islower() else sentence  # "0.999... and 1?" is one sentence
            if (read(sentence).language or text.language) == "en" and not _ASKING.search(read(whole).plain):
                return Score(1.0, f"{quoted(sentence)}, by its words no question")
            named = _named(asked := _LAST.split(sentence)[-1])
            by_itself = len(named) > 1 or any(map(is_number, named)) or not named.isdisjoint(matter)
            if not by_itself and not (leans and (named or not _ASSENT.search(read(asked).plain))):
                return Score(1.0, f"{quoted(sentence)}, which could be asked of anybody")
        before = sentence
    return Score(0.0)


def _named(sentence: str) -> frozenset[str]:
    """Those of its content words and numbers that are not of every lesson; whom it speaks to is not counted."""
    text = read(_VOCATIVE.sub(" ", sentence))
    return text.content - _of_every_lesson(text.language)


@cache
def _of_every_lesson(language: str) -> frozenset[str]:
    """Stems of the words that any lesson has, of a language and of English."""
    lists = yaml_text.parse(_LESSON_WORDS.read_text(encoding="utf-8"), str(_LESSON_WORDS))
    return frozenset(map(stem, f"{lists['en']} {lists.get(language, '')}".split()))
