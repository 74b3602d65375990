"""What is found of a reward, as Markdown: pairs put in order, columns, how sure it is, and what is made to win."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from espalier.command_line.console import say
from evaluation.calibration.facts import Labels
from evaluation.calibration.preferences import SCORE, in_order, pairs_within, preferences, worth_by_name
from evaluation.comparison.stats import Estimate
from evaluation.controls.base import Control
from evaluation.judges.agreement import correlation
from evaluation.judges.features.table import describe
from evaluation.judges.labels import Labelled
from evaluation.judges.likeness import Space
from research.benchmarks.reward.frozen import COLUMNS, Choice, Taught, likeness, pairs_unseen

REWARD = "reward"
GROUPS = ("all", "both_ask", "neither_asks", "one_asks")
PEERS = ("question_mark", "length", "tutor_name_only")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """A reply that was made to win."""

    control: Control
    """Its family."""
    value: float
    """Its reward."""
    expert: float
    """The expert's, in the same dialogue."""


def preferred(scores: dict[str, Any], worth: Any, labels: Labels, pairs: Any) -> None:
    """Shares of pairs put in order, of each score and of what it has to beat."""
    names = worth_by_name(labels.replies, worth, labels.by_problem)
    found = {
        name: preferences(said, names, labels.replies, pairs, pairs[:, 0], labels.resamples)
        for name, said in scores.items()
    }
    first = found[REWARD]
    say("| better of two replies | " + " | ".join(f"{name} ({first[name]['pairs']:,})" for name in GROUPS) + " |")
    say("|---|" + "---|" * len(GROUPS))
    for name, figures in found.items():
        say(f"| {name} | " + " | ".join(interval(figures[group][SCORE]) for group in GROUPS) + " |")
    for peer in PEERS:
        known = " (tutors known)" if peer == "tutor_name_only" else ""
        say(f"| {peer}{known} | " + " | ".join(interval(first[group][peer]) for group in GROUPS) + " |")
    for name, said in list(scores.items())[1:]:
        ahead = labels.resamples.mean(in_order(scores[REWARD], pairs) - in_order(said, pairs), pairs[:, 0])
        say(f"\nreward less {name}: {shown(ahead)}")


def both_unseen(known: Taught, labels: Labels, pairs: Any) -> None:
    """The same with both tutors of a pair unseen by the one model that both replies are asked of: by hidden states, by
    the judge's features under the same regression, by the mean of both, and by random numbers, which is chance."""
    random = np.random.default_rng(0).normal(size=known.states.shape).astype(np.float32)
    said = {
        "hidden states": pairs_unseen(known, pairs, likeness(known.states, Choice())),
        "the judge's features": pairs_unseen(known, pairs, judges_likeness(labels.replies), ridge=2.0),
        "random numbers": pairs_unseen(known, pairs, likeness(random, Choice())),
    }
    hidden, features = (each / np.nanstd(each) for each in list(said.values())[:2])
    said["mean of the first two"] = (hidden + features) / 2
    right = {name: (1 + np.sign(each[:, 0] - each[:, 1])) / 2 for name, each in said.items()}
    say("\n| both tutors unseen by one model | better of two replies |\n|---|---|")
    for name, each in right.items():
        say(f"| {name} | {shown(labels.resamples.mean(each, pairs[:, 0]))} |")
    for name in ("hidden states", "mean of the first two"):
        ahead = labels.resamples.mean(right[name] - right["the judge's features"], pairs[:, 0])
        say(f"\n{name} less the judge's features: {shown(ahead)}")
    say("")


def judges_likeness(replies: Sequence[Labelled]) -> Any:
    """How alike replies are in what the trained judge reads of them: (replies, replies)."""
    features = [describe(each) for each in replies]
    return Space.of(features).place(features, np.empty((len(replies), 0))).likeness()


def by_column(said: Any, truth: Any, labels: Labels) -> None:
    """How far each column goes with the teachers' verdicts, over replies and among those of one dialogue."""
    dialogues = [each.dialogue for each in labels.replies]
    say("| column | r | better of two replies to a dialogue |")
    say("|---|---|---|")
    for at, name in enumerate(COLUMNS):
        rows = np.flatnonzero(np.isfinite(said[:, at]) & np.isfinite(truth[:, at]))
        r = correlation(truth[rows, at], said[rows, at], rows, labels.resamples)
        pairs = pairs_within(dialogues, truth[:, at])
        right = labels.resamples.mean(in_order(said[:, at], pairs), pairs[:, 0])
        say(f"| {name} | {shown(r)} | {shown(right)} of {len(pairs):,} |")


def how_sure(said: Any, temperature: Any, pairs: Any, bins: int = 10) -> None:
    """How often it is right where it says how sure it is: expected calibration error over bins of equal size."""
    gaps = (said[pairs[:, 0]] - said[pairs[:, 1]]) / temperature[pairs].mean(axis=1)
    sure, right = 1 / (1 + np.exp(-np.abs(gaps))), gaps > 0
    parts = np.array_split(np.argsort(sure), bins)
    error = sum(len(part) * abs(sure[part].mean() - right[part].mean()) for part in parts) / len(pairs)
    say(f"\nExpected calibration error {error:.3f}; sure / right, tenth by tenth: ")
    say(", ".join(f"{sure[part].mean():.2f} / {right[part].mean():.2f}" for part in parts))


def made_to_win(tried: Sequence[Tried]) -> None:
    """By family how often a made reply is worth more than the expert's."""
    say("\n| made to win | kind | n | its mean | experts' mean | higher than the expert |")
    say("|---|---|---|---|---|---|")
    for name in dict.fromkeys(each.control.name for each in tried):
        mine = [each for each in tried if each.control.name == name]
        control, value = mine[0].control, np.array([each.value for each in mine])
        expert = np.array([each.expert for each in mine])
        kind = f"{control.kind}, adds" if control.adds else control.kind
        higher = float((value > expert).mean())
        say(f"| {name} | {kind} | {len(mine)} | {value.mean():.2f} | {expert.mean():.2f} | {higher:.2f} |")


def interval(figure: dict[str, float]) -> str:
    """A figure as the calibration keeps it."""
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"


def shown(found: Estimate) -> str:
    """An estimate with its interval."""
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"
