"""The filters in their order, and what they make of a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data_mix.filters.artefacts import artefacts
from data_mix.filters.characters import control, mojibake
from data_mix.filters.config import FilterConfig
from data_mix.filters.draft import Draft, Drop, Filter, Messages, Repaired
from data_mix.filters.language import language
from data_mix.filters.length import length
from data_mix.filters.personal_data import personal_data
from data_mix.filters.phrases import boilerplate, refusals
from data_mix.filters.repetition import repetition
from data_mix.filters.roles import roles
from data_mix.filters.scan import FEWEST, MOST, Scan
from data_mix.filters.unsafe import labels, lexicon, redacted

FILTERS: tuple[Callable[[FilterConfig], Filter | None], ...] = (
    redacted,  # what the corpus itself says costs nothing to look up
    labels,
    mojibake,  # before control, whose characters are half of a wrongly decoded one
    control,
    roles,  # after what may empty a turn
    length,  # from here on the text is as it will be trained, but for what is masked
    boilerplate,
    refusals,
    artefacts,
    repetition,
    lexicon,
    personal_data,
    language,  # the slowest comes last
)
"""Each makes a filter from the configuration, or None where it is off. They run in this order, and the first reason to
drop a row is the one that is counted. To add one: a function, its key in `FilterConfig`, and a line here."""


_NONE: set[str] = set()


class Verdict(NamedTuple):
    """What became of a row."""

    messages: Messages
    """The messages, repaired; the very list that was given where nothing was repaired."""
    meta: dict[str, Any]
    """The row's `meta`; the very mapping that was given where nothing was added."""
    reason: str | None
    """Why the row is dropped, or None: it is kept."""
    repairs: tuple[str, ...]
    """Repairs made before that, each named once."""
    hashes: NDArray[np.uint64] | None
    """The hashes of its words (`data_mix.language.hashed_words`) where a scan has told them: not of a row by
    itself, nor of one that was mended."""


class Chain:
    """All filters of a configuration. Raises UserError for a lexicon that cannot be read."""

    def __init__(self, config: FilterConfig) -> None:
        made = [make(config) for make in FILTERS]
        self._filters = [filter for filter in made if filter is not None]

    def __call__(self, messages: Messages, meta: dict[str, Any]) -> Verdict:
        """`messages` are those of a whole row (`espalier.text.rows.check_messages`). Neither argument is changed."""
        return self.many([(messages, meta)])[0]

    def many(self, rows: Sequence[tuple[Messages, dict[str, Any]]]) -> list[Verdict]:
        """The verdict on each row. Where there are many, each filter looks at those rows alone that a scan of all
        picks out for it, and at those that were mended since."""
        return [verdict for start in range(0, len(rows), MOST) for verdict in self._some(rows[start : start + MOST])]

    def _some(self, rows: Sequence[tuple[Messages, dict[str, Any]]]) -> list[Verdict]:
        scan = Scan([messages for messages, _ in rows]) if len(rows) >= FEWEST else None
        watched = scan.watched if scan else {}
        drafts = [
            Draft(messages, meta, watched.get(at, _NONE) if scan else None) for at, (messages, meta) in enumerate(rows)
        ]
        reasons: list[str | None] = [None] * len(drafts)
        repairs: list[tuple[str, ...]] = [()] * len(drafts)
        alive, mended = np.ones(len(drafts), dtype=bool), np.zeros(len(drafts), dtype=bool)
        for look, where in self._filters:
            wanted = alive if scan is None or where is None else alive & (where(scan) | scan.odd | mended)
            for at in np.flatnonzero(wanted).tolist():
                found = look(drafts[at])
                if found is None:
                    continue
                if isinstance(found, Drop):
                    reasons[at], alive[at] = found.reason, False
                elif isinstance(found, Repaired):
                    repairs[at] += tuple(name for name in found.names if name not in repairs[at])
                    drafts[at], mended[at] = Draft(found.messages, drafts[at].meta), True
                else:
                    drafts[at].meta = found.meta
        hashes = [None] * len(drafts) if scan is None else scan.hashes()
        return [
            Verdict(draft.messages, draft.meta, reason, made, None if made else of_words)
            for draft, reason, made, of_words in zip(drafts, reasons, repairs, hashes, strict=True)
        ]
