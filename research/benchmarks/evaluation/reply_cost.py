"""What it costs to score one reply, against another checkout of this repository.

    python research/benchmarks/evaluation/reply_cost.py --labels mrbench_v2.json --before ../old [--replies 1000]

Each checkout trains a judge on the labels (seed 0) in a temporary workspace, and then, in a process with one thread,
judges the first replies of the labels, 64 at a time, and makes the other columns of the pedagogy score of each, case by
case. The two take turns; nothing is remembered of a text from what warms them up. Times are those of the
processor. Prints Markdown: medians in ms, and what the cost is now over what it was.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import json
import os
import subprocess
import tempfile
from statistics import median
from typing import Annotated

from pydantic import Field

from espalier.artifacts.paths import repo_root
from espalier.command_line.config import Config, FilePath, load
from espalier.errors import UserError, run_main

_MEASURE = Path(__file__).with_name("reply_cost_of.py")
_RUN = f"""
import runpy, sys
sys.path[0] = sys.argv[1]
runpy.run_path({str(_MEASURE)!r})["main"](int(sys.argv[2]), sys.argv[3:])
"""
_TRAIN = Path("evaluation/judges/train.py")


class Benchmark(Config):
    """What to measure."""

    labels: Annotated[list[FilePath], Field(min_length=1)]
    """Label files: what the judges are taught, and whose replies are scored."""
    before: FilePath
    """A checkout to compare with."""
    replies: Annotated[int, Field(ge=1)] = 1000
    """Replies scored."""
    repeats: Annotated[int, Field(ge=1)] = 3
    """Turns of each checkout."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/evaluation/reply_cost.py", doc=__doc__)
    checkouts = {"before": settings.before, "now": repo_root()}
    for checkout in checkouts.values():
        if not (checkout / _TRAIN).is_file():
            raise UserError(f"--before {checkout}: no checkout, for it has no {_TRAIN}; name one: git worktree add")
    labels = list(map(str, settings.labels))
    with tempfile.TemporaryDirectory() as folder:
        homes = {name: str(Path(folder) / name) for name in checkouts}
        for name, checkout in checkouts.items():
            python(homes[name], str(checkout / _TRAIN), "--labels", *labels)
        turns: list[dict[str, dict[str, float]]] = []
        for _ in range(settings.repeats):
            words = (str(settings.replies), *labels)
            turns.append({name: json.loads(python(homes[name], "-c", _RUN, str(checkout), *words).splitlines()[-1])
                          for name, checkout in checkouts.items()})  # fmt: skip
    print(f"{turns[0]['now']['replies']} replies, one thread, medians of {settings.repeats}, ms of the processor for a "
          "reply.\n\n| | before | now | now/before |\n|---|---:|---:|---:|")  # fmt: skip
    for part in (("judge",), ("rules",), ("judge", "rules")):
        before, now = (median(sum(turn[name][each] for each in part) for turn in turns) for name in checkouts)
        print(f"| {' and '.join(part)} | {before:.2f} | {now:.2f} | {now / before:.2f} |")


def python(home: str, *words: str) -> str:
    """What a script of ours prints, run in a workspace of its own with one thread."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    env = os.environ | threads | {"ESPALIER_HOME": home}
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, env=env)
    if done.returncode:
        raise UserError(f"{' '.join(words)} ended with exit code {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout


if __name__ == "__main__":
    run_main(main)
