"""What a reply asks, how, and where. Questions alone are no merit: those that anybody can ask of anybody are cheap.

So `asks`, `open_question` and `closed_question` only describe; `question_at_end` has a direction, because it wants
uptake before the question. The lists of words are of English, and shorter for Spanish, French, German, Italian,
Portuguese, Swahili and Chinese. A question without a question mark is not seen.
"""

from __future__ import annotations

import re

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, found, metric, quoted
from evaluation.metrics.phrases import heard
from evaluation.metrics.text import read
from evaluation.metrics.uptake import learners_content
from evaluation.metrics.words import words

_FILLER = re.compile(
    r"^(?:\W|\b(?:and|so|but|now|then|well|ok|okay|oh|ah|great|good|right|yes|no|hmm?|first|next|also|just|y|et|und|e|pero|"
    r"mais|aber|ma|mas|entonces|alors|also|allora|então)\b)*",
    re.IGNORECASE,
)
_EITHER_OR = re.compile(r"\w\W+(?:or|o|ou|oder|au)\s+\w.*[?？]|还是", re.IGNORECASE | re.DOTALL)
_CLAUSE_END = re.compile(r"[,:;—–，：]|\s-\s")
_ONE_WORD = re.compile(r"\W*(?:why|how|por qué|pourquoi|warum|perché|为什么)(?: so| not| come)?\W*", re.IGNORECASE)


def _kind(question: str) -> str:
    """open, factual or closed; empty for what is hardly a question, such as "Really?"."""
    asked, language = _FILLER.sub("", question), read(question).language
    if _ONE_WORD.fullmatch(asked):
        return "open"
    if len(words(asked)) < 2:
        return ""
    if heard("request", asked, language):
        return "open"
    if heard("factual", asked, language):
        return "closed" if _EITHER_OR.search(asked) else "factual"
    return "open" if heard("open", asked, language) else "closed"


@metric("asks something", better="neither")
def asks(case: Case, reply: Reply) -> Score:
    """A sentence of at least two words ends in a question mark; what a move asks for decides if that is good."""
    return found(next((question for question in read(reply.text).questions if len(words(question)) > 1), ""))


@metric("asks an open question", better="neither")
def open_question(case: Case, reply: Reply) -> Score:
    """A question has more than one good answer: why, how, what, or a request to explain or describe; by word lists."""
    return found(next((question for question in read(reply.text).questions if _kind(question) == "open"), ""))


@metric("asks a yes-or-no or either-or question", better="neither")
def closed_question(case: Case, reply: Reply) -> Score:
    """A question is answered by yes, no, or one of what it offers; by word lists."""
    return found(next((question for question in read(reply.text).questions if _kind(question) == "closed"), ""))


@metric("takes up the learner's words, then ends with a question")
def question_at_end(case: Case, reply: Reply) -> Score:
    """The last sentence asks, and what stands before it, or before its last comma, takes up the learner's words."""
    said, text = learners_content(case), read(reply.text)
    if not said:
        return DOES_NOT_APPLY
    if not text.questions or text.questions[-1] != text.sentences[-1]:
        return Score(0.0, "it does not end with a question")
    before = text.sentences[:-1] or _CLAUSE_END.split(text.sentences[-1])[:-1]
    taken_up = next((shared for part in before if (shared := read(part).shared(said))), [])
    return Score(1.0, quoted(*taken_up)) if taken_up else Score(0.0, "nothing of the learner's before the question")


@metric("asks one question at a time", restraint=True)
def one_question(case: Case, reply: Reply) -> Score:
    """Of replies that ask, whether there is one question and not more."""
    asked = len(read(reply.text).questions)
    return Score(float(asked == 1), "" if asked == 1 else f"{asked} questions") if asked else DOES_NOT_APPLY
