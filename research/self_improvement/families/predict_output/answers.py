"""What counts as an answer, and when it is right.

The answer is the whole reply, or what stands behind its only `Output:` at the beginning of a line; one fence around it
is taken off. It is right where it is, character for character, what the program printed; white space counts neither
around it nor at the ends of its lines. So who goes through several outputs, or wraps the right one in words, is wrong.
"""

from __future__ import annotations

import re

from research.self_improvement.families.family import Refused

MOST_CHARACTERS = 200
MOST_LINES = 12
MARK = "Output:"
_FENCE = re.compile(r"\s*```[a-z]*\n(.*?)\n?```\s*", re.DOTALL)


def tidy(text: str) -> str:
    """A text without the white space that does not count."""
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def answer_in(reply: str) -> str | Refused:
    """The answer of a reply, tidied, or why it has none."""
    before, *after = re.split(rf"^[ \t]*{MARK}", reply, flags=re.MULTILINE)
    if len(after) > 1:
        return Refused("several answers")
    said = after[0] if after else before
    fenced = _FENCE.fullmatch(said)
    answer = tidy(fenced[1] if fenced else said)
    return answer or Refused("no answer")


def truth_in(printed: str) -> str | Refused:
    """What is to be answered where a program printed that, or why that is nothing to ask for."""
    output = tidy(printed)
    if not output:
        return Refused("prints nothing")
    if len(output) > MOST_CHARACTERS or output.count("\n") >= MOST_LINES:
        return Refused("prints too much")
    if "\N{REPLACEMENT CHARACTER}" in output:
        return Refused("prints what is no text")
    if answer_in(output) != output:
        return Refused("prints what an answer is framed with")
    return output
