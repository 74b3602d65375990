"""What of a text counts when texts are compared: not its letter case, its white space or what nobody sees."""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_TOKEN = re.compile(r"\w+|[^\w\s]")
_VALUE = re.compile(r"""(["'])(?:(?!\1)[^\\\n]|\\.)*\1|\d+(?:\.\d+)?""")


def folded(text: str) -> str:
    """The text in one form: two texts that differ by letter case, white space or characters of no width are the
    same."""
    if not text.isascii():
        text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    return " ".join(text.casefold().split())


def tokens(text: str) -> list[str]:
    """Words and marks, in order. Marks count: in programs and sums they are what differs."""
    return _TOKEN.findall(folded(text))


def template(text: str) -> str:
    """The text without its numbers and what stands in quotation marks: what is left of one filled in again and
    again."""
    return _VALUE.sub("_", folded(text))
