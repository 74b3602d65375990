"""The charts of a report's page."""

from __future__ import annotations

import math
from collections.abc import Iterator

from espalier.pages.charts import Chart, ticks_between, ticks_to
from espalier.pages.shown import Card
from research.autoresearch.reporting.cells import plain
from research.autoresearch.reporting.luck import lowest_by_luck, noise_of_baseline
from research.autoresearch.reporting.material import Loop, Run
from research.autoresearch.reporting.tables import PARTS

_WIDE, _TALL = 760, 300


def progress(loop: Loop) -> Card:
    """All tries and the kept frontier, beside what luck alone would show."""
    shown, title = shown_range(loop), f"{loop.unit} by experiment"
    if shown is None:
        return Card(title, [], None)
    low, high = shown
    chart = Chart(
        [each.number for each in loop.runs], ticks_between(low, high), left=58, width=_WIDE, height=_TALL,
        axis="experiment",
    )  # fmt: skip
    keys = [("one", "kept"), ("tried", "tried and not kept"), ("two", "runs of the baseline")]
    chart.line(frontier_values(loop), "one", stepped=True, dotted=False)
    titles = [tooltip(each) for each in loop.runs]
    for kind in ("tried", "two", "one"):
        chart.dots([each.value if kind_of(each) == kind else None for each in loop.runs], kind, titles)
    if any(each.value is None for each in loop.runs):
        chart.dots([math.inf if each.value is None else None for each in loop.runs], "ended", titles)
        keys.append(("ended", "crashed or refused, at the upper edge"))
    if above := sum(each.value is not None and each.value > high for each in loop.runs):
        keys.append(("tried", f"{above} above the picture, at the upper edge"))
    if any(each is not None for each in lucky(loop)) and loop.tries:
        chart.line(lucky(loop), "bar-wanted", dotted=False)
        keys.append(("bar-wanted", "the lowest that luck alone would show: so many runs of the unchanged baseline"))
    return Card(title, keys, chart.drawn(title))


def kind_of(run: Run) -> str:
    """The class of its dot."""
    return "two" if run.is_baseline else "one" if run.kept else "tried"


def shown_range(loop: Loop) -> tuple[float, float] | None:
    """The lowest and the highest val_bpb that are drawn: the tries that went far astray would hide all others."""
    if not loop.baseline or loop.baseline.value is None:
        return None
    values = [each.value for each in loop.runs if each.value is not None]
    low, start = min(values), max([each.value for each in loop.baselines if each.value is not None])
    reach = max(start - low, 1e-3 * abs(start), 1e-6)
    return low - 0.1 * reach, min(max(values), start + 0.6 * reach) + 0.05 * reach


def frontier_values(loop: Loop) -> list[float | None]:
    """Of each line of the log, val_bpb of the incumbent from there on."""
    held, values = None, list[float | None]()
    for run in loop.runs:
        if run is loop.baseline or (run.kept and not run.is_baseline):
            held = run.value
        values.append(held)
    return values


def lucky(loop: Loop) -> list[float | None]:
    """Of each line of the log, the lowest val_bpb that as many runs of the baseline are expected to show."""
    noise, tried, values = noise_of_baseline(loop), 0, list[float | None]()
    for run in loop.runs:
        tried += not run.is_baseline
        values.append(lowest_by_luck(noise, tried + 1) if noise else None)
    return values


def tooltip(run: Run) -> str:
    """What is said of a dot."""
    figure = plain(run.value) or run.get("named") or run.status
    return f"{run.number} · {run.short} · {run.status} · {figure} · {run.description}"


def sizes(loop: Loop) -> Iterator[Card]:
    """Lines and parameters of the frontier."""
    for key, title in (("lines", "Lines of the editable file, by keep"), ("num_params", "Parameters, by keep")):
        values = [each.get(key) for each in loop.frontier]
        known = [each for each in values if each is not None]
        if known:
            chart = Chart(
                [each.number for each in loop.frontier], ticks_to(max(known)), left=64, height=150, axis="experiment"
            )
            chart.bars(values, "one")
            yield Card(title, [], chart.drawn(title))


def overhead(loop: Loop) -> Card:
    """Seconds of each experiment that are no budget."""
    title = "Seconds of each experiment that are no training's budget"
    values = [_beyond(each) for each in loop.runs]
    known = [each for each in values if each is not None]
    if not known:
        return Card(title, [], None)
    chart = Chart([each.number for each in loop.runs], ticks_to(max(known)), height=150, axis="experiment")
    chart.bars(values, "one")
    return Card(title, [], chart.drawn(title))


def _beyond(run: Run) -> float | None:
    if not run.seconds:
        return None
    spent = math.fsum(run.seconds.get(part, 0.0) for part in PARTS)
    return max(0.0, spent - (run.seconds.get("budget") or run.seconds.get("train", 0.0)))
