"""Replies to look at: drawn by lot, never picked by result, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from espalier.report import Markup, escape, table
from evaluation.cases import Truth
from evaluation.figures import GROUPS, Contestant, Results, first_reply
from evaluation.metrics.base import Metric
from evaluation.play import Record

_SHOWN = 140
"""Characters of a reply; the records have it whole."""
_NUM_PLAIN = 8
_NUM_FAILURES = 6
FORM = {"must": "gives the form", "must_not": "keeps it back", "may": "is free to"}
"""What a move does with the corrected form."""


def before_and_after(results: Results, models: Sequence[str], seed: int) -> str:
    """A table of learners' turns with the reply of each model, one case per move; some cases where no move is known."""
    replies = {model: {r.case: r for r in filter(first_reply, results.records(model))} for model in models}
    groups: dict[str, list[Record]] = {}
    for record in replies[models[0]].values():
        groups.setdefault(GROUPS["strategy"](record), []).append(record)
    drawn = []
    for group, found in sorted(groups.items()):
        count = 1 if group else _NUM_PLAIN
        drawn += random.Random(f"{seed} {group}").sample(found, min(count, len(found)))
    return _side_by_side(drawn, {model: [replies[model][record.case] for record in drawn] for model in models})


def failures(results: Results, contestant: Contestant, metric: Metric, seed: int) -> tuple[str, int]:
    """A table of replies that miss what the metric asks for, and how many there are."""
    ideal = metric.low if metric.better == "lower" else metric.high
    missed = [
        record
        for model in contestant.members
        for record in filter(first_reply, results.records(model))
        if record.metrics.get(metric.name, ideal) != ideal
    ]
    drawn = random.Random(f"{seed} failures").sample(missed, min(_NUM_FAILURES, len(missed)))
    return _side_by_side(drawn, {contestant.name: drawn}), len(missed)


def _side_by_side(asked: Sequence[Record], replies: Mapping[str, Sequence[Record]]) -> str:
    """What was asked, what is known of it if anything is, and a column of replies per model."""
    columns: dict[str, list[str | Markup | None]] = {
        "the learner says": [record.messages[-1]["content"] for record in asked]
    }
    if any(record.truth for record in asked):
        columns["the move asked for"] = [_move(record.truth) if record.truth else None for record in asked]
        columns["put right"] = [record.truth.corrected or None if record.truth else None for record in asked]
    columns |= {name: [_reply(record) for record in found] for name, found in replies.items()}
    return table(list(columns), list(zip(*columns.values(), strict=True)))


def _move(truth: Truth) -> Markup:
    return Markup(f"{escape(truth.strategy)}: *{FORM[truth.rule]}*")


def _reply(record: Record) -> Markup:
    text = record.reply.strip()
    shown = escape(text[:_SHOWN].rstrip()) + (" […]" if len(text) > _SHOWN else "") if text else "*(says nothing)*"
    cut = " *(never ends)*" if record.finish == "length" else ""
    good = record.metrics.get("good_reply")
    mark = "" if good is None else "✓ " if good else "✗ "
    return Markup(mark + shown + cut)
