"""How far to trust each column: what teachers say of the same replies, who judged, and what no judge gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from espalier.report import Markup, escape, percent, table
from espalier.text.ratings import WEIGHTS
from evaluation.comparison.formats import interval, number
from evaluation.judges.base import JUDGED
from evaluation.judges.calibration import METRICS_ALONE
from evaluation.judges.panel import agreement
from evaluation.metrics.base import Column
from evaluation.report.material import Material
from evaluation.scoring.fluency import COLUMN as FLUENCY
from evaluation.scoring.pedagogy import PEDAGOGY, VERSION

TRAIN = "python evaluation/judges/train.py --labels FILE"
"""The command that makes judged columns appear."""
_CALIBRATE = "python evaluation/calibrate.py --labels FILE"


def trust(material: Material) -> str:
    """Calibration of judged columns and of metrics, the pedagogy score, panels, and what is missing."""
    parts = [_judged(material), _metrics(material), _panel(material), pedagogy(material)]
    parts += [f"*{escape(line[:1].upper() + line[1:])}.*\n" for line in read_by(material)] + [_missing(material)]
    body = "\n".join(part for part in parts if part)
    return f"## How far to trust each column\n\n{body}" if body else ""


def _judged(material: Material) -> str:
    asked = [column for column in material.metrics if column.name in JUDGED and column.name not in material.missing]
    if not asked:
        return ""
    rows = []
    for judge in material.judges:
        dimensions = material.calibrations.get(judge, {}).get("dimensions", {})
        rows += [_dimension(judge, column, dimensions[column.name]) for column in asked if column.name in dimensions]
    uncalibrated = [judge for judge in material.judges if judge not in material.calibrations]
    notes = [
        f"How far {escape(judge)} agrees with teachers is not known: `{_CALIBRATE}` finds out."
        for judge in uncalibrated
    ]
    notes += [
        f"*{escape(name)}* is not reliable for new models: {escape(why)}" for name, why in _doubts(material, asked)
    ]
    head = (
        "Judged columns, beside teachers' verdicts on the same replies (macro-F1 over verdicts, with 95 % intervals). "
        "*New tutor* is what a score means for a model that the judge was not taught on. Beside it stand controls: one "
        "reads nothing and knows only who wrote the reply, one knows only its surface, one always gives the commonest "
        "verdict.\n\n"
    )
    headers = ["judge", "column", "n", "new problem", "new tutor", "κ, new tutor"]
    controls = ["tutor's name alone", "surface alone", "majority"]
    found = head + table([*headers, *controls, "for new models"], rows) if rows else ""
    return found + "".join(f"\n{note}\n" for note in notes)


def _dimension(judge: str, column: Column, facts: dict[str, Any]) -> list[object]:
    folds = ("by_problem", "new_tutor", "tutor_name_only", "surface", "majority")
    f1 = {fold: interval(facts.get(fold, {}).get("macro_f1")) for fold in folds}
    return [
        judge,
        column.label,
        facts["n"],
        f1["by_problem"],
        f1["new_tutor"],
        interval(facts.get("new_tutor", {}).get("kappa")),
        f1["tutor_name_only"],
        f1["surface"],
        f1["majority"],
        "reliable" if facts["reliable_for_new_models"] else Markup("**not reliable**"),
    ]


def _doubts(material: Material, asked: list[Column]) -> list[tuple[str, str]]:
    doubted = material.unreliable
    return [(column.label, doubted[column.name]) for column in asked if column.name in doubted]


def _metrics(material: Material) -> str:
    """Of each rule metric, the judged dimension that it goes with most."""
    known = material.calibrations.get(METRICS_ALONE, {}).get("metrics", {})
    rows = []
    for column in material.metrics:
        found = {
            dimension: facts["pearson"]
            for dimension, facts in known.get(column.name, {}).items()
            if facts.get("pearson") and facts["pearson"]["value"] is not None
        }
        if found:
            closest = max(sorted(found), key=lambda dimension: abs(found[dimension]["value"]))
            label = JUDGED[closest].label if closest in JUDGED else closest
            rows.append([column.label, label, interval(found[closest], sign="+"), known[column.name][closest]["n"]])
    if not rows:
        return ""
    return (
        "Measures by rule, and the teachers' verdict that each goes with most (Pearson's r over single replies; near 0 "
        "says that the measure means little of that kind by itself).\n\n"
        + table(["measure", "teachers' verdict", "r", "n"], rows)
    )


def _panel(material: Material) -> str:
    """How often a panel's judges said the same, where one judged."""
    rows = []
    for column in (column for column in material.metrics if column.name in JUDGED):
        votes = [
            record.notes[column.name]["votes"]
            for each in material.models
            for model in each.members
            for record in material.results.records(model)
            if record.notes.get(column.name, {}).get("votes")
        ]
        if votes:
            found = agreement(votes, JUDGED[column.name])
            pairs = [f"{one} and {other} {_same(share)}" for (one, other), share in found.pairs.items()]
            silent = [f"{judge} {count:,}" for judge, count in found.abstentions.items() if count]
            alpha = None if found.alpha is None else number(found.alpha, 2)
            rows.append([column.label, found.num_items, alpha, "; ".join(pairs), "; ".join(silent) or None])
    if not rows:
        return ""
    return (
        f"A panel judged: {escape(', '.join(material.judges))}. *α* is Krippendorff's for verdicts in order: 1 is "
        "agreement, 0 chance. *Say the same* is the share of replies on which both voted.\n\n"
        + table(["column", "replies", "α", "say the same", "abstentions"], rows)
    )


