"""What a judge's text says: A, B or tie. Anything else is an abstention with its reason, and never a guess.

A verdict is a line that says nothing else, bare (`B`), in words (`Verdict: B`, `B is better`), marked (`[[B]]`,
`{"answer": "B"}`) or with its reason behind `because`. It stands first or last, and no other line says otherwise. So
the prompt said back is no verdict, nor is a text that names every letter in turn.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from espalier.text.reasoning import split

Side = Literal["A", "B", "tie"]
EMPTY = "says nothing"
NO_VERDICT = "no line says A, B or tie"
TWO_VERDICTS = "says two things"
_MARKS = re.compile(r"[*_`\"'“”‘’\[\](){}<>#]")
_LEAD = (
    r"(?:(?:so|thus|hence|therefore|overall|finally),? )?(?:(?:the|my) )?(?:final |overall )?"
    r"(?:answer|verdict|choice|decision|judge?ment|winner|preference|better(?: one| answer| reply)?)"
    r"(?: is)? ?[:=]? ?"
)
_NAMED = r"(?:(?:answer|reply|response|performance|text|option|candidate|player|solution|ranking) )?"
_SIDE = r"(?P<side>a|b)(?: is (?:the )?(?:better|best|winner)(?: one| answer| reply)?| wins| is the better)?"
_TIE = r"(?:(?:it is|its|they) )?(?:an? )?(?P<tie>tie|draw|tied)"
_LINE = re.compile(rf"(?:{_LEAD})?(?:{_NAMED}{_SIDE}|{_TIE})(?:,? (?:because|since)\b.*)?[.!:]?", re.IGNORECASE)


class Heard(NamedTuple):
    """What was made of a judge's text."""

    side: Side | None
    """None where it abstains."""
    why: str = ""
    """Why it does; the same words for the same fault, so that reports can count by them."""


@lru_cache(maxsize=4096)
def read(text: str) -> Heard:
    """The verdict of a text, behind whatever was thought before it."""
    lines = [line for line in map(_bare, split(text).content.splitlines()) if line]
    if not lines:
        return Heard(None, EMPTY)
    found = [_verdict(line) for line in lines]
    sides = {side for side in found if side}
    if len(sides) > 1:
        return Heard(None, TWO_VERDICTS)
    side = found[0] or found[-1]
    return Heard(side) if side else Heard(None, NO_VERDICT)


def _bare(line: str) -> str:
    return " ".join(_MARKS.sub("", line).split())


def _verdict(line: str) -> Side | None:
    found = _LINE.fullmatch(line)
    if not found:
        return None
    if found["tie"]:
        return "tie"
    return "A" if found["side"].upper() == "A" else "B"
