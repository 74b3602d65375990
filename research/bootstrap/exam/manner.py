"""How somebody answers, whatever was asked: how much they repeat themselves, echo what was said, and say the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from research.bootstrap.exam.sitting import Answer, Asked

_FEWEST_ECHOED = 3
"""Words in a row of what was said just before that make an echo, where the turn is not shorter itself."""


def manner(turns: Sequence[tuple[Asked, Answer]]) -> dict[str, float]:
    """Shares over turns, each from 0 to 1; of no turns all are 0.

    repetition   of the pairs of neighbouring words in a turn, those that stood in it before
    echo         turns that say nothing but words in a row of a line before
    distinct     different turns, of all
    """
    said = [words(answer.text) for _, answer in turns]
    echoes = [is_echo(spoken, asked) for spoken, (asked, _) in zip(said, turns, strict=True)]
    n = max(1, len(said))
    return {
        "repetition": sum(map(repetition, said)) / n,
        "echo": sum(echoes) / n,
        "distinct": len({" ".join(each) for each in said}) / n,
    }


def words(text: str) -> list[str]:
    """The words of a text, without marks and capitals."""
    return re.findall(r"[\w'-]+", text.lower())


def repetition(spoken: Sequence[str]) -> float:
    """Of the pairs of neighbouring words, the share that stood there before."""
    pairs = list(pairwise(spoken))
    return 1 - len(set(pairs)) / len(pairs) if pairs else 0.0


def is_echo(spoken: Sequence[str], asked: Asked) -> bool:
    """Whether a turn is a stretch of a line that was said since the pupil spoke last: of three words or more, or the
    whole line."""
    return bool(spoken) and any(_within(spoken, words(line.text)) for line in asked.ask.lines)


def _within(spoken: Sequence[str], line: Sequence[str]) -> bool:
    if len(spoken) < min(_FEWEST_ECHOED, len(line)):
        return False
    return f" {' '.join(spoken)} " in f" {' '.join(line)} "
