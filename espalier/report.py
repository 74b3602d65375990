"""What reports are made of: Markdown tables in which nothing can break out of its cell, and plain, deterministic plots.

matplotlib is imported inside the functions, so that importing this module costs nothing.
The same numbers give the same PNG bytes: pictures are drawn without a display and carry no date.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito (2008), "Color Universal Design": told apart by colour-blind readers too. Grey is for what is not a model.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442")
GREY = "#777777"

Interval = tuple[float, float, float]
"""(estimate, low, high), in the unit of the axis it is drawn on."""


class Markup(str):
    """Text that is Markdown already and enters a table as it is; the caller vouches for it."""


def escape(text: str) -> str:
    """`text` as one line of Markdown showing just these characters: no cell, tag, link or emphasis in it counts."""
    text = html.escape(text, quote=False)
    text = re.sub(r"([\\`*\[\]|~$])", r"\\\1", text)
    text = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)  # inside a word, as in must_not, it is no emphasis
    text = re.sub(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]", "<br>", text)
    return re.sub(r"[\x00-\x08\x0e-\x1f\x7f]", "\N{REPLACEMENT CHARACTER}", text).replace("\t", " ")


def _cell(value: Any) -> str:
    if isinstance(value, Markup):
        return str(value)
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.3f}" if math.isfinite(value) else str(value)
    return escape(str(value))


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table: numbers set right, None a dash, text escaped, `Markup` left as it is.

    Raises ValueError for a row that is not as long as the headers.
    """
    kept = [list(row) for row in rows]
    for number, row in enumerate(kept):
        if len(row) != len(headers):
            raise ValueError(f"row {number} has {len(row)} cells, the table has {len(headers)} columns")
    columns = [[row[i] for row in kept if row[i] is not None] for i in range(len(headers))]
    numeric = [bool(column) and all(isinstance(value, int | float) for value in column) for column in columns]
    lines = [[_cell(header) for header in headers], ["---:" if right else "---" for right in numeric]]
    lines += [[_cell(value) for value in row] for row in kept]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def percent(share: float, decimals: int = 1) -> str:
    """A share in 0..1 as a reader wants it, `97.3 %`; what is not all or nothing is never rounded to it: `>99.9 %`."""
    if not math.isfinite(share):
        return "–"
    shown, step = round(100 * share, decimals), 10.0**-decimals
    if 0 < share < 1 and shown in (0, 100):
        return f"<{step:.{decimals}f} %" if shown == 0 else f">{100 - step:.{decimals}f} %"
    return f"{shown:.0f} %" if shown in (0, 100) else f"{shown:.{decimals}f} %"


def loss_curve(
    rows: Iterable[Mapping[str, Any]],
    path: Path,
    *,
    train: str = "loss",
    heldout: str = "heldout_loss",
    floor: float | None = None,
    title: str = "",
    unit: str = "nats per token",
) -> Path:
    """Draws training and held-out loss over steps into the PNG `path`, and returns it.

    `rows` are lines of a run's metrics, each with a `step`; `train` and `heldout` name the keys to draw, and a row may
    have either, both or neither. `floor` is the entropy of the source in the same unit, below which no model can stay.
    """
    points: dict[str, list[tuple[int, float]]] = {train: [], heldout: []}
    for row in rows:
        for key, line in points.items():
            value = row.get(key)
            if value is not None and math.isfinite(value):
                line.append((int(row["step"]), float(value)))
    figure, axes = canvas(7.2, 4.0, title)
    if points[train]:
        steps, values = zip(*points[train], strict=True)
        noisy = len(values) > 60
        axes.plot(
            steps,
            values,
            color=COLOURS[0],
            alpha=0.25 if noisy else 1,
            lw=0.8 if noisy else 1.6,
            label=None if noisy else "training",
        )
        if noisy:
            axes.plot(
                steps, _smooth(values, len(values) // 30), color=COLOURS[0], lw=1.6, label="training (running mean)"
            )
    if points[heldout]:
        steps, values = zip(*points[heldout], strict=True)
        axes.plot(
            steps, values, color=COLOURS[4], lw=1.6, marker="o", ms=3.5, label=f"held out (last {values[-1]:.3f})"
        )
    if floor is not None:
        axes.axhline(floor, color=GREY, ls="--", lw=1.2, label=f"floor: entropy of the source ({floor:.3f})")
    everything = [value for line in points.values() for _, value in line] + ([floor] if floor else [])
    if everything and min(everything) > 0 and max(everything) > 4 * min(everything):
        _log_scale(axes, min(everything), max(everything))
    axes.set_xlabel("step")
    axes.set_ylabel(_plain(unit))
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=9)
    return save_picture(figure, path)


