"""The band of each round and the scores of its attempts as pictures, for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from espalier.report import COLOURS, canvas, save_picture
from research.bootstrap.bands import BANDS, TOP_SCORE
from research.bootstrap.dashboard.material import Told


def draw_bands(rounds: Sequence[Told], path: Path) -> Path:
    """The band that each round left the pupil at."""
    figure, axes = canvas(7.2, 3.2, "The band after each round")
    numbers = [each.number for each in rounds]
    bands = [each.found["next_band"] for each in rounds]
    axes.step(numbers, bands, where="post", color=COLOURS[0], lw=1.6, marker="o", ms=4)
    axes.set_yticks(range(len(BANDS)), [f"{name} {band}" for band, name in enumerate(BANDS)])
    axes.set_ylim(-0.4, len(BANDS) - 0.6)
    _rounds_below(axes)
    return save_picture(figure, path)


def draw_scores(rounds: Sequence[Told], path: Path) -> Path:
    """How the scores of attempts were distributed, a ridge for each round in which something was attempted."""
    tried = [each for each in rounds if sum(each.found["scores"])]
    figure, axes = canvas(7.2, 1.4 + 0.26 * max(4, len(tried)), "Scores of attempts, by round")
    shares = [[count / sum(each.found["scores"]) for count in each.found["scores"]] for each in tried]
    highest = max((max(each) for each in shares), default=1.0)
    edges = [score - 0.5 for score in range(TOP_SCORE + 2)]
    for row, each in enumerate(shares):
        tops = [-row + 2 * share / highest for share in each]
        axes.stairs(tops, edges, baseline=-row, fill=True, color="#BBD9EC", ec=COLOURS[0], lw=1, zorder=2 + row)
    axes.set_yticks([-row for row in range(len(tried))], [str(each.number) for each in tried])
    axes.set_xticks(range(TOP_SCORE + 1))
    axes.set_xlabel("score", fontsize=9)
    axes.set_ylabel("round", fontsize=9)
    if not tried:
        axes.text(TOP_SCORE / 2, 0.5, "nothing was attempted yet", ha="center", color="#444444")
        axes.set_xlim(-0.5, TOP_SCORE + 0.5)
    return save_picture(figure, path)


def _rounds_below(axes: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlabel("round", fontsize=9)
