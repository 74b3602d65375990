"""How many programs a second the sandbox runs, what one costs beside a plain Python, and whether hostile ones get out.

    python research/benchmarks/sandbox.py [--programs 2000] [--hostile true]

Prints programs a second with one worker for each core and with one, milliseconds of each program, and the ratio to its
named peer, `subprocess.run([python, "-c", source])`, which holds nothing; then the hostile programs of
`research/hostile` by family, how they ended, and every escape.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import os
import subprocess
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

from espalier.command_line.config import Config, load
from espalier.errors import run_main
from espalier.sandbox import Ending, Limits, Pool, Program

SOURCE = """
from collections import Counter
words = input().split()
print(sorted(Counter(words).items()), sum(number * number for number in range(100)))
"""
INPUT = b"a b c a b a\n"


class Benchmark(Config):
    """What to measure."""

    programs: int = 2000
    """Programs of each measurement; a tenth of it for the peer."""
    hostile: bool = True
    """Whether to run the hostile programs."""


def main(argv: list[str]) -> int:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/sandbox.py", doc=__doc__)
    cores = len(os.sched_getaffinity(0))
    print("| who | at a time | programs a second | ms each | ratio |\n|---|---:|---:|---:|---:|")
    for workers in dict.fromkeys((cores, 1)):
        contained = in_the_sandbox(settings.programs, workers)
        plain = in_plain_python(max(1, settings.programs // 10), workers)
        for who, each in (("sandbox", contained), ("plain Python", plain)):
            print(f"| {who} | {workers} | {workers / each:.0f} | {1000 * each:.2f} | {plain / each:.2f} |")
    return hold_hostile() if settings.hostile else 0


def in_the_sandbox(programs: int, workers: int) -> float:
    """Seconds of one program, with so many at a time, once the keepers are warm."""
    program = Program(source=SOURCE, stdin=INPUT)
    with Pool(workers=workers) as pool:
        expected = [outcome.text for outcome in pool.map([program] * (2 * workers))]
        began = time.perf_counter()
        outcomes = list(pool.map([program] * programs))
        took = time.perf_counter() - began
    assert all(outcome.ok and outcome.text == expected[0] for outcome in outcomes)
    return took * workers / programs


def in_plain_python(programs: int, workers: int) -> float:
    """The same with a new Python for each, which nothing contains."""

    def run(number: int) -> None:
        subprocess.run([sys.executable, "-I", "-c", SOURCE], input=INPUT, capture_output=True, check=True)

    began = time.perf_counter()
    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(run, range(programs)))
    return (time.perf_counter() - began) * workers / programs


def hold_hostile() -> int:
    """Run every hostile program: 1 where one was not held and named."""
    from research.hostile import HOSTILE, Outside

    endings: dict[str, Counter[str]] = defaultdict(Counter)
    faults = []
    patient = Limits(cpu_seconds=1, wall_seconds=30, memory=96 << 20, processes=24)
    impatient = Limits(cpu_seconds=1, wall_seconds=2, memory=96 << 20, processes=24)
    with Outside() as outside, Pool(patient, workers=1) as slow, Pool(impatient, workers=1) as quick:
        for hostile in HOSTILE:
            outcome = (quick if Ending.WALL_TIME in hostile.ends else slow).run(hostile.program(outside))
            endings[hostile.family][str(outcome.ended)] += 1
            if fault := hostile.fault(outcome, outside):
                faults.append(f"{hostile.family}, {hostile.name}: {fault}")
    print("\n| family | programs | ended |\n|---|---:|---|")
    for family, ended in endings.items():
        print(f"| {family} | {ended.total()} | {', '.join(f'{name} {number}' for name, number in ended.items())} |")
    escapes = sum("escaped" in fault for fault in faults)
    print(f"\n{len(HOSTILE)} hostile programs, {escapes} escapes, {len(faults) - escapes} not named as they should be")
    print("\n".join(faults))
    return int(bool(faults))


if __name__ == "__main__":
    run_main(main)
