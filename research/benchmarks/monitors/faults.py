"""Faults that were planted, and whether a run that watches itself finds them.

    OMP_NUM_THREADS=1 python research/benchmarks/monitors/faults.py --out FOLDER [--runs 20] [--sound 20] [--workers 2]

A small trunk is trained once. From it go runs on a corpus with a fault or under a poisoned learning rate, runs on sound
corpora of the same kind, and runs that differ from those without a fault, each of its own seed, corpus and order. All
are trained by `stage1/train.py` under all monitors, and looked at every `--every` steps. Nothing pauses them: that the
usual policy would have is told afterwards, so that later findings are seen too. Prints what was found as Markdown;
FOLDER holds a JSON file of each run, which is not made again, and figures.json.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import os
from collections import Counter
from statistics import median
from typing import Any

from pydantic import Field

from espalier.command_line.config import Config, FilePath, load
from espalier.errors import UserError, run_main
from research.benchmarks.monitors.planted import FAULTS, SOUND, Pace, Planted

WITHIN = 2
"""Looks by which a fault should be found."""


class FaultsConfig(Config):
    """How much is tried."""

    out: FilePath
    """Folder for results; its `home` is the workspace."""
    runs: int = Field(20, ge=0)
    """Runs of each fault."""
    sound: int = Field(20, ge=0)
    """Runs without a fault."""
    controls: int = Field(10, ge=0)
    """Runs of each kind that differs from those without a fault."""
    only: list[str] = []
    """These kinds alone."""
    steps: int = Field(250, ge=40)
    """Steps of a run."""
    every: int = Field(50, ge=1)
    """Steps between looks."""
    workers: int = Field(2, ge=1)
    """Runs at a time."""
    policy: FilePath = Path("repo:training/watching/policies/default.yaml")
    """What would have paused them."""


def main(argv: list[str]) -> int:
    config, _ = load(FaultsConfig, argv, prog="python research/benchmarks/monitors/faults.py", doc=__doc__)
    from espalier.artifacts import records
    from research.benchmarks.monitors.page import page
    from research.benchmarks.monitors.runs import alarms, found, make_trunk, train_all
    from training.watching.policy import read_policy

    kinds = [each for each in FAULTS + SOUND if not config.only or each.name in config.only]
    if unknown := set(config.only) - {each.name for each in kinds}:
        raise UserError(f"--only: no kind of run is called {', '.join(sorted(unknown))}")
    folder = config.out
    (folder / "home").mkdir(parents=True, exist_ok=True)
    os.environ["ESPALIER_HOME"] = str((folder / "home").resolve())
    make_trunk(folder)
    pace = Pace(steps=config.steps, every=config.every)
    wanted = [(each, seed) for each in kinds for seed in range(1, _how_many(config, each) + 1)]
    train_all(wanted, pace, folder.resolve(), config.workers)
    policy = read_policy(config.policy)
    figures: dict[str, Any] = {}
    for each in kinds:
        runs = []
        for seed in range(1, _how_many(config, each) + 1):
            kept = found(folder, each, seed)
            runs.append(_told(alarms(kept, policy, kept["steps"]), each, config.every))
        if runs:
            figures[each.name] = _together(each, runs)
    records.write_json(folder / "figures.json", {"every": config.every, "kinds": figures})
    print(page(figures, WITHIN))
    return 0


def _how_many(config: FaultsConfig, kind: Planted) -> int:
    return config.runs if kind.by else config.sound if kind.name == "sound" else config.controls


def _told(told: list[tuple[int, str, Any, bool]], kind: Planted, every: int) -> dict[str, Any]:
    """Of one run: by which look the fault was found and the run would have been paused, and by whom."""

    def look(steps: list[int]) -> int | None:
        return min((-(-step // every) for step in steps if step), default=None)

    return {
        "found": look([step for step, monitor, _, _ in told if monitor in kind.by]),
        "paused": look([step for step, _, _, acts in told if acts]),
        "warned": sorted({monitor for step, monitor, _, _ in told if step}),
        "paused by": sorted({monitor for _, monitor, _, acts in told if acts}),
    }


def _together(kind: Planted, runs: list[dict[str, Any]]) -> dict[str, Any]:
    from evaluation.comparison.stats import wilson

    told: dict[str, Any] = {"about": kind.about, "fault": bool(kind.by), "runs": len(runs), "each": runs}
    for what in ("found", "paused"):
        looks = [each[what] for each in runs if each[what] is not None]
        within = sum(look <= WITHIN for look in looks)
        told[what] = {
            "runs": len(looks),
            "interval": wilson(len(looks) / len(runs), len(runs)),
            "within": within,
            "median": median(looks) if looks else None,
            "latest": max(looks, default=None),
        }
    told |= {key: dict(Counter(name for each in runs for name in each[key])) for key in ("warned", "paused by")}
    return told


if __name__ == "__main__":
    run_main(main)
