"""Progress as a picture, for Markdown."""

from __future__ import annotations

from pathlib import Path

from espalier.report import COLOURS, GREY, canvas, save_picture
from research.autoresearch.reporting.cards import frontier_values, kind_of, lucky, shown_range
from research.autoresearch.reporting.material import Loop

_KINDS = (
    ("tried", GREY, "tried and not kept"),
    ("two", COLOURS[1], "runs of the baseline"),
    ("one", COLOURS[0], "kept"),
)


def draw_progress(loop: Loop, path: Path) -> Path | None:
    """All tries and the kept frontier, beside what luck alone would show; None where the baseline has no figure."""
    shown = shown_range(loop)
    if shown is None:
        return None
    figure, axes = canvas(8.4, 3.8, f"{loop.unit} by experiment")
    low, high = shown
    for kind, colour, label in _KINDS:
        of = [(run.number, min(run.value, high)) for run in loop.runs if run.value is not None and kind_of(run) == kind]
        if of:
            numbers, values = zip(*of, strict=True)
            axes.scatter(numbers, values, s=18, color=colour, label=label, zorder=3)
    places = [run.number for run in loop.runs]
    held = [(place, value) for place, value in zip(places, frontier_values(loop), strict=True) if value is not None]
    axes.step(*zip(*held, strict=True), where="post", color=COLOURS[0], lw=1.4)
    ended = [run.number for run in loop.runs if run.value is None]
    if ended:
        axes.scatter(ended, [high] * len(ended), s=22, marker="x", color=COLOURS[4], label="crashed or refused")
    luck = [(place, value) for place, value in zip(places, lucky(loop), strict=True) if value is not None]
    if luck and loop.tries:
        axes.plot(*zip(*luck, strict=True), color=COLOURS[2], ls="--", lw=1.2, label="the lowest by luck alone")
    axes.set_ylim(low, high + 0.03 * (high - low))
    axes.set_xlabel("experiment", fontsize=9)
    axes.legend(frameon=False, fontsize=8)
    return save_picture(figure, path)
