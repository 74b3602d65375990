"""Replies to look at: drawn by lot, never picked by result, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence

from espalier.report import Markup, escape, table
from evaluation.cases.case import Truth
from evaluation.cases.case_spec import CHOICE_REQUEST
from evaluation.comparison.figures import Contestant, Results
from evaluation.comparison.tables import GROUPS, first_reply
from evaluation.metrics.base import Column
from evaluation.metrics.choice import choice_correct
from evaluation.metrics.soundness import THRESHOLD, before_choice, choice, sound_reasoning
from evaluation.metrics.soundness import wrong_but_sound as is_wrong_but_sound
from evaluation.report.material import Material
from evaluation.scoring.records import Record

_SHOWN = 140
"""Characters of a reply; the records have it whole."""
_NUM_PLAIN = 8
_NUM_FAILURES = 6
_NUM_CHOICES = 6
"""Items of each model; the records have them all."""
FORM = {"must": "gives the form", "must_not": "keeps it back", "may": "is free to"}
"""What a move does with the corrected form."""


def before_and_after(results: Results, models: Sequence[str], seed: int) -> str:
    """A table of learners' turns with the reply of each model, one case per move; some cases where no move is known."""
    replies = {
        model: {r.key: r for r in filter(first_reply, results.records(model)) if r.finish != "error"}
        for model in models
    }
    groups: dict[str, list[Record]] = {}
    for record in replies[models[0]].values():
        if record.messages and all(record.key in found for found in replies.values()):
            groups.setdefault("".join(GROUPS["strategy"](record)), []).append(record)
    drawn = []
    for group, found in sorted(groups.items()):
        count = 1 if group else _NUM_PLAIN
        drawn += random.Random(f"{seed} {group}").sample(found, min(count, len(found)))
    if not drawn:
        return ""
    return side_by_side(drawn, {model: [replies[model][record.key] for record in drawn] for model in models})


def failures(results: Results, contestant: Contestant, metric: Column, seed: int) -> tuple[str, int]:
    """A table of replies that miss what a column of 0 and 1 asks for, and how many there are."""
    ideal = 0.0 if metric.better == "lower" else 1.0
    missed = [record for record in _measured(results, contestant, metric) if record.metrics[metric.name] != ideal]
    drawn = random.Random(f"{seed} failures").sample(missed, min(_NUM_FAILURES, len(missed)))
    return side_by_side(drawn, {contestant.name: drawn}, metric), len(missed)


def weakest(results: Results, contestant: Contestant, metric: Column) -> str:
    """A table of the replies that score worst on a column of degrees; ties in the order of the cases' names."""
    sign = -1 if metric.better == "lower" else 1
    found = _measured(results, contestant, metric)
    ranked = sorted(found, key=lambda record: (sign * record.metrics[metric.name], record.key))[:_NUM_FAILURES]
    return side_by_side(ranked, {contestant.name: ranked}, metric)


def _measured(results: Results, contestant: Contestant, metric: Column) -> list[Record]:
    return [
        record
        for model in contestant.members
        for record in filter(first_reply, results.records(model))
        if record.messages and metric.name in record.metrics
    ]


def side_by_side(asked: Sequence[Record], replies: Mapping[str, Sequence[Record]], metric: Column | None = None) -> str:
    """What was asked, what is known of it if anything is, and a column of replies per model.

    With a `metric` also why the records that were asked have the value by it that they have, if that is known.
    """
    columns: dict[str, list[str | Markup | None]] = {
        "the learner says": [clipped(record.messages[-1]["content"]) for record in asked]
    }
    if any(record.truth and record.truth.strategy for record in asked):
        columns["the move asked for"] = [_move(record.truth) if record.truth else None for record in asked]
    if any(record.truth and record.truth.corrected for record in asked):
        columns["put right"] = [record.truth.corrected or None if record.truth else None for record in asked]
    columns |= {name: [_reply(record) for record in found] for name, found in replies.items()}
    if metric and any(record.why(metric.name) for record in asked):
        columns["why"] = [clipped(record.why(metric.name), _SHOWN) for record in asked]
    return table(list(columns), list(zip(*columns.values(), strict=True)))


