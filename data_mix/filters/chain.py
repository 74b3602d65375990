"""The filters in their order, and what they make of a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

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
    words: list[str]
    """The words of the messages (`data_mix.language.words`) where the row is kept."""


class Chain:
    """All filters of a configuration. Raises UserError for a lexicon that cannot be read."""

    def __init__(self, config: FilterConfig) -> None:
        made = [make(config) for make in FILTERS]
        self._filters = [filter for filter in made if filter is not None]

    def __call__(self, messages: Messages, meta: dict[str, Any]) -> Verdict:
        """`messages` are those of a whole row (`espalier.text.rows.check_messages`). Neither argument is changed."""
        return self.many([(messages, meta)])[0]

    def many(self, rows: Iterable[tuple[Messages, dict[str, Any]]]) -> list[Verdict]:
        """The verdict on each row. One filter looks at all rows before the next one does: what it looks things up in
        stays in the processor's cache, which halves the time of the language filter."""
        drafts = [Draft(messages, meta) for messages, meta in rows]
        reasons: list[str | None] = [None] * len(drafts)
        repairs: list[tuple[str, ...]] = [()] * len(drafts)
        alive = list(range(len(drafts)))
        for look in self._filters:
            dropped = False
            for at in alive:
                found = look(drafts[at])
                if found is None:
                    continue
                if isinstance(found, Drop):
                    reasons[at], dropped = found.reason, True
                elif isinstance(found, Repaired):
                    repairs[at] += tuple(name for name in found.names if name not in repairs[at])
                    drafts[at] = Draft(found.messages, drafts[at].meta)
                else:
                    drafts[at].meta = found.meta
            if dropped:
                alive = [at for at in alive if reasons[at] is None]
        return [
            Verdict(draft.messages, draft.meta, reason, made, draft.words if reason is None else [])
            for draft, reason, made in zip(drafts, reasons, repairs, strict=True)
        ]
