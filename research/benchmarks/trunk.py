"""What a trunk is worth: the same core on the trunk and on random weights, taught by few dialogues and by many.

    python research/benchmarks/trunk.py [--dialogues 500 1000 4000 24000] [--steps 800] [--seeds 3] [--cases 200]

Builds mixes of the default recipe with fewer dialogues (the hold-outs are the same), trains the cores by the pipeline's
own command (what is finished is not trained again), asks them the cases that no training held, and prints Markdown: for
each number of dialogues the seeds pooled on either side, and the paired difference with an interval over cases and
seeds. Every core takes the same steps, so those on the trunk had the trunk's steps besides: `--longer` gives the cores
on random weights these too, on dialogues.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import subprocess
from typing import Any

from pydantic import Field

from espalier.artifacts.paths import artifact, repo_root
from espalier.artifacts.records import read_json, read_manifest
from espalier.command_line.config import Config, load
from espalier.errors import UserError, run_main

RECIPE = "data_mix/recipes/basil.yaml"
MEASURES = {"corrected_present": "corrected form", "parses": "parses"}
ARMS: dict[str, list[str]] = {
    "all weights": [],
    "adapter, embeddings frozen": ["--adapter.r", "16"],
}
"""What of a core is trained -> what differs from the default core."""


class Benchmark(Config):
    """What to compare."""

    dialogues: list[int] = [500, 1000, 4000, 24000]
    """Dialogues to learn from."""
    arms: list[str] = list(ARMS)
    """What is trained of the core: all weights, or an adapter beside frozen weights and embeddings."""
    steps: int = Field(800, ge=1)
    """Steps of every core."""
    longer: int = Field(0, ge=0)
    """Steps that cores on random weights take beyond these, for those that the trunk took."""
    seeds: int = Field(3, ge=2)
    """Cores on either side."""
    cases: int = Field(200, ge=2)
    """Held-out cases, half of them on unseen pairs, half on unseen triples."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/trunk.py", doc=__doc__)
    if unknown := [arm for arm in settings.arms if arm not in ARMS]:
        raise UserError(f"arms: {unknown[0]!r} is none; there are: {', '.join(ARMS)}")
    measured = " | ".join(f"{label}: trunk | random | difference" for label in MEASURES.values())
    lines = [
        f"| trained | dialogues | bits per byte: trunk | random | {measured} |",
        "|---|---:|---:|---:|" + "---:|" * 3 * len(MEASURES),
    ]
    for arm in settings.arms:
        for count in settings.dialogues:
            sides = {side: cores(settings, arm, count, side) for side in ("trunk", "random")}
            bits = " | ".join(spread([bits_per_byte(run) for run in runs]) for runs in sides.values())
            found = " | ".join(compared(settings, arm, count, sides))
            lines.append(f"| {arm} | {count:,} | {bits} | {found} |")
    print("\n".join(lines))


def cores(settings: Benchmark, arm: str, count: int, side: str) -> list[str]:
    """The names of the cores of one side, one a seed, trained where they are not yet."""
    mix = f"basil-{count}"
    if read_manifest(artifact("mixes", mix)) is None:
        flags = ("--name", mix, "--sources.0.curriculum.sessions", "0", "--sources.0.curriculum.dialogues", str(count))
        command("data_mix/build.py", RECIPE, *flags)
    steps = settings.steps + (settings.longer if side == "random" else 0)
    runs = []
    for seed in range(settings.seeds):
        name = f"worth-{arm.split(',')[0].replace(' ', '-')}-{count}-{side}-{steps}-s{seed}"
        init = ["--init", "random"] if side == "random" else []
        always = (
            "--mix",
            mix,
            "--steps",
            str(steps),
            "--seed",
            str(seed),
            "--checkin.every",
            "0",
            "--publish",
            "false",
        )
        heldout = ("--heldout.every", "0", "--heldout.final_sequences", "128", "--publish", "false")
        command("stage1/train.py", "--name", name, *always, *heldout, *init, *ARMS[arm])
        runs.append(name)
    return runs


def command(*words: str) -> None:
    """Run one of the project's commands; its output goes to stderr, so that stdout is the record."""
    done = subprocess.run([sys.executable, *words], cwd=repo_root(), stdout=sys.stderr)
    if done.returncode:
        raise UserError(f"python {' '.join(words)} ended with exit code {done.returncode}; its own message says why")


def bits_per_byte(run: str) -> float:
    """Of the tutor's turns in held-out dialogues of the training's own kind."""
    manifest = read_manifest(artifact("runs", run))
    assert manifest is not None
    return float(manifest["summary"]["valid_bits_per_byte"])


def spread(values: list[float]) -> str:
    """The least and the greatest of the seeds."""
    return f"{min(values):.4f}–{max(values):.4f}"


def compared(settings: Benchmark, arm: str, count: int, sides: dict[str, list[str]]) -> list[str]:
    """For each measure trunk, random and the paired difference, as cells."""
    scores = f"worth-{arm.split(',')[0].replace(' ', '-')}-{count}-{settings.steps}-{settings.longer}"
    command(
        "evaluation/run.py", "--name", scores, "--publish", "false", "--limit", str(settings.cases),
        "--models", *sides["random"], *sides["trunk"], "--baseline", "random", "--controls", "none",
        "--pool", *(f"{side}={','.join(runs)}" for side, runs in sides.items()),
    )  # fmt: skip
    contestants = read_json(artifact("scores", scores) / "summary.json")["contestants"]
    cells = []
    for measure in MEASURES:
        trunk, random = (contestants[side]["metrics"][measure] for side in ("trunk", "random"))
        cells += [interval(trunk["overall"]), interval(random["overall"])]
        cells.append(interval(trunk["against_baseline"]["difference"], signed=True))
    return cells


def interval(estimate: dict[str, Any], *, signed: bool = False) -> str:
    """A share, or a difference of shares in points, with its 95 % interval."""
    value, low, high = (100 * estimate[key] for key in ("value", "low", "high"))
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f})" if signed else f"{value:.1f} % ({low:.1f}–{high:.1f})"


if __name__ == "__main__":
    run_main(main)
