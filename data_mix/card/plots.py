"""The pictures of a mix's card: which mistakes meet which moves, and how long the rows are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from espalier.report import COLOURS, canvas, save_picture

_NUM_BINS = 40
_NUM_LANGUAGES = 7
UNKNOWN = "not known"
"""The language of rows whose corpus does not state it and that no filter asked for."""


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


def shares(found: dict[str, Any], path: Path, *, title: str = "") -> Path:
    """Draws asked and realised percents of each source side by side into the PNG `path`, and returns it."""
    names = list(found["sources"])[::-1]
    asked = [found["sources"][name]["asked_percent"] for name in names]
    given = [found["sources"][name]["train"]["realised_percent"] for name in names]
    figure, axes = canvas(7.2, 1.3 + 0.45 * len(names), title)
    places = range(len(names))
    axes.barh([place + 0.19 for place in places], asked, 0.36, color="#c8c8c8", label="asked")
    axes.barh([place - 0.19 for place in places], given, 0.36, color=COLOURS[0], label="realised")
    for place, value in zip(places, given, strict=True):
        axes.text(value, place - 0.19, f" {value:.2f} %", va="center", fontsize=8.5)
    axes.set_yticks(places, names)
    axes.set_xlim(0, 1.15 * max(*asked, *given))
    axes.set_xlabel(f"percent of the training split, in {found['unit']}")
    axes.legend(frameon=False, fontsize=9)
    return save_picture(figure, path)


def languages(rows_by_language: Mapping[str, Mapping[str, int]], path: Path, *, title: str = "") -> Path:
    """Draws the rows of each language, one bar each, as shares of its source, into the PNG `path`, and returns it.

    The commonest languages are told apart; the others are gathered as one.
    """
    everything: Counter[str] = Counter()
    for counts in rows_by_language.values():
        everything.update(counts)
    told = [name for name, _ in everything.most_common() if name != UNKNOWN]
    shown, rest = told[:_NUM_LANGUAGES], told[_NUM_LANGUAGES:]
    bars = [([name], name, colour) for name, colour in zip(shown, COLOURS, strict=False)]
    bars += [(rest, "others", "#8c8c8c")] if rest else []
    bars += [([UNKNOWN], UNKNOWN, "#e3e3e3")] if UNKNOWN in everything else []
    names = list(rows_by_language)[::-1]
    figure, axes = canvas(7.2, 1.6 + 0.34 * len(names), title)
    left = [0.0] * len(names)
    for gathered, label, colour in bars:
        widths = [
            100 * sum(rows_by_language[name].get(one, 0) for one in gathered) / sum(rows_by_language[name].values())
            for name in names
        ]
        axes.barh(range(len(names)), widths, 0.7, left=left, color=colour, label=label, edgecolor="white", lw=0.5)
        left = [start + width for start, width in zip(left, widths, strict=True)]
    axes.set_yticks(range(len(names)), names)
    axes.set_xlim(0, 100)
    axes.set_xlabel("percent of the source's training rows")
    axes.legend(frameon=False, fontsize=8.5, ncols=8, loc="lower center", bbox_to_anchor=(0.5, 1.0))
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
