"""Cases whose likelihood is asked, not a reply: minimal pairs, and texts for bits per byte."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from espalier.errors import UserError
from evaluation.cases.case import Case

_TAGS = ("UID", "linguistics_term", "field")
"""Keys of BLiMP's records (Warstadt et al. 2020, arXiv:1912.00582) that say what a pair tests."""
_PARAGRAPH = 2_000
"""Characters after which a paragraph of a text is closed at the next empty line."""


def read_pairs(paths: Sequence[Path]) -> list[Case]:
    """A case per line with its `texts` = (good, bad), tagged by what it tests. UserError names file and line."""
    cases = []
    for path in paths:
        for number, line in enumerate(_lines(path), start=1):
            if line.strip():
                cases.append(_pair(line, path, number))
    return _some(cases, paths, "minimal pairs")


def read_texts(paths: Sequence[Path]) -> list[Case]:
    """A case per stretch of at least 2,000 characters that ends with an empty line, and one for the rest of a file."""
    cases = []
    for path in paths:
        for number, text in enumerate(_paragraphs(_lines(path)), start=1):
            cases.append(Case(name=f"{path.name}:{number}", messages=[], texts=(text,), tags=(path.stem,)))
    return _some(cases, paths, "text")


def _pair(line: str, path: Path, number: int) -> Case:
    where = f"{path}:{number}"
    try:
        record: Any = json.loads(line)
    except ValueError as error:
        raise UserError(f"{where}: not JSON ({error})") from None
    sides = [record.get(f"sentence_{side}") for side in ("good", "bad")] if isinstance(record, dict) else []
    # JSON may escape half a character (a lone surrogate), which no tokenizer takes.
    texts = tuple(s for s in sides if isinstance(s, str) and s.strip() and s == s.encode(errors="replace").decode())
    if len(texts) < 2:
        raise UserError(f"{where}: a minimal pair wants sentence_good and sentence_bad, both text")
    tags = tuple(str(record[key]) for key in _TAGS if record.get(key))
    return Case(name=f"{path.stem}:{number}", messages=[], texts=texts, tags=tags)


def _paragraphs(lines: Sequence[str]) -> list[str]:
    found: list[str] = []
    now = ""
    for line in lines:
        now += line
        if len(now) >= _PARAGRAPH and not line.strip():
            found.append(now)
            now = ""
    return [text for text in [*found, now] if text.strip()]


def _lines(path: Path) -> list[str]:
    try:
        return re.split(r"(?<=\n)", path.read_text(encoding="utf-8"))  # not splitlines: JSON may hold U+2028
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None


def _some(cases: list[Case], paths: Sequence[Path], what: str) -> list[Case]:
    if not cases:
        raise UserError(f"{', '.join(map(str, paths))}: no {what} in it")
    return cases
