"""What replay is worth: the from-scratch variants with and without the core's rows, on their own suite and the core's.

    python research/benchmarks/replay.py [--seeds 3] [--steps 4000] [--only_evaluate]

Trains `basil-l2` and `basil-heritage` by the pipeline's own command, as they come, and again on mixes of as many rows
that are all their own (what is finished is not trained again). Then prints Markdown: on the variant's own suite and on
the core's, seeds pooled, the core, the sibling, the variant with and without replay, what differs from the core with an
interval over cases and seeds, and the replies made to win of the same evaluation.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import subprocess
import tempfile
from typing import Any

import yaml
from pydantic import Field

from espalier.artifacts.paths import artifact, repo_root
from espalier.artifacts.records import read_json, read_manifest
from espalier.command_line.config import Config, load
from espalier.errors import UserError, run_main

CORE = "basil-core"
PAIR = {"basil-l2": "basil_l2", "basil-heritage": "basil_heritage"}
"""Variant -> its own suite."""
ARMS = ("with", "without")
CORE_MEASURES = ("corrected_present", "corrected_absent", "good_reply")


class Benchmark(Config):
    """What to compare."""

    seeds: int = Field(3, ge=1)
    """Trainings of each variant on either side."""
    steps: int = Field(4000, ge=1)
    """Steps of each."""
    only_evaluate: bool = False
    """Take the runs as they are."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/replay.py", doc=__doc__)
    runs = {(v, arm): trained(settings, v, arm) for v in PAIR for arm in ARMS}
    print("| suite | measure | who | reaches | against the core |\n|---|---|---|---:|---:|")
    for variant, suite in PAIR.items():
        (sibling,) = set(PAIR) - {variant}
        asked = {"sibling": runs[sibling, "with"], **{f"{arm} replay": runs[variant, arm] for arm in ARMS}}
        for row in compared(suite, f"replay-{variant}", asked, ("as_asked",), controls=True):
            print(row)
        own = {f"{variant} {arm} replay": runs[variant, arm] for arm in ARMS}
        for row in compared("recast", f"replay-{variant}-core", own, CORE_MEASURES, controls=False):
            print(row)


def trained(settings: Benchmark, variant: str, arm: str) -> list[str]:
    """The names of the runs of one variant on one side, one a seed, trained where they are not yet."""
    names = [
        variant if (arm, seed, settings.steps) == ("with", 0, 4000) else f"{variant}-{arm}-{settings.steps}-s{seed}"
        for seed in range(settings.seeds)
    ]
    for seed, name in enumerate(names):
        if settings.only_evaluate or read_manifest(artifact("runs", name)):
            continue
        mix = variant if arm == "with" else alone(variant)
        words = ("--name", name, "--seed", str(seed), "--steps", str(settings.steps), "--mix", mix)
        command("stage2/train.py", "--variant", variant, *words, expect=(0, 1))
    return names


def alone(variant: str) -> str:
    """The name of a mix of as many rows as the variant's, all of them its own."""
    recipe = yaml.safe_load((repo_root() / "data_mix" / "recipes" / f"{variant}.yaml").read_text(encoding="utf-8"))
    recipe["name"] = f"{variant}-alone"
    rows = sum(source["curriculum"]["dialogues"] for source in recipe["sources"])
    recipe["sources"] = recipe["sources"][:1]
    recipe["sources"][0]["share"] = 100
    recipe["sources"][0]["curriculum"]["dialogues"] = rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recipe.yaml"
        path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
        command("data_mix/build.py", str(path))
    return str(recipe["name"])


def command(*words: str, expect: tuple[int, ...] = (0,)) -> None:
    """Run one of the project's commands; its output goes to stderr, so that stdout is the record."""
    done = subprocess.run([sys.executable, *words], cwd=repo_root(), stdout=sys.stderr)
    if done.returncode not in expect:
        raise UserError(f"python {' '.join(words)} ended with exit code {done.returncode}; its own message says why")


def compared(
    suite: str, name: str, asked: dict[str, list[str]], measures: tuple[str, ...], *, controls: bool
) -> list[str]:
    """Rows of the table: the core, everybody asked, and, of the suite's own, the replies made to win."""
    pools = [f"{who.replace(' ', '-')}={','.join(runs)}" for who, runs in asked.items() if len(runs) > 1]
    names = {who: who.replace(" ", "-") if len(runs) > 1 else runs[0] for who, runs in asked.items()}
    command(
        "evaluation/run.py", "--name", name, "--publish", "false", "--suite", suite, "--baseline", CORE,
        "--models", CORE, *dict.fromkeys(run for runs in asked.values() for run in runs),
        *(["--pool", *pools] if pools else []), *([] if controls else ["--controls", "none"]),
    )  # fmt: skip
    contestants = read_json(artifact("scores", name) / "summary.json")["contestants"]
    shown = {"core": CORE, **names}
    if controls:
        shown |= {each: each for each in contestants if each.startswith(("rule:", "control:"))}
    return [
        f"| {suite} | {measure} | {who} | {interval(found['overall'])} | {against(found)} |"
        for measure in measures
        for who, label in shown.items()
        if (found := contestants[label]["metrics"][measure])
    ]


def against(found: dict[str, Any]) -> str:
    """The paired difference from the core, with its interval; nothing for the core."""
    compared = found.get("against_baseline")
    return interval(compared["difference"], signed=True) if compared else ""


def interval(estimate: dict[str, Any], *, signed: bool = False) -> str:
    """A share, or a difference of shares in points, with its 95 % interval."""
    value, low, high = (100 * estimate[key] for key in ("value", "low", "high"))
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f})" if signed else f"{value:.1f} % ({low:.1f}–{high:.1f})"


if __name__ == "__main__":
    run_main(main)
