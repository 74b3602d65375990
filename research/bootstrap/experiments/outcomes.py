"""What a loop came to, in the figures that arms are compared by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from espalier.artifacts.identity import differences
from espalier.artifacts.paths import artifact
from espalier.artifacts.records import is_complete, read_json
from espalier.errors import UserError
from espalier.loops.times import seconds_of
from research.bootstrap.bands import USABLE, share_from
from research.bootstrap.classroom.asking import PUPIL, SOPHIE


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One loop, to its end."""

    name: str
    rounds: Sequence[Mapping[str, Any]]
    """What each of its rounds came to."""
    exams: Sequence[Mapping[str, Any]]
    """And what it was examined to be able to do."""
    seconds: float
    """What its steps took, and those of the listening that it began from."""

    @property
    def trained_tokens(self) -> int:
        """What it was trained on, trunks and adapters together."""
        return sum(each["trained_tokens"] for each in self.rounds)


def read(name: str, asked: Mapping[str, Any], milestones: str) -> Outcome:
    """The loop of that name, which was `asked` for, with milestones of that hash. UserError where it is not complete,
    or is another."""
    folder = artifact("loops", name)
    if not is_complete(folder):
        raise UserError(f"loop {name} is not complete; the same command goes on with it")
    begun = read_json(folder / "loop.json")
    then = {"config": begun["config"], "milestones": begun["milestones"]["sha256"]}
    if changed := differences(then, {"config": dict(asked), "milestones": milestones}):
        raise UserError(
            f"loop {name} is another than this experiment asks for ({'; '.join(changed)}): remove it and what its "
            "rounds made, or name the experiment's loop otherwise"
        )
    rounds = [read_json(path) for path in sorted((folder / "exams").glob("r*.json"), key=number_of)]
    return Outcome(
        name=name,
        rounds=rounds,
        exams=[read_json(artifact("corpora", each["exam"]) / "exam.json") for each in rounds],
        seconds=sum(seconds_of(folder).values()),
    )


def number_of(path: Path) -> int:
    """Which round a file of a loop's is of."""
    return int(path.stem.removeprefix("r"))


def good(exam: Mapping[str, Any]) -> float:
    """The share of held-out turns that are good, as a mean over all bands."""
    return float(np.mean([band["share"] for band in exam["bands"]]))


def _usable(outcome: Outcome) -> float:
    share = share_from(outcome.rounds[-1]["scores"], USABLE)
    return float("nan") if share is None else share


def _own_name(outcome: Outcome) -> float:
    said = outcome.exams[-1]["identity"]
    return float(said[PUPIL]["own_name"] - said[SOPHIE]["own_name"])


def _excess(outcome: Outcome) -> float:
    floor = outcome.exams[-1]["floor"]
    return float("nan") if floor is None else float(floor["excess"])


FIGURES: Mapping[str, tuple[str, Callable[[Outcome], float]]] = {
    "good": ("held-out turns that are good, mean over the bands", lambda outcome: good(outcome.exams[-1])),
    "on the way": (
        "the same, as a mean over the rounds",
        lambda outcome: float(np.mean([good(exam) for exam in outcome.exams])),
    ),
    "band": ("bands passed in a row", lambda outcome: float(_passed(outcome))),
    "usable": ("attempts of the last round that are usable", _usable),
    "pairs": ("minimal pairs right", lambda outcome: float(outcome.exams[-1]["minimal_pairs"]["share"])),
    "excess": ("the trunk's bits per byte above the entropy floor, as a share", _excess),
    "name": (
        "replies to who it is that say Basil where Basil is asked, less those that say Sophie where Sophie is: a name "
        "that is copied from before its turn comes to 0",
        _own_name,
    ),
}
"""By name what it means, and how it is read. The first is the one that decides."""


def _passed(outcome: Outcome) -> int:
    last = outcome.rounds[-1]
    return int(last["next_band"]) + int(last["through"])
