"""What replies made to win get beside good ones to the same dialogues: the bar that the pedagogy score has to clear.

Each family of `evaluation/controls` answers every dialogue that a person's good reply is known to. A family that
leaves nothing of a good reply is beaten where its mean is at most half of the good replies' and it scores higher than
the good reply in at most a tenth of the dialogues; one that falsifies a good reply, whose every word but a few is a
teacher's, in at most a quarter. A family that adds to good replies must not surely raise them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.calibration.config import CalibrateConfig
from evaluation.calibration.facts import Labels, plain
from evaluation.calibration.folds import Fold
from evaluation.calibration.values import pedagogy_values
from evaluation.comparison.stats import Estimate
from evaluation.controls.base import Control, Scene, controls
from evaluation.controls.choice import ALL, chosen, words_of
from evaluation.judges.agreement import Resamples
from evaluation.judges.labels import Labelled

EXPERT = "Expert"
MATHDIAL = "mathdial"
GOOD = "good"
"""The good replies, among the families' names."""
HALF = 0.5
WINS, WINS_FALSIFIED = 0.1, 0.25
_FALSIFIED = ("false_figures", "one_false_figure", "misplaced_figures", "false_steps")


@dataclass(frozen=True, kw_only=True)
class Arena:
    """Dialogues with a good reply each."""

    name: str
    """As in `calibration.json`: mrbench, mathdial, bridge."""
    good: Sequence[Labelled]
    """The good replies."""
    among: Sequence[Labelled]
    """The labelled replies, and after them the good ones where they are none of those."""
    places: NDArray[np.int64]
    """Where the good ones stand there."""
    folds: Sequence[Fold]
    """What may be learnt from `among`, and what is then asked."""
    resamples: Resamples
    """Draws of problems."""
    seed: int
    """Of the made replies."""
    families: Sequence[str]
    """The families that are tried, by name."""

    @cached_property
    def made(self) -> dict[str, list[Labelled | None]]:
        """By family a reply to each dialogue; None where it cannot be made."""
        scenes = [
            Scene(messages=each.messages, references=(each.reply,), answer=each.answer, problem=each.problem)
            for each in self.good
        ]
        asked = [replace(scene, others=scenes) for scene in scenes]
        known = controls()
        return {
            name: [
                None if text is None else replace(each, reply=text, tutor=f"control:{name}")
                for each, text in zip(self.good, known[name].replies(asked, seed=self.seed), strict=True)
            ]
            for name in self.families
        }

    def placed(self, replies: Sequence[Labelled | None]) -> list[Labelled | None]:
        """Replies to the dialogues, in order, where the good ones stand."""
        found: list[Labelled | None] = [None] * len(self.among)
        for place, each in zip(self.places, replies, strict=True):
            found[place] = each
        return found


def arenas(labels: Labels, bridge: Sequence[Labelled], config: CalibrateConfig) -> list[Arena]:
    """Where a person's good replies are known: experts' among the labels, MathDial's teachers' who guide, and Bridge's
    experts', who are none of the labels' tutors and speak of other problems. None without families to try."""
    families = families_of(config)
    if not families:
        return []
    replies = labels.replies
    experts = [place for place, each in enumerate(replies) if each.tutor == EXPERT]
    guiding = [place for place, each in enumerate(replies) if each.labels.get("guiding") == "Guiding"]
    first = {replies[place].problem: place for place in reversed(guiding)}
    found = []
    for name, places in (("mrbench", experts), (MATHDIAL, sorted(first.values()))):
        if places:
            good = [replies[place] for place in places]
            found.append(_arena(name, good, replies, np.array(places), labels.by_problem, config, families))
    if bridge:
        size, there = len(replies), len(replies) + np.arange(len(bridge))
        folds = [Fold(train=np.arange(size), test=there)]
        found.append(_arena("bridge", bridge, [*replies, *bridge], there, folds, config, families))
    return found


def families_of(config: CalibrateConfig) -> list[str]:
    """The families that are tried, all unless some are named. UserError for a name that is none."""
    return chosen([ALL] if config.controls is None else words_of(config.controls), controls(), "--controls ")


