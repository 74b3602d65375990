"""An article's text out of MediaWiki's markup: its prose, without templates, tables, notes, pictures and headings.

One pass over the text for each kind of bracket, so that no page takes longer than its length allows.
"""

from __future__ import annotations

import html
import re

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_NOTES = re.compile(r"<(ref|math|gallery|timeline|syntaxhighlight|score|table)\b", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,500}>")
# "|}" ends a table unless its brace is the first of a pair, as in {{born|}}.
_BRACKETS = re.compile(r"\{\{|\}\}|\{\||\|\}(?=(?:\}\})*(?!\}))")
_OUTER = re.compile(r"\[https?://[^\s\[\]]*\s*([^\[\]\n]*)\]")
_MARKS = re.compile(r"'{2,}|__[A-Z]+__")
_NO_PROSE = re.compile(r"\s*(?:[=*#:;|!]|\[\[)")
# What a template leaves behind that stood in brackets.
_EMPTY = re.compile(r"\(\s*[,;]?\s*\)|(?<=\()\s*[,;]\s*")


def plain_text(markup: str) -> str:
    """The paragraphs, one a line. Never fails: brackets that do not match end with the text."""
    text = _without_elements(_COMMENT.sub("", markup))
    text = _links(_without_nested(text))
    text = _MARKS.sub("", _TAG.sub("", _OUTER.sub(r"\1", text)))
    # Unescaped last, so that what was written to be shown as a bracket is none.
    lines = (html.unescape(line) for line in text.splitlines() if not _NO_PROSE.match(line))
    return "\n".join(filter(None, (" ".join(_EMPTY.sub("", line).split()) for line in lines)))


def _without_elements(text: str) -> str:
    """Without what stands between <ref> and </ref>, and such."""
    kept, place = list[str](), 0
    while opened := _NOTES.search(text, place):
        kept.append(text[place : opened.start()])
        end = text.find(">", opened.end())
        if end >= 0 and text[end - 1] != "/":
            closing = re.compile(rf"</{opened[1]}\s*>", re.IGNORECASE).search(text, end)
            end = closing.end() - 1 if closing else -1
        if end < 0:
            return "".join(kept)
        place = end + 1
    return "".join([*kept, text[place:]])


def _without_nested(text: str) -> str:
    """Without templates and tables, however deep they lie in one another."""
    kept, place = list[str](), 0
    depth = 0
    for bracket in _BRACKETS.finditer(text):
        if bracket[0][0] == "{":
            if not depth:
                kept.append(text[place : bracket.start()])
            depth += 1
        elif depth:
            depth -= 1
            place = bracket.end()
    return "".join(kept) if depth else "".join([*kept, text[place:]])


def _links(text: str) -> str:
    """Links as the words that they show; those with a colon before them, to pictures and categories, are left out."""
    pieces: list[list[str]] = [[]]
    for part in re.split(r"(\[\[|\]\])", text):
        if part == "[[":
            pieces.append([])
        elif part == "]]" and len(pieces) > 1:
            inside = "".join(pieces.pop())
            target, _, shown = inside.partition("|")
            pieces[-1].append("" if ":" in target.lstrip(":") else (shown.rpartition("|")[2] or target.lstrip(":")))
        elif part != "]]":
            pieces[-1].append(part)
    return "".join(piece for level in pieces for piece in level)
