"""Which language a row is in, by its text."""

from __future__ import annotations

import hashlib

from data_mix.filters.config import FilterConfig
from data_mix.filters.draft import Draft, Drop, Filter, Labelled
from data_mix.language.languages import UNKNOWN, code_of, identify


def language(config: FilterConfig) -> Filter | None:
    """Writes `meta.language`, and `meta.language_score` where it was told from the text. Reason language.

    The text is what is trained: a reply's language is what a model learns from a row. The whole row is looked at where
    that does not tell.
    """
    wanted = config.languages
    if wanted is None:
        return None
    keep = frozenset(wanted.keep)

    def look(draft: Draft) -> Drop | Labelled | None:
        label = draft.meta.get("language")
        code = code_of(label) if isinstance(label, str) else None
        if code is not None and wanted.where == "unknown":
            if keep and code not in keep:
                return Drop("language")
            return None if code == label else Labelled(draft.meta | {"language": code})
        if wanted.share < 1 and not _is_chosen(draft.replies, wanted.share):
            return None
        found, score = identify(draft.replies, max_chars=wanted.max_chars)
        if score < wanted.min_score and draft.asked:  # an answer may be a number, or code
            found, score = identify(draft.text, max_chars=wanted.max_chars)
        if score < wanted.min_score:
            found = UNKNOWN
        if found == UNKNOWN:
            if code is not None:  # what the corpus says is better than nothing
                found, score = code, 0.0
            elif wanted.undetermined == "drop":
                return Drop("language")
        if keep and found != UNKNOWN and found not in keep:
            return Drop("language")
        return Labelled(draft.meta | {"language": found, "language_score": score})

    return Filter(look)


def _is_chosen(text: str, share: float) -> bool:
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * 2**64