def _arena(
    name: str, good: Sequence[Labelled], among: Sequence[Labelled], places: NDArray[np.int64],
    folds: Sequence[Fold], config: CalibrateConfig, families: Sequence[str],
) -> Arena:  # fmt: skip
    draws = Resamples([each.problem for each in good], count=config.resamples, seed=config.seed)
    return Arena(
        name=name, good=good, among=among, places=places, folds=folds, resamples=draws, seed=config.seed,
        families=families,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Attack:
    """What one family gets in an arena, on the dialogues that it can be made for."""

    made: int
    """So many."""
    mean: Estimate
    """Its mean score."""
    good: Estimate
    """The good replies' mean on the same dialogues."""
    share: Estimate
    """The first over the second."""
    wins: Estimate
    """How often it scores higher than the good reply, ties half."""
    lead: Estimate
    """The good reply's score less the family's."""

    def is_beaten(self, control: Control) -> bool:
        """Whether the score clears this bar."""
        if control.adds:
            return self.lead.high >= 0
        most = WINS_FALSIFIED if control.name in _FALSIFIED else WINS
        return self.share.value <= HALF and self.wins.value <= most


def attack(good: NDArray[np.float64], made: NDArray[np.float64], resamples: Resamples) -> Attack | None:
    """Scores of good and made replies, dialogue by dialogue, not a number where there is none; None of none at all."""
    rows = np.flatnonzero(np.isfinite(good) & np.isfinite(made))
    if not len(rows):
        return None
    ours, theirs = good[rows], made[rows]
    sums = resamples.totals(rows, np.stack([theirs, ours], axis=1))
    return Attack(
        made=len(rows),
        mean=resamples.mean(theirs, rows),
        good=resamples.mean(ours, rows),
        share=resamples.estimate(sums[:, 0] / np.maximum(1e-12, sums[:, 1]), rows),
        wins=resamples.mean((1 + np.sign(theirs - ours)) / 2, rows),
        lead=resamples.mean(ours - theirs, rows),
    )


def scores(verdicts: Mapping[str, Mapping[str, NDArray[np.float64]]], arena: Arena) -> dict[str, NDArray[np.float64]]:
    """By family, and for the good replies, the pedagogy score of each dialogue's reply; not a number without one.

    `verdicts` has by the same names, and by dimension, a value for each dialogue.
    """
    replies: dict[str, Sequence[Labelled | None]] = {GOOD: arena.good, **arena.made}
    found = {}
    for name, values in verdicts.items():
        there = np.array([place for place, each in enumerate(replies[name]) if each is not None], dtype=int)
        found[name] = np.full(len(arena.good), np.nan)
        said = {dimension: numbers[there] for dimension, numbers in values.items()}
        found[name][there] = pedagogy_values(said, [each for each in replies[name] if each is not None])
    return found


def facts(
    found: Mapping[str, NDArray[np.float64]], unseen: Mapping[str, NDArray[np.float64]], arena: Arena
) -> dict[str, Any]:
    """As `calibration.json` keeps them; `unseen` are scores by a judge that was taught nothing of the family's kind."""
    families = {}
    for name, control in controls().items():
        each = attack(found[GOOD], found[name], arena.resamples) if name in found else None
        if each is None:
            continue
        families[name] = {"label": control.label, "kind": control.kind, "adds": control.adds, **_plain(each, control)}
        families[name]["not_made"] = len(arena.good) - each.made
        other = attack(unseen[GOOD], unseen[name], arena.resamples) if name in unseen else None
        if other is not None:
            families[name]["kind_unseen"] = _plain(other, control)
    return {"dialogues": len(arena.good), "families": families}


def _plain(each: Attack, control: Control) -> dict[str, Any]:
    figures = {name: plain(getattr(each, name)) for name in ("mean", "good", "share", "wins", "lead")}
    return {"made": each.made, **figures, "beaten": each.is_beaten(control)}
