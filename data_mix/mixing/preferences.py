"""Preferences on their way through a build: which rows a record of them gives, and how filters look at them.

A preference is looked at as conversations, its prompt with each of its replies, and is dropped where one of them is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from data_mix.filters.chain import Verdict
from data_mix.importers import Imported
from data_mix.importers.parts.replies import last_reply, shared_prompt
from data_mix.mixing.refined import Draft, spoken
from data_mix.reading.record import BadRecord
from data_mix.recipe import Preferences

KIND = "#preference"
"""What the id of a preference ends with: the better reply's conversation has it without."""


class LeftOut(NamedTuple):
    """What a record of preferences gives and the recipe does not want."""

    reason: str
    id: str
    text: str


def rows_of(row_id: str, found: Imported, wanted: Preferences) -> Iterator[Draft | LeftOut]:
    """The rows that a preference gives, as the recipe wants it: the better reply as a conversation, then the preference
    itself. A reply that is said to be bad is in no conversation."""
    pair = Draft(
        id=f"{row_id}{KIND}",
        messages=found.messages,
        meta=found.meta,
        tools=found.tools,
        chosen=found.chosen,
        rejected=found.rejected,
    )
    if wanted == "drop":
        yield LeftOut("preference", row_id, pair.text)
        return
    if wanted != "keep" and found.chosen is not None:
        yield Draft(
            id=row_id,
            messages=[*found.messages, *found.chosen],
            meta=found.meta,
            tools=found.tools,
            num_replied=len(found.chosen),
        )
    if wanted != "chosen":
        yield pair
    elif found.rejected is not None:
        yield LeftOut("rejected_reply", row_id, spoken(found.rejected))


def take(draft: Draft, verdicts: Sequence[Verdict]) -> str | None:
    """Gives a preference what the filters have made of its conversations (`Draft.conversations`), and returns the
    reason to drop it, if there is one. Nothing is done to a draft that is dropped."""
    reason = next((verdict.reason for verdict in verdicts if verdict.reason is not None), None)
    if reason is not None:
        return reason
    if draft.chosen is not None and draft.rejected is not None:
        try:
            prompt, draft.chosen, draft.rejected = shared_prompt(verdicts[0].messages, verdicts[1].messages)
        except BadRecord as problem:
            return problem.reason
    else:
        prompt, reply = last_reply(verdicts[0].messages)
        if not prompt or not reply:
            return "no_prompt" if reply else "no_assistant_turn"
        draft.chosen, draft.rejected = (reply, None) if draft.chosen is not None else (None, reply)
    draft.messages, draft.meta = prompt, verdicts[0].meta
    return None
