"""Multiple choice: items that a model got wrong, but reasoned about soundly, so that a person looks at the item."""

from __future__ import annotations

from espalier.report import table
from evaluation.cases.case_spec import CHOICE_REQUEST
from evaluation.comparison.figures import Contestant
from evaluation.metrics.choice import choice_correct
from evaluation.report.examples import clipped
from evaluation.report.material import Material
from evaluation.scoring.reasoning import THRESHOLD, before_choice, choice, sound_reasoning
from evaluation.scoring.reasoning import wrong_but_sound as is_wrong_but_sound
from evaluation.scoring.records import Record

_SHOWN = 6
"""Items of each model; the records have them all."""


def wrong_but_sound(material: Material) -> str:
    """How many wrong choices follow sound reasoning, and the first of them; empty where nothing was chosen."""
    counts, rows = [], []
    for each in material.models:
        answered = _answered(material, each)
        wrong = [record for record in answered if not record.metrics[choice_correct.name]]
        sound = [record for record in wrong if is_wrong_but_sound(record.metrics)]
        if answered:
            counts.append([each.name, len(answered), len(wrong), len(sound)])
        ranked = sorted(sound, key=lambda record: (-record.metrics[sound_reasoning.name], record.key))
        rows += [_row(each, record) for record in ranked[:_SHOWN]]
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
