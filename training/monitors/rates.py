"""How often something is in what a model says, look by look, and whether that is more than it used to be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from espalier.signals.records import Severity, Signal
from training.monitors.base import Look
from training.monitors.chance import more_often, spent

_LOOKS = 20
"""So many looks back is what a run is held to: a young model's ways are not held for its own for ever."""
_KEPT = 5


def followed(
    look: Look,
    monitor: str,
    what: str,
    found: Sequence[dict[str, Any]],
    of: int,
    more: Iterable[Signal] = (),
    *,
    prefix: str = "",
    alarm: Severity = Severity.WARN,
    part: float = 1.0,
) -> list[Signal]:
    """Signals `rate`, `found` and `of`: a note where anything was found, and an `alarm` where it is more than chance
    makes of the looks before, and more than at any of them.

    Nothing where there was no text. `found` is the evidence of each text of the `of` in which it is; `part` is that of
    the monitor's false alarms which this may raise; and `prefix` stands before the signals' names.
    """
    if not of:
        return []
    rates, founds, totals = (look.history.series(f"{monitor}.{prefix}{name}") for name in ("rate", "found", "of"))
    counts = [Signal(name=f"{prefix}found", value=len(found)), Signal(name=f"{prefix}of", value=of), *more]
    rate = len(found) / of
    if not found:
        return [Signal(name=f"{prefix}rate", value=rate), *counts]
    said, severity = f"{what}: {len(found)} of {of} texts", Severity.NOTE
    earlier = (int(sum(value for _, value in founds[-_LOOKS:])), int(sum(value for _, value in totals[-_LOOKS:])))
    p_value = more_often((len(found), of), earlier)
    if rate > max((value for _, value in rates[-_LOOKS:]), default=1.0) and p_value <= spent(look, totals) * part:
        severity = alarm
        said += f", after {earlier[0]} of {earlier[1]} at the looks before (p = {p_value:.1g}, Fisher's exact test)"
    evidence = {"texts": list(found[:_KEPT])}
    return [Signal(name=f"{prefix}rate", value=rate, severity=severity, said=said, evidence=evidence), *counts]
