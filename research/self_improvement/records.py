"""What the steps of a round hand on: challenges, and what was said at them, as JSON lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from espalier.artifacts.records import read_jsonl
from research.self_improvement.families.family import Challenge, Messages, Performance

CHALLENGES, PERFORMANCES = "challenges.jsonl", "performances.jsonl"


class Said(NamedTuple):
    """What a player said when it was called."""

    player: str
    """Its role."""
    messages: Messages
    """What it was asked, as the model read it."""
    reply: str
    """What it said."""


@dataclass(frozen=True, kw_only=True)
class Played:
    """A performance with all that was said in it."""

    challenge: str
    """The challenge's id."""
    number: int
    """Which of its performances, from 0."""
    model: str
    """Who spoke."""
    performance: Performance
    """What came of it."""
    said: tuple[Said, ...]
    """In its order."""
    silence: str = ""
    """Why there was no answer where a model gave none; empty otherwise."""


def challenge_lines(challenges: Iterable[Challenge]) -> list[dict[str, Any]]:
    """A line each, with the id to find it by."""
    return [{"id": each.id, **asdict(each)} for each in challenges]


def read_challenges(path: Path) -> list[Challenge]:
    """The challenges of a file, in their order. UserError where it is missing or says something else."""
    return [Challenge(**{key: value for key, value in line.items() if key != "id"}) for line in read_jsonl(path)]


def played_lines(played: Iterable[Played]) -> list[dict[str, Any]]:
    """A line each."""
    return [asdict(each) | {"said": [said._asdict() for said in each.said]} for each in played]


def read_played(path: Path) -> list[Played]:
    """The performances of a file, in their order."""
    return [
        Played(
            **line
            | {
                "performance": Performance(**line["performance"]),
                "said": tuple(Said(**said) for said in line["said"]),
            }
        )
        for line in read_jsonl(path)
    ]


def by_challenge(played: Sequence[Played]) -> dict[str, list[Played]]:
    """The performances of each challenge, in their order."""
    found: dict[str, list[Played]] = {}
    for each in played:
        found.setdefault(each.challenge, []).append(each)
    return found
