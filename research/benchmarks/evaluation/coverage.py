"""How often intervals cover the truth and tests find what is not there, beside the same with clusters ignored.

    python research/benchmarks/evaluation/coverage.py [--rounds 1500]

Two models answer three cases of each cluster. How hard a cluster is, is drawn anew each round, and how much harder one
model finds it than the other too, so that replies of one cluster are alike. For the interval one model is better by a
known difference, for the test neither is. The peer is the same code, told that every case is a cluster of its own.
Prints Markdown.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from espalier.command_line.config import Config, load
from espalier.errors import run_main

if TYPE_CHECKING:
    import numpy as np

_SIZE = 3
_TRUE = 0.1


class Benchmark(Config):
    """What to simulate."""

    rounds: Annotated[int, Field(ge=1)] = 1500
    """Evaluations simulated for each number of clusters."""
    clusters: list[int] = [10, 25, 60]
    """Clusters in an evaluation, each of three cases."""
    resamples: Annotated[int, Field(ge=100)] = 1000
    """Draws of each interval and test."""
    seed: int = 7
    """Of what is simulated."""


def main(argv: list[str]) -> None:
    config, _ = load(Benchmark, argv, prog="python research/benchmarks/evaluation/coverage.py", doc=__doc__)
    print(f"{config.rounds:,} rounds, {_SIZE} cases to a cluster, seed {config.seed}.\n")
    print("| clusters | interval covers | clusters ignored | test errs at .05 | clusters ignored |")
    print("|---:|---:|---:|---:|---:|")
    for number in config.clusters:
        print(f"| {number} | " + " | ".join(f"{share:.3f}" for share in simulate(config, number)) + " |")


def simulate(config: Benchmark, number: int) -> tuple[float, float, float, float]:
    """Coverage of the interval with clusters and without, then errors of the test with and without."""
    import numpy as np

    from evaluation.comparison.paired import Pair, compare
    from evaluation.comparison.resampling import Resampling

    rng = np.random.default_rng(config.seed)
    of_clusters, of_cases = np.repeat(np.arange(number), _SIZE), np.arange(number * _SIZE)
    covered, errs = np.zeros(2), np.zeros(2)
    for round_ in range(config.rounds):
        pairs = {gain: draw(rng, number, gain) for gain in (_TRUE, 0.0)}
        for place, clusters in enumerate((of_clusters, of_cases)):
            resampling = Resampling(clusters[-1] + 1, seed=round_, resamples=config.resamples)
            better, level = compare(
                [
                    Pair(baseline=base[None], candidate=other[None], clusters=clusters, span=1.0)
                    for base, other in pairs.values()
                ],
                resampling,
            )
            covered[place] += better.difference.low <= _TRUE <= better.difference.high
            errs[place] += level.p_value < 0.05
    return tuple(float(share) for share in (*covered / config.rounds, *errs / config.rounds))  # type: ignore[return-value]


def draw(rng: "np.random.Generator", number: int, gain: float) -> "tuple[np.ndarray, np.ndarray]":
    """Scores of both models, 0 or 1, shape (cases,) each; the second's chance is `gain` higher on average."""
    ease, lean = rng.uniform(0.25, 0.65, number), rng.uniform(-0.25, 0.25, number)
    chances = [(ease - lean / 2).repeat(_SIZE), (ease + gain + lean / 2).repeat(_SIZE)]
    base, other = ((rng.random(len(chance)) < chance).astype(float) for chance in chances)
    return base, other


if __name__ == "__main__":
    run_main(main)
