"""The trainings of a replay, one after the other, kept as they are done: killed, it goes on from there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from espalier.artifacts.records import append_jsonl, mend_jsonl, read_jsonl
from espalier.command_line.console import duration, say
from espalier.loops.lockstep import seed_of
from research.autoresearch.looping.view import LoopView

_MOST_SEEDS = 2**31
Train = Callable[[str, int], Mapping[str, Any]]
"""Trains a commit with a seed and measures it: for each file its figures or None, `why` where there are none."""


def fresh_seeds(view: LoopView, number: int) -> list[int]:
    """So many seeds that no run of the loop had; the same whenever they are asked for, if runs to come have others."""
    used = {record["seed"] for record in view.records}
    used |= {pair["seed"] for record in view.records for pair in record["confirmed"]}
    found, place = list[int](), 0
    while len(found) < number:
        seed = seed_of("replay", view.base, place) % _MOST_SEEDS
        if seed not in used and seed not in found:
            found.append(seed)
        place += 1
    return found


def run_all(path: Path, commits: Sequence[str], seeds: Sequence[int], train: Train) -> list[Mapping[str, Any]]:
    """Each commit with each seed, into the JSON lines `path`; what is there is not run again. Returns all of them.

    All commits come with one seed before the next seed, so that what changes on the machine meanwhile meets all alike.
    """
    if torn := mend_jsonl(path):
        say(f"{path}: its last line was half-written ({len(torn)} bytes); that training is done again")
    done = {(run["commit"], run["seed"]): run for run in read_jsonl(path)} if path.exists() else {}
    wanted = [(commit, seed) for seed in seeds for commit in commits]
    left, took = [each for each in wanted if each not in done], list[float]()
    for place, (commit, seed) in enumerate(left):
        rest = f", about {duration(sum(took) / len(took) * (len(left) - place))} left" if took else ""
        say(f"training {len(done) + 1} of {len(wanted)}: {commit[:7]} with seed {seed}{rest}")
        begun = time.monotonic()
        run = {"commit": commit, "seed": seed, **train(commit, seed)}
        took.append(time.monotonic() - begun)
        append_jsonl(path, run)
        done[commit, seed] = run
        say("  " + _line(run))
    return [done[each] for each in wanted]


def _line(run: Mapping[str, Any]) -> str:
    if run["why"]:
        return f"no figure: {run['why']}"
    return ", ".join(f"{file} {run[file]['val_bpb']:.6f}" for file in ("val", "second"))
