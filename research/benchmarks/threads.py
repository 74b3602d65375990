"""What a second thread brings to the default training, alone and beside another busy program.

    python research/benchmarks/threads.py [--rounds 3]

Prints tokens a second of the trunk's shape with one thread and with all, in turn, on the machine as it is and then
beside one process that does nothing but count; and the number of threads that a new run would choose in either case.
The peer of each figure is the other number of threads, measured in the same minute.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import statistics
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from espalier.artifacts.paths import repo_root
from espalier.command_line.config import Config, load, load_file
from espalier.errors import run_main
from stage1.config import Stage1Config


class Benchmark(Config):
    """How often to measure."""

    rounds: int = 3
    """Pairs of measurements; medians are printed."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/threads.py", doc=__doc__)
    import torch

    from research.demo import TRUNK, tokens_per_second
    from training.threads import choose_threads

    everything = torch.get_num_threads()
    config = load_file(Stage1Config, repo_root() / TRUNK)
    assert config.model is not None
    shape = (config.micro_batch_size * config.seq_len, config.model.width, config.model.feed_forward)
    print(f"| the machine | 1 thread | {everything} threads | ratio | chosen |\n|---|---:|---:|---:|---:|")
    for name, beside in (("as it is", nullcontext()), ("beside one busy process", busy())):
        with beside:
            pairs = [(tokens_per_second(1), tokens_per_second(everything)) for _ in range(settings.rounds)]
            one, many = (statistics.median(column) for column in zip(*pairs, strict=True))
            torch.set_num_threads(everything)
            chosen = choose_threads(*shape)
        print(f"| {name} | {one:,.0f} | {many:,.0f} | {many / one:.2f} | {chosen} |")


@contextmanager
def busy() -> Iterator[None]:
    """A process that keeps one processor busy."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    run_main(main)
