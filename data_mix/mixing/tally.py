"""What became of a source's records: every one is accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Self

NUM_SAMPLES = 3
"""Rows kept of each reason for dropping, to be looked at."""
MAX_NAMES = 100
"""Different keys that are counted by name, of one source: where names are data, there is no end of them."""
OTHER_NAMES = "(others)"
_MAX_SAMPLE_CHARS = 300


@dataclass(kw_only=True, slots=True)
class Tally:
    """Counts of one source, or of a part of it."""

    read: int = 0
    """Records read, or rows of the curriculum asked for."""
    split_off: int = 0
    """Rows that a record gave beyond its first."""
    copies: int = 0
    """Copies made by oversampling."""
    kept: Counter[str] = field(default_factory=Counter)
    """Rows written, by split."""
    joined: int = 0
    """Records that were joined to the one before, as turns of its dialogue."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Records and rows left out, by reason."""
    repaired: Counter[str] = field(default_factory=Counter)
    """Rows that a filter mended, by what was mended; they are among the others."""
    formats: Counter[str] = field(default_factory=Counter)
    """Rows by the shape their records had."""
    ignored_keys: Counter[str] = field(default_factory=Counter)
    """Records by each key that is in no row of theirs: `KEY`, or `turns.KEY` and `parts.KIND` where turns have it."""
    identified: int = 0
    """Rows whose language was identified, rather than stated by their corpus."""
    samples: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    """The first rows dropped for each reason: `{"id", "text"}`."""

    def drop(self, reason: str, row_id: str, text: str) -> None:
        """Count one row or record left out."""
        self.dropped[reason] += 1
        self.sample(reason, row_id, text)

    def sample(self, reason: str, row_id: str, text: str) -> None:
        """Keep a row that was left out, to be looked at, while there are few."""
        samples = self.samples.setdefault(reason, [])
        if len(samples) < NUM_SAMPLES:
            clean = text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
            shown = clean if len(clean) <= _MAX_SAMPLE_CHARS else f"{clean[:_MAX_SAMPLE_CHARS]} […]"
            samples.append({"id": row_id, "text": shown})

    def ignore(self, names: Iterable[str], count: int = 1) -> None:
        """Count records that have these keys, of which nothing is in their rows."""
        for name in sorted(names):
            is_counted = name in self.ignored_keys or len(self.ignored_keys) < MAX_NAMES
            self.ignored_keys[name if is_counted else OTHER_NAMES] += count

    def add(self, other: Tally) -> None:
        """Count in what another part of the source counted; `other` comes after this one."""
        for item in fields(self):
            mine, theirs = getattr(self, item.name), getattr(other, item.name)
            if item.name == "ignored_keys":
                for name, count in theirs.items():
                    self.ignore([name], count)
            elif isinstance(mine, Counter):
                mine.update(theirs)
            elif isinstance(mine, int):
                setattr(self, item.name, mine + theirs)
        for reason, samples in other.samples.items():
            have = self.samples.setdefault(reason, [])
            have += samples[: NUM_SAMPLES - len(have)]

    def check(self, name: str) -> None:
        """Raises ValueError unless everything that came in went somewhere: a bug of ours, if ever."""
        came = self.read + self.split_off + self.copies
        went = self.kept.total() + self.joined + self.dropped.total()
        if came != went:
            raise ValueError(f"source {name}: {came} records came in and {went} are accounted for: {self}")

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the audit."""
        return {
            "read": self.read,
            "split_off": self.split_off,
            "copies": self.copies,
            "kept": self.kept.total(),
            "joined": self.joined,
            "dropped": dict(sorted(self.dropped.items())),
            "kept_by_split": dict(sorted(self.kept.items())),
            "repaired": dict(sorted(self.repaired.items())),
            "formats": dict(sorted(self.formats.items())),
            "ignored_keys": dict(sorted(self.ignored_keys.items())),
            "identified": self.identified,
            "samples": dict(sorted(self.samples.items())),
        }

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> Self:
        """The tally that `to_dict` described."""
        return cls(
            read=facts["read"],
            split_off=facts["split_off"],
            copies=facts["copies"],
            kept=Counter(facts["kept_by_split"]),
            joined=facts["joined"],
            dropped=Counter(facts["dropped"]),
            repaired=Counter(facts["repaired"]),
            formats=Counter(facts["formats"]),
            ignored_keys=Counter(facts["ignored_keys"]),
            identified=facts["identified"],
            samples=facts["samples"],
        )
