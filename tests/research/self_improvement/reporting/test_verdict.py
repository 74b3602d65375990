"""The sentence, by intervals alone."""

from __future__ import annotations

from typing import Any

import pytest

from research.self_improvement.reporting.verdict import verdict


def figure(low: float, high: float) -> dict[str, Any]:
    return {"value": (low + high) / 2, "low": low, "high": high}


ROSE, FELL, NOTHING = figure(0.05, 0.15), figure(-0.15, -0.05), figure(-0.05, 0.06)
LEADS, LEVEL = figure(0.1, 0.3), figure(-0.02, 0.1)
LIKED, DISLIKED, EITHER = figure(0.55, 0.7), figure(0.3, 0.45), figure(0.45, 0.58)


@pytest.mark.parametrize(
    ("gain", "lead", "preferred", "kind"),
    [
        (ROSE, LEADS, LIKED, "better"),
        (ROSE, LEADS, EITHER, "better"),
        (ROSE, LEADS, DISLIKED, "better"),
        (ROSE, LEADS, None, "better"),
        (NOTHING, LEADS, LIKED, "kinder"),
        (FELL, LEADS, LIKED, "kinder"),
        (None, None, LIKED, "kinder"),
        # A gain that who works out nothing has too.
        (ROSE, LEVEL, LIKED, "kinder"),
        (ROSE, LEVEL, EITHER, "cannot tell"),
        (ROSE, None, EITHER, "cannot tell"),
        (FELL, LEADS, EITHER, "worse"),
        (FELL, LEADS, None, "worse"),
        (NOTHING, LEADS, EITHER, "cannot tell"),
        (NOTHING, LEADS, DISLIKED, "cannot tell"),
        (None, None, None, "cannot tell"),
    ],
)
def test_the_kind(gain: Any, lead: Any, preferred: Any, kind: str) -> None:
    assert verdict(gain, lead, preferred).kind == kind


def test_an_interval_that_touches_proves_nothing() -> None:
    assert verdict(figure(0.0, 0.1), LEADS, EITHER).kind == "cannot tell"
    assert verdict(NOTHING, LEADS, figure(0.5, 0.7)).kind == "cannot tell"
    assert verdict(figure(-0.1, 0.0), LEADS, EITHER).kind == "cannot tell"


def test_the_sentences_say_the_figures() -> None:
    said = verdict(NOTHING, LEADS, LIKED).sentence
    assert said == (
        "Only the judges grew kinder: judges prefer it to round 0 in 62 % (55 to 70 %) of them, while on held-out "
        "challenges it wins +0.5 points of a hundred (−5.0 to +6.0) since round 0, which is not surely a gain."
    )
    assert "no judge was asked about it" in verdict(ROSE, LEADS, None).sentence
    assert "worked out nothing" not in verdict(ROSE, LEADS, LIKED).sentence
    assert "who works out nothing" in verdict(ROSE, LEVEL, EITHER).sentence
