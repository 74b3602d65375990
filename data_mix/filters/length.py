"""Rows too short to teach anything, or too long."""

from __future__ import annotations

from data_mix.filters.config import FilterConfig
from data_mix.filters.draft import Draft, Drop, Filter, said
from data_mix.filters.scan import Mask, Scan


def length(config: FilterConfig) -> Filter | None:
    """Reasons too_short, reply_too_short, too_long; lengths in characters, roles not counted."""
    least, least_reply, most = config.min_chars, config.min_reply_chars, config.max_chars
    if not (least or least_reply or most):
        return None

    def look(draft: Draft) -> Drop | None:
        size = sum(map(len, said(draft.messages)))
        if size < least:
            return Drop("too_short")
        if most is not None and size > most:
            return Drop("too_long")
        if least_reply and sum(map(len, draft.trained)) < least_reply:
            return Drop("reply_too_short")
        return None

    def where(scan: Scan) -> Mask:
        sizes, of_replies = scan.lengths()
        right = (sizes >= least) & (of_replies >= least_reply)
        return ~(right if most is None else right & (sizes <= most))

    return Filter(look, where)
