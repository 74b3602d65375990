"""Every case with every model's reply, as plain text for a pager: beside each other, differences marked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import groupby, zip_longest
from pathlib import Path

from espalier.artifacts.records import write_text
from evaluation.cases.case import Messages
from evaluation.metrics.base import Column
from evaluation.report.examples import says_nothing
from evaluation.report.rounds import Round, rounds
from evaluation.scoring.records import Record

Piece = tuple[str, bool]
"""A part of a text, and whether the other text lacks it."""
SIGNS = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Of scripts that set no spaces between words, as a character class: each sign counts as a word."""
_MARKS = r"!-/:-@\[-`{-~\xa1-\xbf\u2010-\u2027\u2030-\u205e\u3001-\u303f\uff01-\uff0f\uff1a-\uff20"
"""Punctuation: each mark stands alone, but for those inside a number, as in 5/6."""
_WORDS = re.compile(rf"\s+|[0-9]+(?:[.,:/][0-9]+)+|[{SIGNS}{_MARKS}]|[^\s{SIGNS}{_MARKS}]+")

_WIDTH = 160
_GAP = " │ "
_UNITS = re.compile(rf"\s+|[{SIGNS}]|[^\s{SIGNS}]+")
"""Where a line may end: at a space, or at a sign of a script without spaces."""
_SPEAKERS = {"user": "learner", "assistant": "tutor"}


def write_side_by_side(
    path: Path, *, records: Sequence[Record], models: Sequence[str], columns: Sequence[Column]
) -> None:
    """Writes all records of `models`, the baseline first, into the text file `path`.

    Two models stand beside each other in 160 columns, more of them one below the other.
    """
    lines = [f"Replies of {', '.join(models)}"]
    if len(models) > 1:
        lines.append("[-words that only the baseline has-], {+words that the baseline does not have+}")
    for name, found in rounds(records, models).items():
        lines += ["", "═" * _WIDTH, *_wrapped(_heading(name, found[0].any), _WIDTH)]
        for each in found:
            lines += ["", *_round(each, models, columns)]
    write_text(path, "".join(f"{_printable(line.rstrip())}\n" for line in lines))


def _heading(name: str, record: Record) -> str:
    return f"{name}  ({', '.join(record.tags)})" if record.tags else name


def _round(each: Round, models: Sequence[str], columns: Sequence[Column]) -> Iterator[str]:
    """What all were shown, then what each answered, then the figures in which they differ, and why they do."""
    if each.turn or each.sample:
        yield f"── sample {each.sample + 1}, turn {each.turn + 1}"
    shown = list(each.fresh.values())
    same = all(messages == shown[0] for messages in shown)
    if same:
        yield from _conversation(shown[0], _WIDTH)
    marked = _marked([each.records.get(model) for model in models])
    width = (_WIDTH - len(_GAP)) // 2 if len(models) == 2 else _WIDTH
    blocks = [
        [
            f"▌{model}",
            *([] if same else _conversation(each.fresh.get(model, []), width)),
            *_wrapped(text, width),
        ]
        for model, text in zip(models, marked, strict=True)
    ]
    yield ""
    if len(blocks) == 2:
        for left, right in zip_longest(*blocks, fillvalue=""):
            yield f"{left}{' ' * (width - _columns(left))}{_GAP}{right}"
    else:
        for block in blocks:
            yield from block
    for line in _figures(each.records, models, columns):
        yield from _wrapped(line, _WIDTH)


def _conversation(messages: Messages, width: int) -> Iterator[str]:
    for message in messages:
        yield from _wrapped(f"{_SPEAKERS.get(message['role'], message['role'])}: {message['content']}", width)


def _marked(records: Sequence[Record | None]) -> list[str]:
    """Each model's reply, the baseline's marked only where one other stands beside it."""
    first = records[0]
    texts = [_reply(record) for record in records]
    for place, record in enumerate(records[1:], start=1):
        if first and record and "error" not in (first.finish, record.finish):
            base, other = differences(first.reply, record.reply)
            texts[place] = _reply(record, _joined(other, "{+", "+}"))
            if len(records) == 2:
                texts[0] = _reply(first, _joined(base, "[-", "-]"))
    return texts


