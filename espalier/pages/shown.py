"""What reports are made of, whose Markdown and page show the same: tables and charts, each with its words.

A page's template takes the macros that show them from `shown.html.jinja`, and its sheet the part `report`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from espalier import report

Row = Sequence[Any]


@dataclass(frozen=True)
class Table:
    """Cells are text, numbers, or None for what is not known."""

    note: str
    headers: Sequence[str]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Card:
    """A chart with its words."""

    title: str
    keys: Sequence[tuple[str, str]]
    """What each line is: its class and its words."""
    chart: Markup | None
    """None where nothing of it is known."""


def section(title: str, shown: Table) -> Iterator[str]:
    """A table as paragraphs of Markdown; nothing where it has no rows."""
    if shown.rows:
        yield f"## {title}"
        if shown.note:
            yield report.escape(shown.note)
        yield report.table(shown.headers, shown.rows).rstrip()
