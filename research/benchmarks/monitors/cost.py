"""What watching costs: the default core's steps with and without it, in turns, in one run.

    OMP_NUM_THREADS=1 python research/benchmarks/monitors/cost.py --out FOLDER [--pairs 16] [--steps 60]

A model of the core's shape, which is given some steps to learn to end its replies, goes on for pairs of equal
stretches: one that nobody watches, and one under all monitors with a look and self-play at its end. Check-ins are left
out, which the core has by itself, and seldom. Stretches of a pair stand next to each other, so that a machine that is
busy at times disturbs both. Prints what a look costs, and by what share it makes a run longer at the usual cadence,
with an interval over pairs; FOLDER/cost.json.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import os
import time
from collections import defaultdict
from typing import Any

import yaml
from pydantic import Field

from espalier.artifacts import records
from espalier.artifacts.paths import repo_root
from espalier.command_line.config import Config, FilePath, load
from espalier.command_line.console import table
from espalier.errors import UserError, run_main

_SHAPE = ("model", "tokenizer", "chat_template")
_CURRICULUM = {"sessions": 0, "dialogues": 6_000, "held_out_rows": 200}


class CostConfig(Config):
    """How much is measured."""

    out: FilePath
    """Folder for results; its `home` is the workspace, which has to be without a run `cost`."""
    pairs: int = Field(16, ge=4)
    """Pairs of stretches, an even number, for some monitors come to every second look."""
    steps: int = Field(60, ge=10)
    """Steps of a stretch."""
    learned: int = Field(480, ge=0)
    """Steps before the first."""
    self_play: bool = True
    """Whether it talks to itself at looks."""


def main(argv: list[str]) -> int:
    config, _ = load(CostConfig, argv, prog="python research/benchmarks/monitors/cost.py", doc=__doc__)
    if config.pairs % 2 or config.learned % (2 * config.steps):
        raise UserError(
            "pairs has to be even, and learned a multiple of two stretches, so that looks fall on their ends"
        )
    (config.out / "home").mkdir(parents=True, exist_ok=True)
    os.environ["ESPALIER_HOME"] = str((config.out / "home").resolve())
    seconds, parts, cadence = measured(config)
    from evaluation.comparison.stats import mean

    unwatched = [pair[0] / config.steps for pair in seconds]
    looks = [pair[1] - pair[0] for pair in seconds]
    # Two looks together, for some monitors come to every second one.
    shares = [
        (looks[at] + looks[at + 1]) / (cadence * (unwatched[at] + unwatched[at + 1])) for at in range(0, len(looks), 2)
    ]
    share = mean(shares, bounds=(-1.0, float("inf")))
    assert share is not None
    per_step, per_look = sum(unwatched) / len(unwatched), sum(looks) / len(looks)
    lines = {name: value / len(looks) for name, value in sorted(parts.items(), key=lambda each: -each[1])}
    found = {
        "seconds a step": per_step,
        "seconds a look": per_look,
        "steps between looks": cadence,
        "ratio": 1 + share.value,
        "ratio by the clock of its parts": 1 + sum(lines.values()) / (cadence * per_step),
        "interval": [1 + share.low, 1 + share.high],
        "seconds of a look, by part": lines,
        "pairs": seconds,
    }
    records.write_json(config.out / "cost.json", found)
    print(
        f"A step takes {per_step:.4f} s, and a look {per_look:.3f} s more: a look every {cadence} steps makes a run "
        f"{1 + share.value:.4f} times as long (95 % interval {1 + share.low:.4f} to {1 + share.high:.4f}, "
        f"{len(seconds)} pairs); by the clock of its parts "
        f"{found['ratio by the clock of its parts']:.4f} times.\n"
    )
    table(["part of a look", "seconds"], [[name, f"{value:.4f}"] for name, value in lines.items()])
    return 0


def measured(config: CostConfig) -> tuple[list[tuple[float, float]], dict[str, float], int]:
    """Seconds of each pair of stretches, unwatched and watched; seconds of all looks by part; the usual cadence."""
    from stage1.config import Stage1Config
    from stage1.train import train
    from training import from_base
    from training.config import MonitorSettings, TrainOptions
    from training.watching.panel import Panel
    from training.watching.watch import Watch

    cadence = MonitorSettings().every
    turns = _InTurns(config.steps, config.learned)
    parts: dict[str, float] = defaultdict(float)

    def timed(method: Any) -> Any:
        def ask(panel: Any, name: str, step: int, *rest: Any) -> Any:
            begun = time.perf_counter()
            found = method(panel, name, step, *rest)
            parts[name] += time.perf_counter() - begun if step > config.learned else 0.0
            return found

        return ask

    def observers(session: Any, renderer: Any, packs: Any) -> list[Any]:
        turns.watch = Watch(renderer, packs, session.config, session.run)
        return [turns]

    from_base.observers_of = observers
    Panel.attempt = timed(Panel.attempt)  # type: ignore[method-assign]
    train(Stage1Config.model_validate(_configuration(config)), TrainOptions(publish=False))
    return turns.seconds, parts, cadence


def _configuration(config: CostConfig) -> dict[str, Any]:
    """The default core's, of random weights, with looks at the ends of every second stretch."""
    folder = repo_root() / "stage1" / "configs"
    core, trunk = (yaml.safe_load((folder / name).read_text()) for name in ("basil.yaml", "basil-trunk.yaml"))
    recipe = config.out / "recipe.yaml"
    recipe.write_text(yaml.safe_dump({"name": "cost", "sources": [{"curriculum": _CURRICULUM}]}))
    of_core = {key: value for key, value in core.items() if key not in ("parent", "parent_config", "recipe", "mix")}
    every = 2 * config.steps
    log_only = config.out / "logs-alone.yaml"
    log_only.write_text(yaml.safe_dump({"note": "log", "warn": "log", "high": "log"}))
    return {
        **of_core,
        **{key: trunk[key] for key in _SHAPE},
        "name": "cost",
        "mix": "cost",
        "recipe": str(recipe.resolve()),
        "steps": config.learned + every * config.pairs,
        "checkpoint_every": 1_000_000,
        "heldout": {"every": 0, "final_sequences": 1},
        "checkin": core["checkin"] | {"every": 0},
        "journal": {"every": 0},
        "monitors": {"on": "all", "every": every, "policy": str(log_only.resolve())},
        "self_play": {} if config.self_play else {"dialogues": 0, "every": 0},
    }


class _InTurns:
    """The observer that has every second stretch watched, and takes the time."""

    def __init__(self, steps: int, learned: int) -> None:
        self._steps, self._learned = steps, learned
        self._begun = 0.0
        self._unwatched = 0.0
        self.watch: Any = None
        self.seconds: list[tuple[float, float]] = []

    def __call__(self, step: Any) -> Any:
        from training.observers import CONTINUE

        stretch, within = divmod(step.number - 1, self._steps)
        verdict = self.watch(step) if step.number == 0 or stretch % 2 else CONTINUE
        if within == self._steps - 1 and step.number >= self._learned:
            now = time.perf_counter()
            if step.number > self._learned:
                if stretch % 2:
                    self.seconds.append((self._unwatched, now - self._begun))
                else:
                    self._unwatched = now - self._begun
            self._begun = time.perf_counter()
        return verdict


if __name__ == "__main__":
    run_main(main)
