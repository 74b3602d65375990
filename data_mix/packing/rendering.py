"""The rows of a split as the sequences that a model is to learn, and the count of what is left out or laid apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Literal

from espalier.errors import UserError
from espalier.text.chat import ChatRenderer, Plan, Rendered
from espalier.text.messages import Message
from espalier.text.rows import Row

RowKind = Literal["text", "chat", "all", "preference"]
BadRows = Literal["error", "drop"]

BATCH = 2000
_TALLIED = (
    "rows", "other_kind", "unlearned", "unshown_tools", "bad", "unanswered_end", "turns_apart", "repeated_tokens",
    "folded_system", "dropped_thoughts", "dropped_long", "split_long", "untrained_pieces",
)  # fmt: skip


class Rendering:
    """The wanted rows with their ids and weights, encoded many at a time, and the count of what was left out."""

    def __init__(self, renderer: ChatRenderer, kind: RowKind, bad_rows: BadRows) -> None:
        self._renderer, self._kind, self._bad_rows = renderer, kind, bad_rows
        self.tally = dict.fromkeys(_TALLIED, 0)

    def of(self, rows: Iterable[Row]) -> Iterator[tuple[Row, Rendered, bool]]:
        """Each sequence with its row, and whether it is the row's first."""
        rows = iter(rows)
        while batch := list(islice(rows, BATCH)):
            self.tally["rows"] += len(batch)
            planned = [(row, plan) for row in batch if self._wanted(row) and (plan := self._plan(row)) is not None]
            rendered = self._renderer.encode([plan for _, plan in planned])
            for (row, _), sequences in zip(planned, rendered, strict=True):
                for place, sequence in enumerate(sequences):
                    if place:
                        self.tally["turns_apart"] += 1
                        self.tally["repeated_tokens"] += len(sequence.ids) - sum(sequence.mask)
                    yield row, sequence, place == 0

    def _wanted(self, row: Row) -> bool:
        wanted = self._kind == "all" or row.is_text == (self._kind == "text")
        self.tally["other_kind"] += not wanted
        return wanted

    def _plan(self, row: Row, messages: list[Message] | None = None) -> Plan | None:
        """The plan of a row, or of `messages` of it; None for one that is left out, which is counted."""
        messages = row.messages if messages is None else messages
        try:
            plan = self._renderer.plan(messages, row.tools)
        except UserError as error:
            if row.tools or any(each["role"] == "tool" or "tool_calls" in each for each in messages):
                self.tally["unshown_tools"] += 1
            elif self._bad_rows == "drop":
                self.tally["bad"] += 1
            else:
                raise UserError(
                    f"row {row.id}: {error}. --bad_rows drop leaves such rows out and counts them"
                ) from error
            return None
        if not plan.sequences:
            if all(each["role"] != "assistant" for each in messages):
                raise UserError(f"row {row.id}: no assistant turn, so that nothing in it would be trained")
            self.tally["unlearned"] += 1
            return None
        self.tally["unanswered_end"] += not row.is_text and messages[-1]["role"] != "assistant"
        self.tally["folded_system"] += plan.folded_system
        self.tally["dropped_thoughts"] += plan.dropped_thoughts
        return plan


def left_out(counts: Mapping[str, Any]) -> list[str]:
    """What a person should know of a pack beside its size: a line for each thing that was left out or laid apart."""
    lines = [
        ("long_groups", "comparisons were left out: their replies do not fit one sequence together (seq_len)"),
        ("cut_groups", "groups of rated replies do not fit one sequence, and are compared in parts"),
        ("equal_replies", "comparisons were left out: as the chat template shows them, both replies are the same"),
        (
            "replies_apart",
            "comparisons were left out: a reply of several turns, of which the chat template shows one otherwise than "
            "it asks for it",
        ),
        ("unpaired", "groups hold no two replies that are told apart by what is thought of them"),
        ("split_long", "rows longer than a sequence were split"),
        ("dropped_long", "rows longer than a sequence were left out"),
        ("unlearned", "rows were left out: the weight of all their turns is 0"),
        ("unshown_tools", "rows were left out: they speak of tools, which the chat template cannot show"),
        ("bad", "rows were left out: the chat template refuses or alters them"),
        ("unanswered_end", "rows go on after their last reply: what comes then nobody answers, and it is not read"),
        (
            "folded_system",
            "rows say their system message in the first user turn: the chat template has no system role",
        ),
        (
            "dropped_thoughts",
            "turns are trained without their thoughts (--thinking keep trains what the template shows)",
        ),
    ]
    found = [f"{counts[key]:,} {text}" for key, text in lines if counts.get(key)]
    if counts["turns_apart"]:
        found.append(
            f"{counts['turns_apart']:,} turns have a sequence of their own: the chat template shows earlier turns "
            f"otherwise than it asks for them ({counts['repeated_tokens']:,} tokens are read again)"
        )
    return found
