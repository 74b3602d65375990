"""What a loop's dashboard is drawn from: each round with its examination, what it said of itself, and what it cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_json, read_jsonl
from research.bootstrap.classroom.asking import PUPIL
from research.bootstrap.loop.history import seconds_in


@dataclass(frozen=True)
class Told:
    """A round."""

    number: int
    found: Mapping[str, Any]
    """As `rounds.run_round` gives it."""
    exam: Mapping[str, Any] | None
    """exam.json; None where that examination is gone."""
    said: Mapping[str, str]
    """By question, what the pupil is likeliest to say of itself."""
    seconds: float


def told(rounds: Sequence[Mapping[str, Any]], seconds: Mapping[str, float]) -> list[Told]:
    """The rounds, in order; `seconds` has how long each artifact took."""
    return [
        Told(
            number=each["number"],
            found=each,
            exam=_exam(each["exam"]),
            said=_said(each["exam"]),
            seconds=seconds_in(each, seconds),
        )
        for each in rounds
    ]


def of_exams(rounds: Sequence[Told], part: Callable[[Mapping[str, Any]], Any]) -> list[Any]:
    """A part of each round's examination; None where that is gone."""
    return [None if each.exam is None else part(each.exam) for each in rounds]


def spans(said: Sequence[tuple[int, Any]]) -> Iterator[tuple[str, Any]]:
    """What was the same in rounds that follow each other, once: (`3` or `3–5`, it); each of `said` is (round, it)."""
    for what, group in groupby(said, key=lambda pair: pair[1]):
        numbers = [number for number, _ in group]
        yield (str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"), what


def _exam(corpus: str) -> Mapping[str, Any] | None:
    path = artifact("corpora", corpus) / "exam.json"
    return dict(read_json(path)) if path.is_file() else None


def _said(corpus: str) -> dict[str, str]:
    path = artifact("corpora", corpus) / "identities.jsonl"
    lines = read_jsonl(path) if path.is_file() else ()
    return {each["question"]: each["reply"] for each in lines if each["speaker"] == PUPIL and not each["sample"]}
