"""How long every command takes to say `--help`, against a Python that does nothing.

    python research/benchmarks/help_speed.py [--repeats 7]

Prints a Markdown table. The ratio is what one start costs over `python -c pass`, both medians of one session, taken in
turns so that a busy moment hits both.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import subprocess
import time
from statistics import median

from espalier.artifacts.paths import repo_root
from espalier.command_line.config import Config, load
from espalier.errors import run_main

COMMANDS = [
    ["data_mix/build.py"],
    ["stage1/train.py"],
    ["evaluation/run.py"],
    ["-m", "espalier"],
    ["-m", "espalier", "runs"],
    ["-m", "espalier", "show"],
    ["-m", "espalier", "chat"],
    ["-m", "espalier", "rm"],
]


class Benchmark(Config):
    """How to measure."""

    repeats: int = 7
    """Starts of each command; the median counts."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/help_speed.py", doc=__doc__)
    times: dict[str, list[float]] = {" ".join(command): [] for command in COMMANDS}
    nothing = []
    for _ in range(settings.repeats):
        nothing.append(seconds(["-c", "pass"]))
        for command in COMMANDS:
            times[" ".join(command)].append(seconds([*command, "--help"]))
    print("| command | `--help`, s | slowest, s | × `python -c pass` |\n|---|---:|---:|---:|")
    for name, taken in times.items():
        print(f"| `python {name}` | {median(taken):.3f} | {max(taken):.3f} | {median(taken) / median(nothing):.1f} |")
    print(f"| `python -c pass` | {median(nothing):.3f} | {max(nothing):.3f} | 1.0 |")


def seconds(words: list[str]) -> float:
    """The time a Python started with these words takes, in seconds."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], cwd=repo_root(), check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    run_main(main)
