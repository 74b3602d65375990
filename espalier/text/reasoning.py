"""What a model thought before it spoke, told from what it says: a reply is what a learner sees.

Reasoning models write their thoughts before the reply, between marks. These count as thoughts:

- a block at the very beginning (`<think>…</think>` and the marks of `_MARKS`), or several one after the other;
- what stands before a closing mark that no opening one precedes: the chat template's prompt has opened the block;
- all channels of gpt-oss but those meant for the user, whether its special tokens are shown or were taken away.

A block that never ends is thoughts to the end. Marks anywhere else belong to the reply, since a text may speak of them:
an opening mark behind other words, a closing one behind an opening one, in code, in quotes, or inside a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_MARKS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "<seed:think>": "</seed:think>",
    "[THINK]": "[/THINK]",
    "◁think▷": "◁/think▷",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|START_THINKING|>": "<|END_THINKING|>",
    "<|channel>thought": "<channel|>",
}
"""What opens a block of thoughts, and what closes it, in any case of letters."""
_WORDED = (
    (r"\s*analysis(?=\S)", r"assistantfinal"),
    (r"\s*Here(?:'s| is) my thought process:", r"Here(?:'s| is) my response:"),
)
"""Marks that are words, and so count only together: those of gpt-oss without its special tokens, those of Granite."""
_CLOSES = {opening.casefold(): re.compile(re.escape(closing), re.IGNORECASE) for opening, closing in _MARKS.items()}
_OPENING = re.compile(rf"\s*({'|'.join(map(re.escape, _MARKS))})", re.IGNORECASE)
_CLOSING = re.compile("|".join(map(re.escape, _MARKS.values())), re.IGNORECASE)
_OPENED = re.compile(rf"(?:{'|'.join(map(re.escape, _MARKS))}|<\|channel\|>analysis<\|message\|>)\s*\Z", re.IGNORECASE)
_CHANNELS = re.compile(r"\s*(?:<\|start\|>assistant)?<\|channel\|>")
_HEAD = re.compile("|".join([_OPENING.pattern, _CHANNELS.pattern, *(begins for begins, _ in _WORDED)]), re.IGNORECASE)
_CHANNEL = re.compile(
    r"<\|channel\|>(?P<channel>[^<]*)(?:<\|constrain\|>[^<]*)?<\|message\|>"
    r"(?P<body>.*?)(?=<\|(?:end|return|call|start|channel)\|>|\Z)",
    re.DOTALL,
)
_QUOTES = {"`": "`", '"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "(": ")"}
_FENCE = "```"
_ENDS = tuple(".!?…:;)")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A reply taken apart."""

    content: str
    """What is seen. A reply without thoughts is left as it is; after thoughts, space at the beginning is dropped."""
    reasoning: str
    """What was thought, without the marks; empty where there are none."""
    unfinished: bool
    """Whether the thoughts never end, so that nothing is seen."""


def split(text: str) -> Spoken:
    """What is seen of a reply and what was thought before it, as this module's docstring says.

    What is seen can be split again, and stays as it is.
    """
    thoughts, rest = list[str](), text
    while found := _first_block(rest):
        thought, after = found
        thoughts.append(thought)
        if after is None:
            return Spoken("", _joined(thoughts), unfinished=True)
        rest = after.lstrip()
    return Spoken(rest, _joined(thoughts), unfinished=False)


def split_all(replies: Sequence[tuple[str, str]]) -> list[Spoken]:
    """`split` of one model's replies, each (text, finish).

    Where all replies that it ended by itself begin inside a block that the prompt opened, so does one that was cut off
    before the block's end, and bears no mark at all.
    """
    ended = [text for text, finish in replies if finish == "stop"]
    all_begin_inside = bool(ended) and all(map(_begins_inside, ended))
    opening = next(iter(_MARKS)) if all_begin_inside else ""
    found = []
    for text, finish in replies:
        spoken = split(text)
        bears_no_mark = spoken == Spoken(text, "", unfinished=False)
        found.append(split(opening + text) if finish == "length" and bears_no_mark else spoken)
    return found


def opened_by(prompt: str) -> str:
    """The mark, with the space after it, by which the end of a prompt opens a block of thoughts; empty where none does.

    Put before the reply, it makes the reply whole.
    """
    found = _OPENED.search(prompt)
    return found[0] if found else ""


def silence(content: str, finish: str, *, thought: bool) -> str:
    """Why nothing is seen of a reply that ended with `finish`; empty where there is something to see.

    `thought` says whether the model thought before it fell silent.
    """
    if content.strip():
        return ""
    if finish == "length":
        return "limit spent on reasoning" if thought else "limit spent, and nothing said"
    return "reasoning, and nothing said" if thought else "nothing said"


def _begins_inside(text: str) -> bool:
    """Whether a text begins with thoughts, and without their opening mark."""
    return _first_block(text) is not None and not _HEAD.match(text)


def _first_block(text: str) -> tuple[str, str | None] | None:
    """The thoughts that a text begins with, and what comes after them, None where they never end."""
    if _CHANNELS.match(text):
        return _of_channels(text)
    opening = _OPENING.match(text)
    if opening:
        inside = text[opening.end() :]
        closes = _CLOSES[opening[1].casefold()].finditer(inside)
        closing = next((found for found in closes if not _is_quoted(inside, found)), None)
        return (inside[: closing.start()], inside[closing.end() :]) if closing else (inside, None)
    for begins, ends in _WORDED:
        found = re.match(rf"{begins}(.*?)(?:{ends})(.*)", text, re.DOTALL)
        if found:
            return found[1], found[2]
    lone = next((found for found in _CLOSING.finditer(text) if _closes_the_prompts_block(text, found)), None)
    return (text[: lone.start()], text[lone.end() :]) if lone else None


def _closes_the_prompts_block(text: str, closing: re.Match[str]) -> bool:
    """Whether a closing mark without an opening one ends thoughts, and is not what a sentence speaks of."""
    before, after = text[: closing.start()], text[closing.end() :]
    line = before.rpartition("\n")[2]
    in_code = before.count(_FENCE) % 2 == 1 or line.count("`") % 2 == 1
    if in_code or _is_quoted(text, closing) or any(mark in before.casefold() for mark in _CLOSES):
        return False
    begins_its_line, sticks_to_a_word = not line.strip(), bool(line) and not line[-1].isspace()
    ends_a_paragraph = line.rstrip()[-1:] in _ENDS and after[:1] in ("", "\n")
    return begins_its_line or sticks_to_a_word or ends_a_paragraph


def _is_quoted(text: str, mark: re.Match[str]) -> bool:
    before, after = text[: mark.start()][-1:], text[mark.end() :][:1]
    return bool(before) and _QUOTES.get(before) == after


def _of_channels(text: str) -> tuple[str, str | None]:
    """gpt-oss speaks in channels: `final` is for the user, as is `commentary` that is addressed to no tool."""
    said, thoughts = list[str](), list[str]()
    for found in _CHANNEL.finditer(text):
        channel = found["channel"].split()
        is_for_the_user = channel[:1] == ["final"] or channel == ["commentary"]
        (said if is_for_the_user else thoughts).append(found["body"])
    return _joined(thoughts), _joined(said) or None


def _joined(parts: list[str]) -> str:
    return "\n\n".join(part.strip() for part in parts if part.strip())
