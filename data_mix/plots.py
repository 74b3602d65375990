"""The pictures of a mix's card: which mistakes meet which moves, and how long the rows are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from espalier.report import COLOURS, canvas, save_picture

_NUM_BINS = 40


def heatmap(counts: Mapping[tuple[str, str], int], path: Path, *, title: str = "") -> Path:
    """Draws counts by (row, column) as a grid of shaded, numbered cells into the PNG `path`, and returns it.

    Rows and columns stand in order of their totals, the commonest first.
    """
    row_totals: Counter[str] = Counter()
    column_totals: Counter[str] = Counter()
    for (row, column), count in counts.items():
        row_totals[row] += count
        column_totals[column] += count
    rows = sorted(row_totals, key=lambda name: (-row_totals[name], name))
    columns = sorted(column_totals, key=lambda name: (-column_totals[name], name))
    grid = [[counts.get((row, column), 0) for column in columns] for row in rows]
    top = max(max(line) for line in grid)
    figure, axes = canvas(2.2 + 0.62 * len(columns), 1.7 + 0.3 * len(rows), title)
    axes.imshow(grid, cmap="Blues", vmin=0, vmax=1.25 * top, aspect="auto")
    for y, line in enumerate(grid):
        for x, count in enumerate(line):
            colour = "white" if count > 0.75 * top else "#222222"
            axes.text(x, y, f"{count:,}", ha="center", va="center", fontsize=8, color=colour)
    axes.set_xticks(range(len(columns)), [_words(name) for name in columns], rotation=35, ha="right", fontsize=8.5)
    axes.set_yticks(range(len(rows)), [_words(name) for name in rows], fontsize=8.5)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return save_picture(figure, path)


def lengths(rows_by_bytes: Mapping[str, Mapping[int, int]], path: Path, *, title: str = "") -> Path:
    """Draws how many rows of each kind have how many bytes, as outlined histograms, into the PNG `path`.

    The axis ends at the 99.5th percentile of all rows; the few longer ones are gathered in the last bin, as its label
    says.
    """
    everything: Counter[int] = Counter()
    for counts in rows_by_bytes.values():
        everything.update(counts)
    end = max(_NUM_BINS, percentile(everything, 0.995))
    figure, axes = canvas(7.2, 3.4, title)
    edges = [end * step / _NUM_BINS for step in range(_NUM_BINS + 1)]
    for colour, (kind, counts) in zip(COLOURS, sorted(rows_by_bytes.items()), strict=False):
        sizes = [min(size, end) for size in counts]
        axes.hist(
            sizes,
            bins=edges,
            weights=list(counts.values()),
            histtype="stepfilled",
            facecolor=(*_rgb(colour), 0.25),
            edgecolor=colour,
            lw=1.4,
            label=f"{kind} (median {percentile(counts, 0.5):,} bytes, longest {max(counts):,})",
        )
    axes.set_xlim(0, end)
    axes.set_xlabel(f"bytes of text in a row (rows over {end:,} stand in the last bin)")
    axes.set_ylabel("rows")
    axes.legend(frameon=False, fontsize=9)
    return save_picture(figure, path)


def percentile(counts: Mapping[int, int], share: float) -> int:
    """The smallest value that at least `share` of all counted ones do not exceed."""
    left = share * sum(counts.values())
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    return max(counts)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
