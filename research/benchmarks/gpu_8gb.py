"""How long sequences may be that an 8B model is trained on in 8 GiB: ours, switch by switch, beside the peers.

    python research/benchmarks/gpu_8gb.py [--shape qwen3-8b] [--cap_gb 8] [--contestants ours peft] [--out result]
    python research/benchmarks/gpu_8gb.py --tiny true

A model of the published configuration with random weights, in NF4 with LoRA of rank 32 on all linear layers, one row
per sequence. For each contestant: the longest sequence that trains for 20 steps while torch's allocator gives no more
than the cap; the peak of its tensors beside the plan's; and tokens per second, at that length and at one that all of
them can. Every trial is a process of its own (long_context/trial.py). The driver's own memory comes on top and is told.

`--tiny` rehearses all of it on a CPU with a model of two layers. That shows that the script runs, and nothing else.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import json
import subprocess
from collections.abc import Iterator
from statistics import median
from typing import Any

from pydantic import Field

from espalier.artifacts.paths import repo_root
from espalier.command_line.config import Config, load
from espalier.errors import UserError, run_main
from research.benchmarks.long_context import bases, table
from research.benchmarks.long_context.search import longest
from research.benchmarks.long_context.trial import Trial, config_of
from training.memory.overhead import FRAGMENTS

_SCRIPT = "research/benchmarks/long_context/trial.py"
_PEERS_GUESS, _SHORT_GUESS = 3072, 512
SWITCHES = {
    "ours, 4 bits": "",
    "+ checkpointing": "--memory.gradient_checkpointing all",
    "+ 8-bit AdamW": "--optim.kind adamw_8bit",
    "+ inputs offloaded": "--memory.offload_checkpoints true",
    "+ tiles": "--memory.mlp_tiles 8",
    "+ embedding on the CPU": "--memory.embedding_on_cpu true",
    "+ output layer in 4 bits": "--memory.head_in_4bit true",
}
"""Each with those before it."""


class Benchmark(Config):
    """What to measure."""

    shape: str = "qwen3-8b"
    """The model, by a name in long_context/bases.py."""
    cap_gb: float = Field(8.0, gt=0)
    """GiB that torch's allocator may hold."""
    steps: int = Field(20, ge=3)
    """Optimizer steps that the longest length has to train for."""
    search_steps: int = Field(2, ge=1)
    """Those of a trial on the way there."""
    resolution: int = Field(256, ge=8)
    """Lengths are multiples of it."""
    limit: int = Field(40_960, ge=8)
    """The longest tried."""
    close: float = Field(0.03, gt=0, lt=1)
    """How near the longest that trains and the shortest that does not have to come, as a share."""
    beyond_plan: bool = True
    """Off: ours are tried no further than their plans allow, which takes a trial or two each."""
    contestants: list[str] = []
    """Which, by name or by a word of it (`ours`, `peft`, `unsloth`, `tiles`); all by default."""
    flags: str = ""
    """Further flags of stage1/train.py for every one of ours, by blanks: `--compile layers`."""
    work: Path = Path("/tmp/espalier-gpu-8gb")
    """Workspace for the model (16 GB on disk), rows and runs; what is there already is used again."""
    out: Path | None = None
    """Write OUT.json and OUT.md, after every contestant."""
    tiny: bool = False
    """Rehearse on a CPU."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/gpu_8gb.py", doc=__doc__)
    if settings.tiny:
        told = {"shape": "tiny", "cap_gb": 0.012, "resolution": 64, "limit": 512, "steps": 3, "search_steps": 1}
        settings = settings.model_copy(update=told)
    bases.prepare(settings.shape, settings.work)
    found: dict[str, dict[str, Any]] = {}
    for name, trial in _contestants(settings):
        found[name] = _measured(settings, trial)
        print(f"{name}: {found[name]['seq_len']:,} tokens", file=sys.stderr)
        table.write(settings, found)
    common = min((each["seq_len"] for each in found.values() if each["seq_len"]), default=0)
    for name, trial in _contestants(settings):
        if common and found[name]["seq_len"]:
            at_common = _tried(trial.model_copy(update={"seq_len": common, "steps": min(settings.steps, 6)}))
            found[name] |= {"common": common, "at_common": _speed(at_common)}
    table.write(settings, found)
    print(table.markdown(settings, found))


def _contestants(settings: Benchmark) -> Iterator[tuple[str, Trial]]:
    """All that are asked for, by name."""
    common = {"shape": settings.shape, "cap_gb": settings.cap_gb, "work": settings.work, "steps": settings.search_steps}
    flags, every = settings.flags, {}
    for name, switch in SWITCHES.items():
        flags = f"{flags} {switch}".strip()
        every[name] = Trial(who="ours", flags=flags, **common)
    every["peft"] = Trial(who="peft", **common)
    every["unsloth"] = Trial(who="unsloth", **common)
    wanted = settings.contestants or list(every)
    for word in wanted:
        if not any(word == trial.who or word in name for name, trial in every.items()):
            raise UserError(f"contestants: {word!r} is none of ours, {', '.join(every)}")
    return ((name, trial) for name, trial in every.items() if any(word == trial.who or word in name for word in wanted))


def _measured(settings: Benchmark, trial: Trial) -> dict[str, Any]:
    """The longest length of a contestant, and what was measured there."""
    trials: list[dict[str, Any]] = []

    def trains(seq_len: int, steps: int = settings.search_steps) -> bool:
        trials.append({"seq_len": seq_len, "steps": steps} | _tried(_of(trial, seq_len, steps)))
        return bool(trials[-1]["trained"])

    planned = _planned_length(settings, trial) if trial.who == "ours" else 0
    guess = planned or (_SHORT_GUESS if trial.who == "ours" else _PEERS_GUESS)
    limit = settings.limit if settings.beyond_plan or not planned else planned
    try:
        length = longest(trains, guess=guess, step=settings.resolution, limit=limit, close=settings.close)
        while length and not trains(length, settings.steps):
            length -= settings.resolution
    except UserError as error:
        return {"seq_len": 0, "trials": trials, "failed": str(error)}
    facts: dict[str, Any] = {
        "seq_len": length,
        "trials": trials,
        "limit": length + settings.resolution > limit,
    }
    if length:
        last = trials[-1]
        facts |= {"tokens_per_second": _speed(last), **{key: last[key] for key in ("device", *table.PEAKS)}}
        facts["predicted_gb"] = _planned(_of(trial, length, settings.steps)) if trial.who == "ours" else None
    return facts


def _of(trial: Trial, seq_len: int, steps: int) -> Trial:
    return trial.model_copy(update={"seq_len": seq_len, "steps": steps})


def _speed(tried: dict[str, Any]) -> float | None:
    """Median tokens per second of the steps after the first two, which warm up."""
    speeds = tried.get("tokens_per_second") or []
    return median(speeds[2:] or speeds) if speeds else None


def _planned(trial: Trial) -> float:
    """GiB of tensors at the peak, as `--plan` says."""
    from training.memory.plan import make_plan
    from training.memory.shapes import shape_of

    config = config_of(trial, "planned")
    shape = shape_of(bases.config_of(trial.shape), config.adapter)
    on_card = trial.shape != "tiny"
    plan = make_plan(
        shape, config, device="cuda" if on_card else "cpu", dtype="bfloat16" if on_card else "float32",
        sums_in_place=on_card,
    )  # fmt: skip
    return plan.tensors / 2**30


def _planned_length(settings: Benchmark, trial: Trial) -> int:
    """The longest that fits by its plan, what the allocator cannot use counted in."""
    held = 1.0 if settings.tiny else 1 + FRAGMENTS
    fits = lambda seq_len: held * _planned(_of(trial, seq_len, 1)) <= settings.cap_gb  # noqa: E731
    return longest(fits, guess=_PEERS_GUESS, step=settings.resolution, limit=settings.limit, close=0)


def _tried(trial: Trial) -> dict[str, Any]:
    """What came of a trial. UserError where it failed for another reason than memory."""
    flags = [f"--{key}={value}" for key, value in trial.model_dump(mode="json").items()]
    words = [sys.executable, _SCRIPT, *flags]
    done = subprocess.run(words, cwd=repo_root(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"{trial.who} with {trial.seq_len} tokens failed: {done.stderr.strip()[-1000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    run_main(main)
