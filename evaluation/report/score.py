"""The pedagogy score: what it is made of, how it goes with teachers, and what the controls do to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from espalier.report import Markup, escape, table
from evaluation.comparison.formats import interval
from evaluation.report.material import Material
from evaluation.scoring.pedagogy import PEDAGOGY, VERSION, WEIGHTS

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
        parts = [_teachers(judge, found.get("pedagogy", {})), _controls(judge, found.get("controls", {}))]
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
    return f"By {escape(judge)} it goes with the teachers' own verdicts, weighted alike, at r = {'; '.join(rows)}.\n"


def _controls(judge: str, found: Mapping[str, Any]) -> str:
    rows = [
        [
            each["label"],
            interval(each["all"]["change"], 3, sign="+"),
            "falls" if each["replaces"] else "does not rise",
            "yes" if each["all"]["resisted"] else Markup("**no**"),
        ]
        for each in found.values()
        if "all" in each
    ]
    if not rows:
        return ""
    return f"What {escape(judge)}'s score makes of labelled replies that were spoilt on purpose, 0 to 1:\n\n" + table(
        ["the reply is", "change of the score", "it should", "it does"], rows
    )


def _ablation(judge: str, found: Mapping[str, Any]) -> str:
    if not found:
        return ""
    return (
        f"Style or teaching? Of {found['pairs']:,} pairs of an expert's and a novice's reply, {escape(judge)}'s score "
        f"puts the expert's first in a share of {interval(found['with_novice'])}, and of "
        f"{interval(found['without_novice'])} when its judge never saw that novice: the difference was style.\n"
    )
