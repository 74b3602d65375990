"""Whether a model got better, or only its judges kinder: a sentence, by intervals.

- **better**: what it truly gained since round 0 is surely above 0, and what it wins is surely above what the best
  control of each family wins, who has worked out nothing;
- **kinder**: that is not so, and judges surely prefer it to round 0 in more than a half of the challenges;
- **worse**: neither, and it surely lost;
- **cannot tell**: none of these.

A gain that one constant answer would have too is none. So a model that collapses to whatever is right most often is
not called better, be its share ever so much above round 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["better", "kinder", "worse", "cannot tell"]
Figure = Mapping[str, Any] | None
"""value, low and high; None where it is not known."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is concluded."""

    kind: Kind
    sentence: str


def verdict(gain: Figure, lead: Figure, preferred: Figure) -> Verdict:
    """By what a model truly gained since round 0 (-1 to 1), its lead over the best controls (-1 to 1), and how often
    judges prefer it to round 0 (0 to 1)."""
    rose, fell = bool(gain and gain["low"] > 0), bool(gain and gain["high"] < 0)
    leads = bool(lead and lead["low"] > 0)
    liked = bool(preferred and preferred["low"] > 0.5)
    truth = f"on held-out challenges it wins {_points(gain)} since round 0" if gain else "nothing is known of its gain"
    judges = (
        f"judges prefer it to round 0 in {_share(preferred)} of them" if preferred else "no judge was asked about it"
    )
    if rose and leads:
        also = f", and {judges}" if liked or not preferred else f"; {judges}, which is not surely more than a half"
        return Verdict(kind="better", sentence=f"The model got better: {truth}{also}.")
    why = "which is not surely a gain"
    if rose:
        why = "but no more, surely, than who works out nothing: " + _lead(lead)
    elif fell:
        why = "which is surely a loss"
    if liked:
        return Verdict(
            kind="kinder",
            sentence=f"Only the judges grew kinder: {judges}, while {truth}, {why}.",
        )
    if fell:
        return Verdict(kind="worse", sentence=f"The model got worse: {truth}, {why}; {judges}.")
    return Verdict(kind="cannot tell", sentence=f"It cannot be told whether it got better: {truth}, {why}; {judges}.")


def of_exam(exam: Mapping[str, Any]) -> Verdict | None:
    """Of an examination that was held against round 0; None where it was not."""
    against = exam["against"]
    if not against:
        return None
    gain, lead = against["gain"]["all"], exam["all"]["lead"]
    return verdict(gain and gain["difference"], lead and lead["difference"], against["judged"]["win_rate"])


def _points(found: Mapping[str, Any]) -> str:
    value, low, high = (f"{100 * found[end]:+.1f}".replace("-", "\N{MINUS SIGN}") for end in ("value", "low", "high"))
    return f"{value} points of a hundred ({low} to {high})"


def _share(found: Mapping[str, Any]) -> str:
    value, low, high = (100 * found[end] for end in ("value", "low", "high"))
    return f"{value:.0f} % ({low:.0f} to {high:.0f} %)"


def _lead(lead: Figure) -> str:
    return f"{_points(lead)} beside the best of them" if lead else "nothing is known of those"
