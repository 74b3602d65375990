"""Multiple choice: which letter does the reply settle on, and is it the right one?"""

from __future__ import annotations

import re
import string

from evaluation.cases.case import Case, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Score, metric
from evaluation.metrics.words import words

_LABEL = (
    r"(?:answer|choice|option|respuesta|réponse|antwort|risposta|resposta|jibu|答案)(?: is| es| est| ist| è| é|是)?"
)
_LINE = re.compile(rf"\b{_LABEL}[*_\s]*[:：=]?[*_\s]*(?P<said>[^\n]+)", re.IGNORECASE)
_LETTER = re.compile(
    r"^[\s*_(\[{\"'$`]*(?:\\(?:boxed|text|mathrm)\{)*[(\[]?"
    r"(?P<letter>[A-Z](?![\w'’])|[a-z](?=[^\w\s'’]|\s*$))"  # "B because", "b)"; not "a shark"
)
_BOXED = re.compile(r"\\boxed\{\s*(?:\\text\{)?\(?(?P<letter>[A-Za-z])\)?\}?\s*\}")


def chosen(case: Case, text: str) -> str | None:
    """The letter that the reply settles on: of its last line "Answer: X", or its last line that is a letter alone.

    After "Answer:" the words of a choice will do for its letter. None where there is no such line, or the letter is
    none of those offered.
    """
    letters = string.ascii_uppercase[: len(case.choices)]
    lines = [line for line in text.splitlines() if line.strip()]
    for line in reversed(lines):
        for found in reversed(list(_LINE.finditer(line))):
            if letter := _letter(found["said"], case, letters):
                return letter
        if boxed := _BOXED.search(line):
            return boxed["letter"].upper() if boxed["letter"].upper() in letters else None
    last = lines[-1].strip("*_()[]{}.:\"' \t") if lines else ""
    return last.upper() if len(last) == 1 and last.upper() in letters else None


def _letter(said: str, case: Case, letters: str) -> str | None:
    by_words = [letter for letter, choice in zip(letters, case.choices, strict=False) if words(said) == words(choice)]
    if len(by_words) == 1:
        return by_words[0]
    found = _LETTER.match(said)
    return found["letter"].upper() if found and found["letter"].upper() in letters else None


@metric("settles on a choice", restraint=True)
def choice_parsed(case: Case, reply: Reply) -> Score:
    """The reply ends with a line that names one of the choices, "Answer: X"; only for multiple choice."""
    if not case.choices:
        return DOES_NOT_APPLY
    letter = chosen(case, reply.text)
    return Score(float(letter is not None), letter or "")


@metric("chooses right")
def choice_correct(case: Case, reply: Reply) -> Score:
    """The choice that the reply settles on is the right one; a reply that settles on none is wrong."""
    if not case.choices:
        return DOES_NOT_APPLY
    letter = chosen(case, reply.text)
    right = letter == case.answer
    return Score(float(right), "" if right else f"{letter or 'settles on none'}; right is {case.answer}")
