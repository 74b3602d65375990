"""Proof of life: what was trained shows. With the adapter off answers differ, and the export gives the adapter's."""

from __future__ import annotations

from exports.checks.opened import opened
from exports.checks.trained import trained
from exports.config import ExportOptions
from exports.exported import Exported, Finding


def check(exported: Exported, options: ExportOptions) -> Finding:
    """Where what was trained and what it was trained from answer differently, with whom the export goes."""
    ours, theirs = trained(exported), opened(exported)
    before = ours.replies_before
    if before is None:
        return Finding.not_checked("life", "nothing is known here of what all its weights were trained from")
    telling = [place for place in range(len(ours.ids)) if ours.replies[place].ids != before[place].ids]
    as_trained = sum(theirs.replies[place].ids == ours.replies[place].ids for place in telling)
    as_before = sum(theirs.replies[place].ids == before[place].ids for place in telling)
    what = (
        "with the adapter off"
        if ours.is_adapter
        else f"before its training ({ours.parent.spec if ours.parent else ''})"
    )
    said = f"{what} {len(telling)} of {len(ours.ids)} answers differ; of them {as_trained} are the trained ones"
    if not telling:
        said = f"{what} all {len(ours.ids)} answers are the same: nothing that was trained shows in them"
    elif as_before >= max(as_trained, 1):
        said += f", {as_before} those of the base: it is not what was trained that answers"
    return Finding(
        check="life",
        passed=bool(telling) and as_trained > as_before,
        asked=len(ours.ids),
        differing=len(telling) - as_trained,
        figures={"telling": len(telling), "as_trained": as_trained, "as_before": as_before},
        said=said,
    )