def interval_bars(
    groups: Sequence[str],
    series: Mapping[str, Sequence[Interval | None]],
    path: Path,
    *,
    title: str = "",
    unit: str = "",
    bands: Sequence[Sequence[tuple[str, Interval]]] = (),
    bands_are: str = "",
) -> Path:
    """Draws shares in 0..1 as horizontal bars with their intervals into the PNG `path`, and returns it.

    `series` maps a model's name to one (share, low, high) per group, or None where the model has no figure there.
    `bands` are, for each group, names and intervals of what is no model: faint grey behind the bars, from low to high,
    the first with its name; `bands_are` says in the legend what they are.
    """
    count = max(1, len(series))
    figure, axes = canvas(7.2, 1.3 + len(groups) * max(0.4, 0.17 * count + 0.12), title)
    height = (0.7 if bands else 0.8) / count
    middle = (count - 1) / 2 + (0.07 / height if bands else 0.0)  # below the bars of a group there is a name
    _draw_bands(axes, bands, bands_are)
    for index, (name, intervals) in enumerate(series.items()):
        colour = COLOURS[index % len(COLOURS)]
        drawn = [(place, found) for place, found in enumerate(intervals) if found is not None]
        places = [place + (index - middle) * height for place, _ in drawn]
        values = [found[0] for _, found in drawn]
        below = [max(0.0, value - low) for _, (value, low, _) in drawn]
        above = [max(0.0, high - value) for _, (value, _, high) in drawn]
        axes.barh(
            places,
            values,
            height=height * 0.9,
            color=colour,
            label=_plain(name),
            xerr=[below, above],
            error_kw={"lw": 1.1, "capsize": 2.5, "ecolor": "#222222"},
        )
        for place, (_, (value, _, high)) in zip(places, drawn, strict=True):
            axes.text(max(value, high) + 0.012, place, percent(value, 0), va="center", fontsize=8, color="#222222")
    _label_rows(axes, groups)
    axes.set_xlim(0, 1.1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.set_xlabel(_plain(unit))
    if series:
        columns = 1 if bands else min(4, count)
        figure.legend(loc="outside lower center", ncols=columns, frameon=False, fontsize=9)
    return save_picture(figure, path)


def _draw_bands(axes: Axes, bands: Sequence[Sequence[tuple[str, Interval]]], meaning: str) -> None:
    label: str | None = _plain(meaning)
    for place, found in enumerate(bands):
        for _, (_, low, high) in found:
            axes.barh(place, high - low, left=low, height=0.96, color=GREY, alpha=0.16, lw=0, label=label)
            label = None
        for name, (value, _, _) in found[:1]:
            side = "left" if value < 0.1 else "right" if value > 0.95 else "center"
            axes.text(value, place + 0.47, _plain(name), ha=side, va="bottom", fontsize=6.5, color="#444444")


def canvas(width: float, height: float, title: str) -> tuple[Figure, Axes]:
    """A figure of `width` x `height` inches on its own canvas: no pyplot, hence no global state and no display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=130, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_axisbelow(True)
    axes.grid(color="#DDDDDD", lw=0.7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9)
    if title:
        figure.suptitle(_plain(title), fontsize=11, x=0.01, ha="left")
    return figure, axes


def save_picture(figure: Figure, path: Path) -> Path:
    """Writes the PNG `path`, without a date or a version in it, and returns it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png", metadata={"Software": None})
    return path


def _label_rows(axes: Axes, labels: Sequence[str]) -> None:
    """Names the places 0, 1, 2 … of a horizontal plot, from the top down."""
    axes.set_yticks(range(len(labels)), [_plain(label) for label in labels])
    axes.set_ylim(max(1, len(labels)) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)


def _plain(text: str) -> str:
    return text.replace("$", r"\$")


def _log_scale(axes: Axes, low: float, high: float) -> None:
    """A logarithmic axis labelled in plain numbers at 1, 2 and 5 of each decade."""
    from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

    axes.set_yscale("log")
    ticks = [digit * 10.0**power for power in range(-6, 7) for digit in (1, 2, 5)]
    axes.yaxis.set_major_locator(FixedLocator([tick for tick in ticks if low / 2 <= tick <= high * 2]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.set_ylim(low * 0.85, high * 1.1)


def _smooth(values: Sequence[float], window: int) -> list[float]:
    """The mean of each value and those around it, over at most `window` values."""
    half = max(1, window // 2)
    sums = [0.0]
    for value in values:
        sums.append(sums[-1] + value)
    ends = [(max(0, i - half), min(len(values), i + half + 1)) for i in range(len(values))]
    return [(sums[stop] - sums[start]) / (stop - start) for start, stop in ends]
