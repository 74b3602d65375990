"""Does a reward that is kept on policy rank the policy's replies better, and is the policy better for it?

    python research/benchmarks/rlp.py [--seeds 0 1 2] [--arms none spg uml rules]

Preferences that rules make of replies of a young core (the same trunk, trained for a fifth of the steps) are all that
is known. Each arm is a loop (feedback/rlp.py) from the real core that refreshes its reward model otherwise; `rules`,
which knows the truth of the policy's own replies, is what could be reached. Examined on the suite recast, combinations
that no training met, which steers nothing here: no loop is stopped. Prints Markdown: the figures of every round and,
pair by pair of seeds, each arm's difference from the first, with an interval over prompts (the seeds as they are) and
one over seeds (Student's t). Draws the best of n by each reward, and the policies, into --pictures.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import importlib
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import is_complete, read_json
from espalier.command_line.config import Config, FilePath, load
from espalier.errors import run_main
from feedback.loop import steps

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OLD = "rlp-young"
CONFIG = "feedback/configs/rlp-basil.yaml"
KEYS = (
    "exam.prompts=suite:recast", "exam.limit=100", "exam.n=5", "exam.best_of=8", "samples.limit=100", "samples.n=8",
    "final=null", "stop.fall=false", "stop.kl=null", "reward.keys.steps=100", "policy.keys.steps=80",
)  # fmt: skip
"""What is otherwise here: no rule stops a loop, and all is as small as two cores want it."""
FIGURES = {
    "accuracy": "pairs of its own replies ranked right",
    "true": "true score",
    "proxy": "reward, sd",
    "kl": "nats",
}
"""Figures of an examination that are compared, prompt by prompt."""


class Benchmark(Config):
    """How to measure."""

    seeds: list[int] = [0, 1, 2]
    """Of everything in a loop."""
    arms: list[str] = ["none", "spg", "uml", "rules"]
    """How the reward model is refreshed; the first is what the others are compared with."""
    config: FilePath = Path(CONFIG)
    """The loop."""
    keys: list[str] = []
    """Keys of it with other values: rounds=2 samples.limit=80."""
    only_run: bool = False
    """Run the loops and print nothing, as where several processes share the seeds."""
    old_steps: int = 3000
    """Steps of the young core whose replies the known preferences compare."""
    old_prompts: int = 400
    """Prompts of those preferences."""
    prefix: str = "rlp"
    """Loops are called PREFIX-ARM-SEED."""
    pictures: FilePath | None = None
    """Folder for the pictures."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/rlp.py", doc=__doc__)
    steps.run_command = command  # type: ignore[assignment]
    prepare(settings)
    given = [*KEYS, *settings.keys]
    keys = [word for each in given for word in (f"--{each.partition('=')[0]}", each.partition("=")[2])]
    for seed in settings.seeds:
        for arm in settings.arms:
            command("feedback/rlp.py", str(settings.config), "--name", loop(settings, arm, seed), "--refresh", arm,
                    "--seed", str(seed), "--corpora", f"{OLD}-preferences", *keys, "--publish", "false")  # fmt: skip
    if settings.only_run:
        return
    for lines in (levels(settings), differences(settings), won(settings)):
        print("\n".join(lines) + "\n")
    if settings.pictures:
        draw(settings, settings.pictures)


def prepare(settings: Benchmark) -> None:
    """The young core, its replies, and what rules prefer among them."""
    if not is_complete(artifact("runs", OLD)):
        command("stage1/train.py", "basil", "--name", OLD, "--steps", str(settings.old_steps), "--publish", "false")
    sampled = ["--prompts", "mix:basil/train", "--limit", str(settings.old_prompts), "--seed", "17"]
    command(
        "feedback/sample.py", "--model", OLD, *sampled, "--n", "6", "--name", f"{OLD}-samples", "--publish", "false"
    )
    command("feedback/prefer.py", "--samples", f"{OLD}-samples", "--by", "rules=1", "--make", "pairs", "--keep", "3",
            "--name", f"{OLD}-preferences", "--publish", "false")  # fmt: skip


def command(script: str, *words: str) -> int:
    """Run one of the project's commands in this process: in steps as short as these, beginning takes half the time.

    Its output goes to stderr, so that stdout is the record.
    """
    with redirect_stdout(sys.stderr):
        return int(importlib.import_module(script.removesuffix(".py").replace("/", ".")).main([*words]) or 0)


def loop(settings: Benchmark, arm: str, seed: int) -> str:
    """What a loop is called."""
    return f"{settings.prefix}-{arm}-{seed}"


def exams(settings: Benchmark, arm: str, seed: int) -> list[dict[str, Any]]:
    """What was found of each round's last weights."""
    folder = artifact("loops", loop(settings, arm, seed))
    return [dict(read_json(path)) for path in sorted(folder.glob("exams/*-exam.json"))]