def _same(share: float | None) -> str:
    return "never both voted" if share is None else percent(share)


def _missing(material: Material) -> str:
    if not material.missing:
        return ""
    names = ", ".join(f"`{name}`" for name in material.missing)
    who = "the judges at work do not give them" if material.judges else "no judge is trained"
    return (
        f"Missing here, because {who}: {names}, and with them the pedagogy score where they are part of it. "
        f"`{TRAIN}` trains a judge on this machine in under two minutes; the README says where labels are.\n"
    )


def read_by(material: Material) -> list[str]:
    """Who told whether replies are language, where a language model was asked to."""
    notes = (record.notes.get(FLUENCY, {}).get("by") for record in material.results.all_records)
    label = next((column.label for column in material.metrics if column.name == FLUENCY), FLUENCY)
    return [f"{label}: {by}" for by in dict.fromkeys(notes) if by]


_ASKED = {"by_problem": "an unseen problem", "new_tutor": "an unseen problem and an unseen tutor"}


def pedagogy(material: Material) -> str:
    """Empty where the suite has no such column."""
    if not any(column.name == PEDAGOGY.name for column in material.metrics):
        return ""
    weights = ", ".join(f"`{name}` {weight:g}" for name, weight in WEIGHTS.items())
    text = (
        f"The *{escape(PEDAGOGY.label)}* is a composite, version {VERSION}, of judged columns with these weights: "
        f"{weights}. {escape(PEDAGOGY.description)} A reply of which one part is not known has no score.\n"
    )
    for judge in material.judges:
        found = material.calibrations.get(judge, {})
        parts = [_teachers(judge, found.get("pedagogy", {})), _attacks(judge, found.get("attacks", {}))]
        parts.append(_ablation(judge, found.get("ablation", {})))
        text += "".join(f"\n{part}" for part in parts if part)
    return text


def _teachers(judge: str, found: Mapping[str, Any]) -> str:
    rows = [
        f"{interval(found[key]['pearson'], sign='+')} on {asked} ({found[key]['n']:,} replies)"
        for key, asked in _ASKED.items()
        if found.get(key, {}).get("n")
    ]
    if not rows:
        return ""
    text = f"By {escape(judge)} it goes with the teachers' own verdicts, weighted alike, at r = {'; '.join(rows)}.\n"
    for key, asked in _ASKED.items():
        if preferred := found.get(key, {}).get("preferences", {}).get("all"):
            text += f"Of two replies to one dialogue it puts the teachers' choice first, on {asked}: "
            text += f"{_beside(preferred)}.\n"
    if biases := found.get("new_tutor", {}).get("bias"):
        kinds = "; ".join(f"{kind} {interval(each['bias'], sign='+')}" for kind, each in biases.items())
        text += f"Score less teachers' verdicts by kind of tutor, each unseen: {kinds}.\n"
    return text


def _beside(preferred: Mapping[str, Any]) -> str:
    """A share of pairs, with what would reach it without reading them."""
    return (
        f"{interval(preferred['score'])} (a question mark alone {interval(preferred['question_mark'])}, length alone "
        f"{interval(preferred['length'])}; ahead of the mark {interval(preferred['ahead'], sign='+')})"
    )


def _attacks(judge: str, found: Mapping[str, Any]) -> str:
    """How many families of made replies the calibration beat, and which come nearest to good ones."""
    if not found:
        return f"What {escape(judge)} gives replies made to win is not known: `{_CALIBRATE}` finds out.\n"
    text = ""
    for arena, facts in found.items():
        families = facts["families"]
        won = [each["label"] for each in families.values() if not each["beaten"]]
        near = max(
            (each for each in families.values() if not each["adds"]),
            key=lambda each: each["share"]["value"],
            default=None,
        )
        beaten = f"{len(families) - len(won)} of {len(families)}"
        text += (
            f"In {escape(judge)}'s calibration, replies made to win were held against good ones in "
            f"{facts['dialogues']:,} dialogues ({escape(arena)}): {beaten} families were beaten"
            + (
                f". Nearest came {escape(near['label'])}, with {interval(near['share'])} of the good replies' score"
                if near
                else ""
            )
            + (f"; not beaten: {escape(', '.join(won))}" if won else "")
            + ".\n"
        )
    return text


def _ablation(judge: str, found: Mapping[str, Any]) -> str:
    if not found:
        return ""
    return (
        f"Style or teaching? Of {found['pairs']:,} pairs of an expert's and a novice's reply, {escape(judge)}'s score "
        f"puts the expert's first in a share of {interval(found['with_novice'])}, and of "
        f"{interval(found['without_novice'])} when its judge never saw that novice: the difference was style.\n"
        + "".join(
            f"That novice unseen, {pairs}: {_beside(beside[name])}.\n"
            for name, pairs in (("all", "all pairs"), ("both_ask", "both ask"), ("neither_asks", "neither asks"))
            if name in (beside := found.get("beside", {}).get("without_novice", {}))
        )
    )
