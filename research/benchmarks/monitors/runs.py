"""Runs of small models: a trunk that is trained once, and what goes on from it, watched by all monitors."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import yaml

from espalier.artifacts import records
from espalier.artifacts.paths import artifact
from espalier.errors import UserError
from espalier.loops.warm import run_warm
from espalier.signals.records import Severity
from espalier.signals.store import SignalStore
from research.benchmarks.monitors.corpora import write_mix
from research.benchmarks.monitors.planted import Pace, Planted
from training.observers import Action
from training.watching.policy import Policy

TRUNK: dict[str, Any] = {
    "name": "trunk",
    "mix": "trunk",
    "rows": "all",
    "model": {"num_layers": 2, "width": 64, "feed_forward": 128, "num_heads": 4, "init_std": 0.06},
    "tokenizer": {"vocab_size": 768},
    "seq_len": 128,
    "micro_batch_size": 8,
    "steps": 900,
    "optim": {"lr": 8.0e-3, "betas": [0.9, 0.99]},
    "schedule": {"kind": "wsd", "warmup": 30, "decay_fraction": 0.7},
    "compile": "off",
    "threads": 1,
    "log_every": 50,
    "checkpoint_every": 10_000,
    "heldout": {"every": 0, "final_sequences": 8},
    "checkin": {"every": 0},
    "monitors": {"on": "none"},
}
"""A model of 131,000 weights that answers as the corpus does, takes a minute or two."""
_ROWS_OF_TRUNK = 9_000
_PROMPTS = [
    "Yesterday I go to the market.", "Tell me something.", "She have a cat.", "Who are you?",
    "I buyed a lamp last week.", "What happened?", "Every day my brother eat two apple.", "Hello!",
]  # fmt: skip
_LOGS_ALONE = {"note": "log", "warn": "log", "high": "log"}
"""A run goes to its end whatever is found; what the usual policy would have done is told afterwards."""


def configuration(planted: Planted, seed: int, pace: Pace, policy: Path) -> dict[str, Any]:
    """Of one run."""
    steps = pace.steps * planted.times
    own = {key: value for key, value in TRUNK.items() if key not in ("model", "tokenizer")}
    config = own | {
        "name": f"{planted.name}-{seed:03d}",
        "mix": f"{planted.name}-{seed:03d}",
        "parent": "trunk",
        "micro_batch_size": 4,
        "steps": steps,
        "seed": seed,
        "optim": {"lr": 3.0e-3, "betas": [0.9, 0.99]},
        "schedule": {"kind": "wsd", "warmup": 10, "decay_fraction": 0.5},
        "checkin": {
            "every": pace.every,
            "prompts": _PROMPTS,
            "max_new_tokens": 32,
        },
        "self_play": {"max_new_tokens": 32},
        "journal": {"every": 0},
        "monitors": {"on": "all", "every": pace.every, "policy": str(policy)},
    }
    return config | (planted.changes or {})


def make_trunk(folder: Path) -> None:
    """Train the trunk in this workspace, unless it is there."""
    if not records.is_complete(artifact("runs", "trunk")):
        write_mix("trunk", 0, _ROWS_OF_TRUNK)
        _train(TRUNK, folder)


def train_all(runs: list[tuple[Planted, int]], pace: Pace, folder: Path, workers: int) -> None:
    """Make the runs, whose alarms are kept in `folder/found/`; those that are there are not made again."""
    policy = folder / "logs-alone.yaml"
    policy.write_text(yaml.safe_dump(_LOGS_ALONE))
    (folder / "found").mkdir(exist_ok=True)
    waiting = [(planted, seed) for planted, seed in runs if not _kept(folder, planted, seed).exists()]
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_quiet, initargs=(folder,)) as pool:
        done = [pool.submit(_make, planted, seed, pace, folder, policy) for planted, seed in waiting]
        for each in done:
            each.result()


def found(folder: Path, planted: Planted, seed: int) -> dict[str, Any]:
    """What is known of a run: its `alarms` (step, monitor, name, severity, said), each once; its `steps`, its `loss`,
    and the `series` of all figures."""
    return dict(records.read_json(_kept(folder, planted, seed)))


def alarms(kept: dict[str, Any], policy: Policy, steps: int) -> list[tuple[int, str, Severity, bool]]:
    """Step, monitor and severity of the warnings of a run, and whether the policy would have paused it."""
    told = []
    for each in kept["alarms"]:
        severity = Severity[each["severity"].upper()]
        acts = 0 < each["step"] < steps and policy.action(each["monitor"], severity) >= Action.PAUSE
        if severity >= Severity.WARN:
            told.append((each["step"], each["monitor"], severity, acts))
    return told


def _kept(folder: Path, planted: Planted, seed: int) -> Path:
    return folder / "found" / f"{planted.name}-{seed:03d}.json"


def _quiet(folder: Path) -> None:
    """What training says goes into a file for each worker."""
    log = os.open(folder / f"worker-{os.getpid()}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)


def _make(planted: Planted, seed: int, pace: Pace, folder: Path, policy: Path) -> None:
    config = configuration(planted, seed, pace, policy)
    num_rows = config["steps"] * config["micro_batch_size"] * 2
    write_mix(config["mix"], seed, num_rows, planted.corpus)
    _train(config, folder)
    run = artifact("runs", config["name"])
    with SignalStore.read(run) as store:
        events, series = store.events(what="alarm"), {name: store.series(name) for name in store.names()}
    loss = [line["loss"] for line in records.read_jsonl(run / "metrics.jsonl") if "loss" in line]
    told = [
        {"step": each.step, **{key: each.evidence[key] for key in ("monitor", "name", "severity")}, "said": each.said}
        for each in events
    ]
    facts = {"steps": config["steps"], "alarms": told, "loss": loss, "series": series}
    records.write_json(_kept(folder, planted, seed), facts)
    shutil.rmtree(run)
    shutil.rmtree(artifact("mixes", config["mix"]))


def _train(config: dict[str, Any], folder: Path) -> None:
    path = folder / f"{config['name']}.yaml"
    path.write_text(yaml.safe_dump(config))
    if run_warm("stage1/train.py", str(path), "--publish", "false") != 0:
        raise UserError(f"{config['name']} could not be trained; {folder}/*.log say why")
    path.unlink()