def values(settings: Benchmark, arm: str, name: str, at: int = -1) -> NDArray[np.float64]:
    """(seeds, prompts): a figure of the examination of a round, the last by default."""
    import numpy as np

    found = [exams(settings, arm, seed)[at]["by_prompt"][name] for seed in settings.seeds]
    return np.array(found, dtype=np.float64)


def levels(settings: Benchmark) -> list[str]:
    """The means of every round."""
    import numpy as np

    rounds = range(len(exams(settings, settings.arms[0], settings.seeds[0])))
    lines = ["| refresh | round | " + " | ".join(FIGURES.values()) + " |", "|---|---:|" + "---:|" * len(FIGURES)]
    for arm in settings.arms:
        for at in rounds:
            found = [np.nanmean(values(settings, arm, name, at)) for name in FIGURES]
            lines.append(f"| {arm} | {at} | " + " | ".join(f"{each:.3f}" for each in found) + " |")
    return lines


def differences(settings: Benchmark) -> list[str]:
    """Each arm's last round beside the first arm's."""
    import numpy as np

    first, *others = settings.arms
    clusters = np.array(exams(settings, first, settings.seeds[0])[-1]["clusters"])
    lines = [
        f"| refresh | figure | above `{first}` | over prompts | over seeds | by seed |",
        "|---|---|---:|---|---|---|",
    ]
    for arm in others:
        for name, label in FIGURES.items():
            gap = values(settings, arm, name) - values(settings, first, name)
            lines.append(f"| {arm} | {label} | {' | '.join(told(gap, clusters))} |")
    return lines


def told(gap: NDArray[np.float64], clusters: NDArray[np.int64]) -> Iterator[str]:
    """A difference (seeds, prompts): its mean, its interval over prompts and over seeds, and the seeds' own."""
    import numpy as np

    from evaluation.comparison.stats import t_quantile
    from feedback.loop.figures import by_prompt, estimate

    seeds = np.nanmean(gap, axis=1)
    over_prompts = estimate(by_prompt(gap.T), clusters)
    assert over_prompts is not None
    yield f"{seeds.mean():+.3f}"
    yield f"{over_prompts['low']:+.3f} to {over_prompts['high']:+.3f}"
    spread = t_quantile(0.975, len(seeds) - 1) * seeds.std(ddof=1) / np.sqrt(len(seeds)) if len(seeds) > 1 else np.nan
    yield f"{seeds.mean() - spread:+.3f} to {seeds.mean() + spread:+.3f}"
    yield ", ".join(f"{each:+.3f}" for each in seeds)


def won(settings: Benchmark) -> list[str]:
    """What replies made to win get from each arm's last reward model, and by how much the policy's own lie above it."""
    import numpy as np

    lines = [
        "| refresh | replies made to win | its reward, sd | the policy's lead, by seed | gamed |",
        "|---|---|---:|---|---|",
    ]
    for arm in settings.arms:
        lasts = [exams(settings, arm, seed)[-1] for seed in settings.seeds]
        marks = [read_json(artifact("loops", loop(settings, arm, seed)) / "manifest.json") for seed in settings.seeds]
        gamed = sum(each["rounds"][-1]["gamed"] for each in marks)
        for name in lasts[0]["controls"]:
            found = [each["controls"][name] for each in lasts]
            mean = np.mean([each["proxy"]["value"] for each in found])
            leads = ", ".join(
                f"{each['lead']['value']:+.2f}{'' if each['lead']['low'] > 0 else ' (shared)'}" for each in found
            )
            lines.append(f"| {arm} | {name} | {mean:+.2f} | {leads} | {gamed} of {len(lasts)} |")
    return lines


def draw(settings: Benchmark, folder: Path) -> None:
    """Goodhart's curve of each arm's last reward model, by the best of n, and of its policies; seeds together."""
    from feedback.loop.pictures import goodhart, mean_of, of_best, of_policies

    lasts = {arm: [exams(settings, arm, seed) for seed in settings.seeds] for arm in settings.arms}
    goodhart(
        {f"refresh: {arm}": mean_of([of_best(each[-1]) for each in found]) for arm, found in lasts.items()},
        folder / "rlp-best-of.png",
        title="The best of 1, 2, 4, … replies of the core, by the last reward model",
        xlabel="nats from the core (log n − (n − 1) / n)",
    )
    goodhart(
        {
            f"refresh: {arm}": mean_of([of_policies(each, ordered=False) for each in found])
            for arm, found in lasts.items()
        },
        folder / "rlp-policies.png",
        title="Policies trained for the reward, round by round",
        xlabel="nats per reply from the core",
    )


if __name__ == "__main__":
    run_main(main)
