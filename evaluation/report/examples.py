"""Replies to look at: drawn by lot, never picked by result, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

from espalier.report import Markup, escape, table
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
    rows = [[*_asked(record), *(_reply(replies[model][record.case]) for model in models)] for record in drawn]
    known = any(record.truth for record in drawn)
    headers = ["the learner says", "the move asked for", "put right"] if known else ["the learner says"]
    return table([*headers, *models], [row if known else [row[0], *row[3:]] for row in rows])


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
    rows = [[*_asked(record), _reply(record)] for record in drawn]
    return table(["the learner says", "the move asked for", "put right", contestant.name], rows), len(missed)


def _asked(record: Record) -> list[str | Markup | None]:
    said = record.messages[-1]["content"]
    if record.truth is None:
        return [said, None, None]
    move = Markup(f"{escape(record.truth.strategy)}: *{FORM[record.truth.rule]}*")
    return [said, move, record.truth.corrected or None]


def _reply(record: Record) -> Markup:
    text = record.reply.strip()
    shown = escape(text[:_SHOWN].rstrip()) + (" […]" if len(text) > _SHOWN else "") if text else "*(says nothing)*"
    cut = " *(never ends)*" if record.finish == "length" else ""
    good = record.metrics.get("good_reply")
    mark = "" if good is None else "✓ " if good else "✗ "
    return Markup(mark + shown + cut)
