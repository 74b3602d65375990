"""Text that loops: what a language model writes when it has lost its way.

Measured by the share of four-word sequences that stood in the same reply before, as in the repetition rules of Gopher
(Rae et al. 2021, arXiv:2112.11446, table A1), whose limits of 10 to 20% are for web pages. Chats are shorter, and
worked sums, code and songs repeat themselves for good reason: on some 30,000 rows of ordinary corpora the share is
below 20% in 99 of 100 and hardly ever above a half, and in a loop it soon is.
"""

from __future__ import annotations

import re

from data_mix.filters.config import FilterConfig
from data_mix.filters.draft import Draft, Drop, Filter
from data_mix.filters.scan import Mask, Scan
from data_mix.language.words import words

_MAX_REPEATED = 0.5
_MIN_WORDS = 30
_MIN_CHARS = 30  # in scripts without spaces a character is a word
_TAIL = 100  # a loop seldom ends: a long reply is looked at whole, and its last words by themselves
_RUN = 50
_UNBROKEN = b"x" * _RUN
_SOLID = bytes(32 if chr(code).isspace() else 120 for code in range(128)) + b"x" * 128
_LONG_RUN = re.compile(rf"(.)\1{{{_RUN - 1}}}")
_MARKS = tuple(mark * _RUN * 2 for mark in "!?.,")  # lines of dashes and the like are drawn on purpose


def repetition(config: FilterConfig) -> Filter | None:
    """Reason repetition."""
    if config.repetition == "off":
        return None

    def look(draft: Draft) -> Drop | None:
        if _UNBROKEN in draft.replies.encode().translate(_SOLID) and _has_run(draft.replies):
            return Drop("repetition")
        for reply in draft.trained:
            if len(reply) >= _MIN_CHARS and _is_long(reply) and loops(_pieces(reply)):
                return Drop("repetition")
        return None

    def where(scan: Scan) -> Mask:
        return scan.unbroken(_RUN) | scan.repeated(_MAX_REPEATED, _MIN_WORDS, _TAIL)

    return Filter(look, where)


def loops(spoken: list[str]) -> bool:
    """Whether most of a reply, or of its last 100 words, repeats what stood in it before. Linear in its length."""
    if len(spoken) < _MIN_WORDS:
        return False
    if _repeats(spoken, len(set(spoken))):
        return True
    tail = spoken[-_TAIL:]
    return len(spoken) > _TAIL and _repeats(tail, len(set(tail)))


def _repeats(spoken: list[str], num_distinct: int) -> bool:
    total = len(spoken) - 3
    # Each word begins a sequence of its own where it first stands: with so many words there are as many sequences.
    if num_distinct - 3 >= (1 - _MAX_REPEATED) * total:
        return False
    distinct = len(set(zip(spoken, spoken[1:], spoken[2:], spoken[3:], strict=False)))
    return distinct < (1 - _MAX_REPEATED) * total


def _pieces(reply: str) -> list[str]:
    """What stands between spaces, or, in a text that may do without spaces, its words."""
    return reply.split() if reply.isascii() else words(reply)


def _is_long(reply: str) -> bool:
    """Whether a reply may have words enough to be judged, told without making them."""
    return reply.count(" ") + reply.count("\n") >= _MIN_WORDS - 1 or not reply.isascii()


def _has_run(replies: str) -> bool:
    if any(run in replies for run in _MARKS):
        return True
    return any(len(word) >= _RUN and _LONG_RUN.search(word) for word in words(replies))
