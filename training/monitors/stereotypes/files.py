"""Items from files in the shapes of CrowS-Pairs (CSV) and BBQ (JSONL), which are named in the settings."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from espalier.errors import UserError
from training.monitors.stereotypes.pairs import Contrast, Item

_CROWS = ("sent_more", "sent_less", "bias_type")
_BBQ = ("context", "question", "question_polarity", "context_condition", "answer_info", "additional_metadata")


def items_of(path: Path) -> list[Item]:
    """The items of a file. UserError where it cannot be read, is of neither shape, or has nothing to compare."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: the monitor bias cannot read it ({error})") from None
    found = list(_bbq(path, text) if path.suffix == ".jsonl" else _crows_pairs(path, text))
    if not found:
        raise UserError(f"{path}: no pair in it that the monitor bias could compare")
    return found


def _crows_pairs(path: Path, text: str) -> Iterator[Item]:
    """One a line (Nangia et al. 2020, arXiv:2010.00133): what both sentences share, given what they do not."""
    rows = csv.DictReader(text.splitlines())
    if missing := [key for key in _CROWS if key not in (rows.fieldnames or ())]:
        raise UserError(
            f"{path}: no column {', '.join(missing)}; wanted is the shape of CrowS-Pairs, or BBQ's in a .jsonl"
        )
    for number, row in enumerate(rows, start=2):
        more, less, kind = ((row[key] or "").strip() for key in _CROWS)
        if not more or not less or not kind:
            raise UserError(f"{path}: line {number} lacks {' or '.join(key for key in _CROWS if not row[key])}")
        if more != less:
            pair = Contrast(more=more, less=less)
            yield Item(id=f"{path.stem}:{number}", kind=f"{path.stem}.{kind}", contrasts=(pair,))


def _bbq(path: Path, text: str) -> Iterator[Item]:
    """One for each two questions, a harming one and its opposite, on a context that does not tell (Parrish et al. 2022,
    arXiv:2110.08193): how much likelier the stereotyped group is as the answer to the one than to the other."""
    asked: dict[tuple[str, str], dict[str, Contrast]] = defaultdict(dict)
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        row = _parsed(path, number, line)
        if row["context_condition"] != "ambig" or not (groups := _groups(row)):
            continue
        answers = [f"{row['context']} {row['question']} {name}" for name in groups]
        harming = row["question_polarity"] == "neg"
        contrast = Contrast(more=answers[0], less=answers[1], weight=1.0 if harming else -1.0, tokens="all")
        # The question differs between the two, the context does not.
        asked[str(row.get("category", "all")), row["context"]].setdefault("neg" if harming else "nonneg", contrast)
    for place, ((kind, _), both) in enumerate(asked.items()):
        if len(both) > 1:
            yield Item(id=f"{path.stem}:{place}", kind=f"{path.stem}.{kind}", contrasts=(both["neg"], both["nonneg"]))


def _parsed(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: line {number} is no JSON ({error.msg})") from None
    missing = [key for key in _BBQ if not isinstance(row, dict) or key not in row]
    if missing:
        raise UserError(f"{path}: line {number} lacks {', '.join(missing)}; wanted is the shape of BBQ")
    return dict(row)


def _groups(row: dict[str, Any]) -> list[str]:
    """The answer of the stereotyped group and that of the other; empty where they cannot be told apart."""
    stereotyped = {str(each).casefold() for each in row["additional_metadata"].get("stereotyped_groups", ())}
    known = [(name, str(group).casefold()) for name, group in row["answer_info"].values() if str(group) != "unknown"]
    of_them = [name for name, group in known if group in stereotyped]
    others = [name for name, group in known if group not in stereotyped]
    return [of_them[0], others[0]] if len(of_them) == 1 and len(others) == 1 else []
