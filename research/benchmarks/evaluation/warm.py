"""How long the whole command takes when every reply is known: `python evaluation/run.py` with 1,000 cases, run again.

    python research/benchmarks/evaluation/warm.py [--models basil-trunk basil-core] [--cases 1000]

In a temporary workspace that borrows the runs of this one, the command is run once to fill the cache, and then again:
as it is (the scores are complete, and are shown), and with --redo (everything is measured, judged and reported anew
from cached replies). Times are those of the processes, from outside. Prints Markdown, with the report's hash of the
first and the last run, and whether a warm run imported torch.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import os
import subprocess
import tempfile
import time
from statistics import median
from typing import Annotated

from pydantic import Field

from espalier.artifacts.paths import repo_root, workspace
from espalier.artifacts.records import sha256_file
from espalier.command_line import yaml_text
from espalier.command_line.config import Config, load
from espalier.errors import UserError, run_main

NAME = "warm"


class Benchmark(Config):
    """What to measure."""

    models: Annotated[list[str], Field(min_length=1)] = ["basil-trunk", "basil-core"]
    """Runs of this workspace, or anything else that can be evaluated."""
    cases: Annotated[int, Field(ge=1)] = 1000
    """Cases of the suite."""
    repeats: Annotated[int, Field(ge=1)] = 5
    """Warm runs of each kind; the median counts."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/evaluation/warm.py", doc=__doc__)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for kind in ("runs", "judges"):
            if (workspace() / kind).is_dir():
                (home / kind).symlink_to(workspace() / kind)
        words = ["--suite", str(suite(home, settings.cases)), "--models", *settings.models]
        words += ["--name", NAME, "--publish", "false"]
        report = home / "scores" / NAME / "report.md"
        cold, _ = timed(home, words)
        before = sha256_file(report)
        again = [timed(home, words)[0] for _ in range(settings.repeats)]
        anew = [timed(home, [*words, "--redo"])[0] for _ in range(settings.repeats)]
        same = sha256_file(report) == before
        _, imports = timed(home, [*words, "--redo"], "-X", "importtime")
    heavy = [name for name in ("torch", "transformers") if f"| {name}\n" in imports]
    print(f"{settings.cases} cases × {len(settings.models)} models\n\n| run | s |\n|---|---:|\n| first | {cold:.1f} |")
    print(f"| again, complete | {median(again):.2f} ({min(again):.2f}–{max(again):.2f}) |")
    print(f"| again with --redo, all replies cached | {median(anew):.2f} ({min(anew):.2f}–{max(anew):.2f}) |")
    print(f"\nThe report is {'the same, byte for byte' if same else 'another'}; "
          f"a warm run imported {' and '.join(heavy) or 'neither torch nor transformers'}.")  # fmt: skip


def suite(home: Path, number: int) -> Path:
    """A suite of that many short questions, no two alike."""
    cases = [{"name": f"case {place}", "prompt": f"I go to market {place} days ago."} for place in range(number)]
    path = home / "suite.yaml"
    path.write_text(yaml_text.dump({"name": "warm", "cases": cases, "generation": {"max_new_tokens": 32}}))
    return path


def timed(home: Path, words: list[str], *python: str) -> tuple[float, str]:
    """Seconds of one run of the command, and what it wrote to stderr."""
    command = [sys.executable, *python, str(repo_root() / "evaluation" / "run.py"), *words]
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"ESPALIER_HOME": str(home)})
    seconds = time.perf_counter() - begun
    if done.returncode:
        raise UserError(f"{' '.join(command)} ended with exit code {done.returncode}: {done.stderr.strip()[-500:]}")
    return seconds, done.stderr


if __name__ == "__main__":
    run_main(main)
