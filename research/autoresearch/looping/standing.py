"""What stands after the experiments so far, by their records alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from research.autoresearch.deciding.noise import Noise, noise_of
from research.autoresearch.looping.records import BASELINE, Record


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The commit that experiments are to beat."""

    commit: str
    runs: tuple[float, ...]
    """Its results, each with a seed of its own. Of one that pairs confirmed, those of the pairs, here and later: the
    run that it was noticed by is none of them."""
    lines: int
    noise: Noise
    """Of the baseline."""

    @property
    def mean(self) -> float:
        return fmean(self.runs)


def standing(records: Sequence[Record]) -> Standing | None:
    """What stands; None before there is a baseline."""
    first = [each for each in records if each["proposer"] == BASELINE]
    if not first:
        return None
    noise = noise_of([_measured(each) for each in first])
    commit, lines = first[0]["commit"], first[0]["lines"] or 0
    runs = [_measured(each) for each in first]
    for each in records[len(first) :]:
        if each["status"] == "keep":
            commit, lines = each["commit"], each["lines"] or 0
            runs = [pair["candidate"] for pair in each["confirmed"]] or [_measured(each)]
        else:
            runs += [pair["incumbent"] for pair in each["confirmed"]]
    return Standing(commit=commit, runs=tuple(runs), lines=lines, noise=noise)


def in_vain(records: Sequence[Record]) -> int:
    """How many in a row came to no result at all, to the last."""
    number = 0
    for each in reversed(records):
        if each["val_bpb"] is not None:
            break
        number += 1
    return number


def _measured(record: Record) -> float:
    assert record["val_bpb"] is not None, "what is kept was measured"
    return record["val_bpb"]
