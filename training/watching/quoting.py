"""Words that a model or a user wrote, in a Markdown page: they show as they are and can be nothing else."""

from __future__ import annotations

from espalier.report import escape

_MOST = 600
"""Characters of one quotation."""


def quoted(text: str, *, most: int = _MOST) -> str:
    """A block quote of one line: no heading, list, code, table, tag or link of the text counts as one. Of a text longer
    than `most` characters so many are shown."""
    if not text:
        return "> (nothing)"
    told = f" … ({len(text):,} characters in all)" if len(text) > most else ""
    # Behind a quotation mark nothing is at the beginning of its line, where Markdown looks for marks of its own.
    return f"> “{escape(text[:most])}”{told}"
