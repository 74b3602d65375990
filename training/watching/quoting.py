"""Words that a model or a user wrote, in a Markdown page: they show as they are and can be nothing else."""

from __future__ import annotations

from espalier.report import escape

_MOST = 600
"""Characters of one quotation."""


def quoted(text: str) -> str:
    """A block quote of one line: no heading, list, code, table, tag or link of the text counts as one."""
    if not text:
        return "> (nothing)"
    told = f" … ({len(text):,} characters in all)" if len(text) > _MOST else ""
    # Behind a quotation mark nothing is at the beginning of its line, where Markdown looks for marks of its own.
    return f"> “{escape(text[:_MOST])}”{told}"