def clipped(text: str, length: int = 2 * _SHOWN) -> Markup:
    """The beginning of a text, for a cell."""
    return Markup(escape(text[:length].rstrip()) + (" […]" if len(text) > length else ""))


def says_nothing(record: Record) -> str:
    """What stands in the place of a reply of which nothing is seen."""
    return f"says nothing: {record.silence}" if record.silence else "says nothing"


def _move(truth: Truth) -> Markup | None:
    return Markup(f"{escape(truth.strategy)}: *{FORM[truth.rule]}*") if truth.strategy else None


def _reply(record: Record) -> Markup:
    if record.finish == "error":
        return Markup("*(no reply)*")
    text = record.reply.strip()
    shown = clipped(text, _SHOWN) if text else f"*({escape(says_nothing(record))})*"
    cut = " *(never ends)*" if record.finish == "length" and text else ""
    good = record.metrics.get("good_reply")
    mark = "" if good is None else "✓ " if good else "✗ "
    return Markup(mark + shown + cut)


def wrong_but_sound(material: Material) -> str:
    """How many wrong choices follow sound reasoning, and the first of them; empty where nothing was chosen."""
    chosen = choices(material)
    counts = [[name, *chosen[name].values()] for name in _by_run(chosen)]
    rows = []
    for each in material.models:
        sound = [record for record in _answered(material, each) if is_wrong_but_sound(record.metrics)]
        ranked = sorted(sound, key=lambda record: (-record.metrics[sound_reasoning.name], record.key))
        rows += [_row(each, record) for record in ranked[:_NUM_CHOICES]]
    if not counts:
        return ""
    return (
        "## Wrong, but soundly reasoned\n\n"
        "Where a benchmark counts a choice as wrong although the reasoning before it is about the question, hangs "
        "together, repeats nothing and adds something, the item deserves a second look: it may punish a reasonable "
        f"reading. That is told by a heuristic over words, sound from {THRESHOLD:g} on, which cannot tell a true step "
        "from a false one.\n\n"
        + table(["model", "items", "wrong", "wrong, but soundly reasoned"], counts)
        + (
            "\n" + table(["model", "item", "question", "reasoning", "chosen", "answer", "soundness"], rows)
            if rows
            else ""
        )
    )


def choices(material: Material) -> dict[str, dict[str, int]]:
    """Of each model that chose among answers how many items it answered (`items`), how many of those it got wrong, and
    how many of the wrong ones follow sound reasoning (`wrong_but_sound`)."""
    found = {}
    for each in material.models:
        answered = [record.metrics for record in _answered(material, each)]
        wrong = [metrics for metrics in answered if not metrics[choice_correct.name]]
        if answered:
            sound = sum(map(is_wrong_but_sound, wrong))
            found[each.name] = {"items": len(answered), "wrong": len(wrong), "wrong_but_sound": sound}
    return found


def _by_run(names: Iterable[str]) -> list[str]:
    """The same names, with the checkpoints of one run together and in their order, before what it became."""
    runs = list(dict.fromkeys(name.partition("@")[0] for name in names))
    return sorted(names, key=lambda name: (runs.index(name.partition("@")[0]), name.partition("@")[2] or "~"))


def _answered(material: Material, contestant: Contestant) -> list[Record]:
    return [
        record
        for model in contestant.members
        for record in material.results.records(model)
        if {sound_reasoning.name, choice_correct.name} <= record.metrics.keys()
    ]


def _row(contestant: Contestant, record: Record) -> list[object]:
    return [
        contestant.name,
        record.case,
        clipped(record.messages[-1]["content"].replace(CHOICE_REQUEST, "").strip()),
        clipped(before_choice(record.reply)),
        choice(record.reply) or None,
        record.answer,
        record.metrics[sound_reasoning.name],
    ]
