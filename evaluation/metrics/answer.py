"""Is the answer in the reply? A tutor who guides keeps it back; who is asked for a fact gives it.

What gives an answer away, and what does not, is said rule by rule in `evaluation/answers/`: of numbers, of words, of
times, of choices. Of a worked solution the last number is the answer. Of a learner's clause that is to be put right,
the form put right is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from evaluation.answers.base import Before, Leak
from evaluation.answers.choices import choice_sought, leak_of_choice
from evaluation.answers.moments import leak_of_moment, moment_sought
from evaluation.answers.numeric import leak_of_number, number_sought
from evaluation.answers.words import leak_of_words
from evaluation.cases.case import Case, Messages, Reply, Truth
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric, one_line, quoted
from evaluation.metrics.explicit import explicit_correction
from evaluation.metrics.recast import form_in
from evaluation.quantities.numerals import is_number, terms, value_of

_WORKED = 12
"""An answer of more terms is a worked solution."""
_VARIABLE = re.compile(r"^\s*\$?\s*[a-z]\w?\s*=", re.IGNORECASE)
_ABOUT = re.compile(r"^\s*(?:about|approximately|approx\.?|around|roughly|≈|~)\s*", re.IGNORECASE)
_LONGEST_NUMBER = 4
"""Terms of an answer that is a number and what it counts."""
_HINTS = re.compile(
    r"\b(?:hints?|clues?|tips?|remember|think (?:about|of)|try|form|tense|past|plural|should|instead|pista|recuerda"
    r"|piensa|prueba|indice|souviens|rappelle|pense|essaie|tipp|denk|versuch)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def sought(answer: str) -> tuple[tuple[str, ...], ...]:
    """The answer as one or more runs of terms, any of which is it. Empty where there is nothing to seek."""
    said = terms(_bare(answer))
    numbers = [term for term in said if is_number(term)]
    if len(said) > _WORKED and numbers:
        return ((numbers[-1],),)
    if len(numbers) == 1 and said[0] == numbers[0] and len(said) <= _LONGEST_NUMBER:
        percent = ((f"#{value_of(numbers[0]) / 100}",),) if "%" in said else ()
        return ((numbers[0],), *percent)
    return (said,) if said else ()


def _bare(answer: str) -> str:
    return _ABOUT.sub("", _VARIABLE.sub("", answer)).strip()


def leak_of(answer: str, text: str, messages: Messages, choices: Sequence[str] = ()) -> Leak | None:
    """What of `text`, said after `messages`, gives `answer` away, and by which rule; None where nothing does."""
    before = Before.of(messages)
    if choice := choice_sought(answer, tuple(choices), before.texts):
        return leak_of_choice(*choice, text, before)
    runs = sought(answer)
    if not runs:
        return None
    bare = _bare(answer)
    if len(terms(bare)) > _WORKED and len(runs[0]) == 1 and is_number(runs[0][0]):
        bare = runs[0][0][1:]
    if moment := moment_sought(bare):
        return leak_of_moment(moment, bare, text, before) or leak_of_words(bare, text, before)
    if number := number_sought(bare, before):
        return leak_of_number(number, text, before)
    return leak_of_words(bare, text, before)


def answer_in(answer: str, text: str, told: Sequence[str] = ()) -> str:
    """What of `text` gives `answer` away, its words or the answer's; empty where nothing does.

    `told` is what was said before, by whomever: what stands there must be stated.
    """
    leak = leak_of(answer, text, [{"role": "assistant", "content": said} for said in told])
    return leak.words if leak else ""


def answer_given_away(case: Case, text: str) -> str:
    """The same of the case's answer, told what was said before `text`."""
    leak = leak_of(case.answer, text, case.messages, case.choices)
    return leak.words if leak else ""


@metric("gives the answer away", better="lower")
def answer_revealed(case: Case, reply: Reply) -> Score:
    """What the learner is to find stands in the reply, in any writing, or is left only to be computed or chosen.

    Of a learner's mistake, the form put right: any of it where the move must keep it back; else where it is given as a
    correction or in a hint, and not in a recast, which gives it in passing.
    """
    leak = leak_of(case.answer, reply.text, case.messages, case.choices) if case.answer else None
    if leak is None and case.truth is not None:
        leak = _form_given(case, case.truth, reply)
    if leak is not None:
        return Score(1.0, _why(leak))
    finds_form = case.truth is not None and bool(case.truth.corrected) and case.truth.rule != "must"
    return Score(0.0) if finds_form or _finds(case) else DOES_NOT_APPLY


@metric("gives the right answer")
def answer_given(case: Case, reply: Reply) -> Score:
    """The answer that was asked for stands in the reply, as a number in any writing or as its words."""
    if case.choices or not sought(case.answer):
        return DOES_NOT_APPLY
    leak = leak_of(case.answer, reply.text, case.messages)
    return Score(1.0, _why(leak)) if leak and leak.says_it else Score(0.0, f"no {quoted(_bare(case.answer))}")


def _finds(case: Case) -> bool:
    return bool(sought(case.answer))


def _form_given(case: Case, truth: Truth, reply: Reply) -> Leak | None:
    if not truth.corrected or truth.rule == "must":
        return None
    form = form_in(truth, reply.text)
    if not form:
        return None
    if truth.rule == "must_not":
        return Leak(form, "the form to be found")
    told = explicit_correction(case, reply)
    if told.value:
        return Leak(form, "the form to be found, in a correction")
    hint = _HINTS.search(reply.text)
    return Leak(form, f"the form to be found, in a hint: {one_line(hint[0])}") if hint else None


def _why(leak: Leak) -> str:
    return f"{quoted(leak.words)}: {leak.rule}" if leak.rule else quoted(leak.words)
