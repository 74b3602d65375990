"""From performances with scores to prompts with replies of which some are better, which preferences are made of.

Of a challenge, all that is the same until somebody said something else is one prompt: what was said there is worth what
came of it, in the middle. Where one thing is said at all, that is the answer; in a game, each fork on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from evaluation.cases.case import Case, Reply
from feedback.samples import Sampled
from research.self_improvement.records import Played

Floats = np.ndarray[Any, np.dtype[np.float64]]


class Replied(NamedTuple):
    """Prompts with replies, and what each reply is worth: what `feedback.making` takes."""

    samples: list[Sampled]
    scores: Floats
    """(prompts, most replies), not a number where there is none, or nothing is known of it."""


def forks(played: Mapping[str, Sequence[Played]], scores: Mapping[str, Sequence[float]]) -> Replied:
    """Every prompt at which at least one thing was said, by challenges; `scores` are of their performances."""
    found = list[tuple[Sampled, list[float]]]()
    for challenge, of_it in played.items():
        known = list(zip(of_it, scores[challenge], strict=True))
        found += _forks(challenge, "", known, 0)
    return _together(found)


def asked(lines: Sequence[Mapping[str, Any]], worth: Sequence[float]) -> Replied:
    """Proposals, prompt by prompt, with what each is worth."""
    by_ask: dict[tuple[str, int], list[tuple[Mapping[str, Any], float]]] = {}
    for line, value in zip(lines, worth, strict=True):
        by_ask.setdefault((line["family"], line["ask"]), []).append((line, value))
    return _together([
        _sampled(f"proposal/{family}/{ask}", those[0][0]["messages"], [(line["reply"], value) for line, value in those])
        for (family, ask), those in by_ask.items()
    ])  # fmt: skip


def _forks(
    challenge: str, path: str, known: Sequence[tuple[Played, float]], turn: int
) -> Iterator[tuple[Sampled, list[float]]]:
    """The prompt that these performances share at a turn, and those after each thing that was said to it."""
    there = [(each, score) for each, score in known if turn < len(each.said)]
    if not there:
        return
    branches: dict[str, list[tuple[Played, float]]] = {}
    for each, score in there:
        branches.setdefault(each.said[turn].reply, []).append((each, score))
    replies = [
        (reply, float(np.nanmean(values)) if not all(map(np.isnan, values)) else np.nan)
        for reply, those in branches.items()
        for values in [[score for _, score in those]]
        for _ in those
    ]
    yield _sampled(f"{challenge}{path}", there[0][0].said[turn].messages, replies)
    for number, those in enumerate(branches.values()):
        yield from _forks(challenge, f"{path}/{number}", those, turn + 1)


def _sampled(name: str, messages: Any, replies: Sequence[tuple[str, float]]) -> tuple[Sampled, list[float]]:
    said = tuple(Reply(text=text, num_tokens=0, finish="stop") for text, _ in replies)
    case = Case(name=name, messages=messages)
    return Sampled(id=name, case=case, replies=said), [score for _, score in replies]


def _together(found: Sequence[tuple[Sampled, list[float]]]) -> Replied:
    table = np.full((len(found), max((len(scores) for _, scores in found), default=0)), np.nan)
    for row, (_, scores) in zip(table, found, strict=True):
        row[: len(scores)] = scores
    return Replied([each for each, _ in found], table)
