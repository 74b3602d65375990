"""Every figure that a suite may ask for: metrics, the dimensions of judges, the pedagogy score, and a user's own."""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.judges.base import DIMENSIONS
from evaluation.metrics import METRICS
from evaluation.metrics.base import Column
from evaluation.metrics.dialogue import (
    answers_given_away,
    learner_talk_share,
    self_corrected,
    turns_to_self_correction,
)
from evaluation.metrics.due import as_due
from evaluation.scoring.pedagogy import PEDAGOGY
from evaluation.scoring.reasoning import sound_reasoning

OF_DIALOGUES = (self_corrected, turns_to_self_correction, answers_given_away, learner_talk_share)


def known_columns(own: Mapping[str, Column] | None = None) -> dict[str, Column]:
    """By name, as suites write them; `own` are those of `--metrics`."""
    more: tuple[Column, ...] = (*OF_DIALOGUES, as_due, sound_reasoning, PEDAGOGY)
    return {**METRICS, **DIMENSIONS, **{column.name: column for column in more}, **(own or {})}
