"""What whoever proposes says of a change, and what is told to them of all before it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from research.autoresearch.proposing.base import History, one_line

_SAID = re.compile(r"[*_#>\s]*(description|hypothesis)[*_\s]*:[*_\s]*(.*)", re.IGNORECASE)
_LONGEST = 300
"""Characters of one experiment's words that are told again."""


def said_words(lines: Iterable[str]) -> tuple[str, str]:
    """The last `description: …` and `hypothesis: …`, empty where there is none; each goes on to the next empty line."""
    found = {"description": "", "hypothesis": ""}
    key = ""
    for line in lines:
        if match := _SAID.fullmatch(line):
            key = match[1].lower()
            found[key] = match[2].strip(" *_")
        elif key and line.strip():
            found[key] = f"{found[key]} {line.strip()}".strip()
        else:
            key = ""
    return found["description"], found["hypothesis"]


def told_history(history: History, limit: int) -> str:
    """The experiments so far in about `limit` characters: what was kept and what came last before anything else."""
    if not history:
        return "No experiment was made yet."
    lines = [_told(record) for record in history]
    kept = [place for place, record in enumerate(history) if record.get("status") == "keep"]
    shown, left = set[int](), limit
    for place in [*kept[-1:], *reversed(range(len(history))), *reversed(kept)]:
        if place not in shown and len(lines[place]) < left:
            shown.add(place)
            left -= len(lines[place]) + 1
    head = "number, status, val_bpb, what was tried; why it ended so; the hypothesis:"
    if omitted := len(history) - len(shown):
        head = f"({omitted} of {len(history)} experiments are left out here)\n{head}"
    return "\n".join([head, *(lines[place] for place in sorted(shown))])


def _told(record: Mapping[str, Any]) -> str:
    value = record.get("val_bpb")
    figure = f"{value:.6f}" if isinstance(value, float) else "-"
    words = [one_line(str(record.get(key) or ""), _LONGEST) for key in ("description", "why", "hypothesis")]
    return f"{record.get('number')}, {record.get('status')}, {figure}, {'; '.join(filter(None, words))}"
