"""What players say: some talk, and a move on the last line.

The grammar of moves is each game's own. Here is what all games have in common: how a reply is taken apart, and what of
talk binds, as far as rules can tell: promises and threats in stated words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

LONGEST = 400
"""Characters of a reply. A longer one is no move: otherwise the one who says most is heard most."""
_MARKS = " .!*`\"'"
_SENTENCE = re.compile(r"[^.!?;]+")


class Spoken(NamedTuple):
    """A reply, taken apart."""

    said: str
    """What is said aloud, on one line; empty where nothing is."""
    move: str
    """The last line, in lower case, without marks around it."""


def spoken(reply: str) -> Spoken | str:
    """What a player says, or why that is nothing, in words that are the same for the same fault."""
    if len(reply) > LONGEST:
        return "a reply that is too long"
    lines = [line for each in reply.splitlines() if (line := _plain(each))]
    move = lines[-1].lower().strip(_MARKS) if lines else ""
    if not move:
        return "an empty reply"
    return Spoken(" ".join(lines[:-1]), move)


def _plain(line: str) -> str:
    """On one line whatever a reader takes for line breaks, and without quotation marks, which stand around what is
    said."""
    shown = "".join(each if each.isprintable() else " " for each in line)
    return " ".join(shown.split()).replace('"', "'")


def promised(said: str, deeds: Sequence[str]) -> list[tuple[str, str]]:
    """What somebody promises: each of `deeds` after "I will" or "I'll" in a sentence without a condition, with that
    sentence. One who will not do the first of two deeds promises the second."""
    found = list[tuple[str, str]]()
    for sentence in map(str.strip, _SENTENCE.findall(said.lower())):
        if re.search(r"\b(if|unless|or)\b", sentence):
            continue
        for match in re.finditer(rf"\bi(?: will|'ll)( not| never)? ({'|'.join(map(re.escape, deeds))})\b", sentence):
            if not match[1]:
                found.append((match[2], sentence))
            elif len(deeds) == 2:
                found.append((deeds[1 - deeds.index(match[2])], sentence))
    return found


def threats(said: str, harms: Sequence[str]) -> list[str]:
    """The sentences that threaten: "if you …, I will HARM", "I will HARM if you …", "or I HARM"."""
    harm = "|".join(map(re.escape, harms))
    forms = (
        rf"\b(?:if|unless) you\b.*\bi(?: will|'ll) (?:{harm})\b",
        rf"\bi(?: will|'ll) (?:{harm})\b.*\b(?:if|unless) you\b",
        rf"\bor(?: else)?,? i(?: will|'ll)? (?:{harm})\b",
    )
    sentences = map(str.strip, _SENTENCE.findall(said.lower()))
    return [each for each in sentences if any(re.search(form, each) for form in forms)]
