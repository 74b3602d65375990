"""Which drafts stay, of those that were read: what filters say of them, how long they are, how many are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from data_mix.filters.chain import Chain
from data_mix.mixing.preferences import KIND, take
from data_mix.mixing.refined import Draft
from data_mix.mixing.tally import Tally


def up_to(limit: int | None, drafts: list[Draft], *, rows: int, preferences: int) -> int:
    """How many of the drafts are taken until there are `limit` rows, or as many preferences, where some are there
    already. The preference that the last conversation comes of goes with it."""
    if limit is None:
        return len(drafts)
    for at, draft in enumerate(drafts):
        rows += not draft.is_preference
        preferences += draft.is_preference
        if limit in (rows, preferences):
            follows = at + 1 < len(drafts) and drafts[at + 1].id == f"{draft.id}{KIND}" and preferences < limit
            return at + 1 + follows
    return len(drafts)


def filtered(drafts: list[Draft], chain: Chain, tally: Tally) -> Iterator[Draft]:
    """The drafts that all filters let pass, mended; a preference passes where its conversations do."""
    looked_at = [draft.conversations for draft in drafts]
    verdicts = iter(
        chain.many([(messages, draft.meta) for draft, of in zip(drafts, looked_at, strict=True) for messages in of])
    )
    for draft, of in zip(drafts, looked_at, strict=True):
        mine = list(islice(verdicts, len(of)))
        identified = "language_score" in mine[0].meta and mine[0].meta is not draft.meta
        if draft.is_preference:
            reason = take(draft, mine)
        elif (reason := mine[0].reason) is None:
            draft.messages, draft.meta, draft.hashes = mine[0].messages, mine[0].meta, mine[0].hashes
        if reason is not None:
            tally.drop(reason, draft.id, draft.text)
            continue
        tally.repaired.update({name for verdict in mine for name in verdict.repairs})
        tally.identified += identified
        yield draft


def by_length(
    drafts: list[Draft], sizes: list[list[int]], least: int, most: int | None, tally: Tally
) -> Iterator[Draft]:
    """The drafts whose conversations, of which `sizes` are the tokens, are neither too short nor too long."""
    for draft, counts in zip(drafts, sizes, strict=True):
        if min(counts) < least:
            tally.drop("too_few_tokens", draft.id, draft.text)
        elif most is not None and max(counts) > most:
            tally.drop("too_many_tokens", draft.id, draft.text)
        else:
            yield draft
