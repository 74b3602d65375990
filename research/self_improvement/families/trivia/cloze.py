"""Questions about pages of which nothing is known, by rule: a name or a number is left out of a sentence.

Level 0 shows the whole sentence, level 1 only some words on either side. The answer is known as surely as the page is.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from research.self_improvement.families.family import Challenge
from research.self_improvement.families.trivia.asked import challenge_of
from research.self_improvement.families.trivia.page import Page, sentences, stands_in

LEVELS = 2
_AROUND = 5
_SHORTEST, _LONGEST = 6, 35
_NAMES = re.compile(r"[\"“‘«(]?(?P<said>[^\W\d_][\w'’-]*\w|\d+(?:[.,]\d+)*)[\"”’»),;:.!?]*")


def cloze(rng: random.Random, page: Page, difficulty: int) -> Challenge | None:
    """One such question; None where the page has no sentence for it."""
    options = list(_gaps(page))
    if not options:
        return None
    tokens, place, answer = rng.choice(options)
    first, last = (0, len(tokens)) if difficulty == 0 else (max(0, place - _AROUND), place + _AROUND + 1)
    shown = [token if at != place else token.replace(answer, "…", 1) for at, token in enumerate(tokens)][first:last]
    question = f"Which word or number stands on the page in place of …: {' '.join(shown)}"
    return challenge_of(page, question, [answer], [" ".join(tokens)], difficulty)


def _gaps(page: Page) -> Iterator[tuple[list[str], int, str]]:
    for sentence in sentences(page.text):
        tokens = sentence.split()
        if not _SHORTEST <= len(tokens) <= _LONGEST:
            continue
        # The first word has a capital whatever it is.
        for place, token in enumerate(tokens[1:], start=1):
            named = _NAMES.fullmatch(token)
            rest = " ".join(tokens[:place] + tokens[place + 1 :])
            if named is None or named["said"][0].islower():
                continue
            if "…" not in sentence and not stands_in(named["said"], rest):
                yield tokens, place, named["said"]