def _joined(pieces: Sequence[Piece], begin: str, end: str) -> str:
    return "".join(f"{begin}{text}{end}" if own else text for text, own in pieces)


def _reply(record: Record | None, text: str = "") -> str:
    if record is None:
        return "(was not asked this)"
    if record.finish == "error":
        return f"(no reply: {record.error or 'no reason was given'})"
    if record.log_likelihoods:
        return f"(log-likelihoods: {', '.join(f'{each:.2f}' for each in record.log_likelihoods)})"
    if not record.reply.strip():
        return f"({says_nothing(record)})"
    return (text or record.reply) + (" (cut short)" if record.finish == "length" else "")


def _figures(records: Mapping[str, Record], models: Sequence[str], columns: Sequence[Column]) -> Iterator[str]:
    """The columns in which the models differ, each with its values in the order of the models; then why, by column."""
    parts, reasons, same = [], [], 0
    for column in columns:
        values = [records[model].metrics.get(column.name) if model in records else None for model in models]
        if len(set(values)) > 1 or (len(models) == 1 and values[0] is not None):
            parts.append(f"{column.name} {' | '.join('–' if value is None else f'{value:.4g}' for value in values)}")
            why = [records[model].why(column.name) if model in records else "" for model in models]
            if any(why):
                reasons.append(f"  {column.name}: {' | '.join(each or '–' for each in why)}")
        elif values[0] is not None:
            same += 1
    rest = [f"the same in {same} more" if parts else f"all {same} figures are the same"] if same else []
    if parts or rest:
        yield f"· {'; '.join([*parts, *rest])}"
    yield from reasons


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Lines of at most `width` columns of a terminal, broken between words where that can be."""
    for paragraph in text.expandtabs(4).splitlines():
        line, used = "", 0
        for word in _UNITS.findall(paragraph):
            size = _columns(word)
            if used + size > width and line.strip():
                yield line
                line, used = "", 0
                if word.isspace():
                    continue
            while size > width:  # one word fills lines of its own
                head = _head(word, width)
                yield head
                word = word[len(head) :]
                size = _columns(word)
            line, used = line + word, used + size
        yield line


def _head(word: str, width: int) -> str:
    """As much of the beginning as fits; at least one character."""
    end = 1
    while end < len(word) and _columns(word[: end + 1]) <= width:
        end += 1
    return word[:end]


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes: two for a wide sign, none for what combines with the sign before."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def _printable(line: str) -> str:
    """What a terminal would obey, or UTF-8 cannot write, as a replacement character."""
    return re.sub("[\x00-\x1f\x7f-\x9f\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", line)


def words_of(text: str) -> list[str]:
    """The words, marks and spaces that a text consists of; joined they give it again."""
    return _WORDS.findall(text)


def differences(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """The pieces of either text; joined they give it again.

    Space and punctuation between two words that the other text lacks count as lacking too, so that marks run on.
    """
    left, right = words_of(before), words_of(after)
    own, theirs = [True] * len(left), [True] * len(right)
    for a, b, size in SequenceMatcher(None, left, right).get_matching_blocks():
        own[a : a + size] = theirs[b : b + size] = [False] * size
    return _pieces(left, own), _pieces(right, theirs)


def _pieces(words: Sequence[str], own: Sequence[bool]) -> list[Piece]:
    marked = [_is_marked(words, own, place) for place in range(len(words))]
    runs = groupby(zip(words, marked, strict=True), key=lambda pair: pair[1])
    return [("".join(word for word, _ in run), mark) for mark, run in runs]


def _is_marked(words: Sequence[str], own: Sequence[bool], place: int) -> bool:
    if _is_word(words[place]):
        return own[place]
    inside = _beside(words, own, place, -1) and _beside(words, own, place, 1)
    return inside or (own[place] and not words[place].isspace())


def _beside(words: Sequence[str], own: Sequence[bool], place: int, way: int) -> bool:
    """Whether the next word that way is one that the other text lacks."""
    place += way
    while 0 <= place < len(words) and not _is_word(words[place]):
        place += way
    return 0 <= place < len(words) and own[place]


def _is_word(word: str) -> bool:
    return any(sign.isalnum() for sign in word)
