"""What preferences a mix keeps, measured on the files that were written: how many, and how long good and bad replies
are. A model that learns to prefer one to the other may learn to prefer the longer one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from espalier.report import Markup, escape, percent, table
from espalier.text.rows import Row, read_rows

FOLDER = "preferences"
_SAMPLES = 3
_MAX_CHARS = 400


@dataclass(kw_only=True, slots=True)
class Preferences:
    """Figures of the preferences of one source in one split. Lengths are UTF-8 bytes of contents."""

    pairs: int = 0
    """Two replies, of which one is the better."""
    good: int = 0
    """Single replies that are said to be good."""
    bad: int = 0
    """Single replies that are said to be bad."""
    longer: int = 0
    """Pairs whose better reply is the longer one."""
    bytes: int = 0
    """Of prompts and replies."""
    chosen_bytes: int = 0
    """Of the better replies of pairs, and of the good ones."""
    rejected_bytes: int = 0
    """Of the worse replies of pairs, and of the bad ones."""
    tokens: int = 0
    """Of prompts and replies; 0 where the mix counts none."""
    samples: list[Row] = field(default_factory=list)
    """The first few."""

    def add(self, row: Row) -> None:
        """Count one preference."""
        chosen, rejected = (
            sum(len(said["content"].encode()) for said in reply or ()) for reply in (row.chosen, row.rejected)
        )
        if row.chosen is not None and row.rejected is not None:
            self.pairs += 1
            self.longer += chosen > rejected
        else:
            self.good += row.chosen is not None
            self.bad += row.rejected is not None
        self.bytes += row.num_bytes
        self.chosen_bytes += chosen
        self.rejected_bytes += rejected
        self.tokens += row.num_tokens or 0
        if len(self.samples) < _SAMPLES:
            self.samples.append(row)

    @property
    def rows(self) -> int:
        """All of them."""
        return self.pairs + self.good + self.bad

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the audit; a mean is null where there is nothing to take it of."""
        chosen, rejected = self.pairs + self.good, self.pairs + self.bad
        return {
            "rows": self.rows,
            "pairs": self.pairs,
            "good": self.good,
            "bad": self.bad,
            "bytes": self.bytes,
            "tokens": self.tokens,
            "mean_chosen_bytes": self.chosen_bytes / chosen if chosen else None,
            "mean_rejected_bytes": self.rejected_bytes / rejected if rejected else None,
            "chosen_is_longer": self.longer / self.pairs if self.pairs else None,
        }


def measure(folder: Path) -> dict[str, dict[str, Preferences]]:
    """By split and source what the files of a mix in `folder` hold; nothing where it has no preferences."""
    found: dict[str, dict[str, Preferences]] = {}
    for path in sorted((folder / FOLDER).glob("*.parquet")):
        sources = found.setdefault(path.stem, {})
        for row in read_rows(path):
            sources.setdefault(row.source, Preferences()).add(row)
    return found


def describe(found: dict[str, dict[str, Preferences]]) -> dict[str, Any] | None:
    """The figures by split and source, as plain data; None where there are none."""
    if not found:
        return None
    return {
        split: {name: figures.to_dict() for name, figures in sorted(sources.items())}
        for split, sources in found.items()
    }


def totals(described: dict[str, Any] | None) -> dict[str, Any] | None:
    """Of `describe`, how many of what there are in each split."""
    if described is None:
        return None
    counted = ("rows", "pairs", "good", "bad", "bytes", "tokens")
    return {
        split: {key: sum(figures[key] for figures in sources.values()) for key in counted}
        for split, sources in described.items()
    }


def section(found: dict[str, dict[str, Preferences]]) -> str:
    """The card's section: how many of each source, how long they are, and a few of them to be read."""
    rows = [
        [
            name,
            Markup(f"`{split}`"),
            *(figures[key] or None for key in ("pairs", "good", "bad")),
            *(figures[key] and round(figures[key]) for key in ("mean_chosen_bytes", "mean_rejected_bytes")),
            None if figures["chosen_is_longer"] is None else percent(figures["chosen_is_longer"]),
        ]
        for split, sources in (describe(found) or {}).items()
        for name, figures in sources.items()
    ]
    headers = ["source", "split", "pairs", "good", "bad", "mean bytes of chosen", "of rejected", "chosen is longer"]
    lines = [
        "Which of two replies is the better one (*pairs*), or whether a single one is good or bad. They lie in "
        "`preferences/`, outside the shares, and are trained on where a run says `rows: preference`. Where the "
        "better replies are mostly the longer ones, a model may learn no more than that.\n",
        table(headers, rows),
    ]
    samples = [row for figures in found.get("train", {}).values() for row in figures.samples]
    return "\n\n".join(["\n".join(lines), *map(_sample, samples[:_SAMPLES])])


def _sample(row: Row) -> str:
    said = [f"*{message['role']}*: {_short(message['content'])}" for message in row.messages]
    for name, reply in (("chosen", row.chosen), ("rejected", row.rejected)):
        said += [f"**{name}** *{message['role']}*: {_short(message['content'])}" for message in reply or ()]
    return f"**{escape(row.id)}**\n\n" + "\n>\n".join(f"> {line}" for line in said)


def _short(text: str) -> str:
    return escape(text if len(text) <= _MAX_CHARS else f"{text[:_MAX_CHARS]} […]")
