"""What a loop of experiments came to so far, as Markdown and as a page for the browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from espalier.artifacts.records import write_text
from espalier.pages.shown import section
from espalier.report import escape
from research.autoresearch.looping.view import LoopView
from research.autoresearch.reporting import tables, tree
from research.autoresearch.reporting.material import Loop, loop_of
from research.autoresearch.reporting.page import cautions, conditions, facts, render
from research.autoresearch.reporting.pictures import draw_progress
from research.autoresearch.reporting.tables import Replayed
from research.autoresearch.reporting.verdict import Verdict, conclude

PAGE, TEXT, PICTURE = "report.html", "report.md", "progress.png"


def write_report(view: LoopView, replayed: Replayed = None, *, folder: Path | None = None) -> Path:
    """Write `report.html`, `report.md` and `progress.png` into the loop's folder, or into another; returns the page.

    `replayed` is what a replay of its frontier came to. The same log gives the same bytes.
    """
    folder, loop = folder or view.folder, loop_of(view)
    verdict = conclude(loop, replayed)
    picture = draw_progress(loop, folder / PICTURE)
    write_text(folder / PAGE, render(loop, verdict, replayed))
    write_text(folder / TEXT, "\n\n".join(parts(loop, verdict, replayed, PICTURE if picture else "")) + "\n")
    return folder / PAGE


def record(view: LoopView, replayed: Replayed) -> Iterator[str]:
    """The paragraphs of a dated record: what decides, without the tree and the single tries."""
    loop = loop_of(view)
    yield f"**{escape(conclude(loop, replayed).sentence)}**"
    yield conditions(loop)
    yield "\n".join(f"- {escape(name)}: {escape(value)}" for name, value in facts(loop))
    for each in cautions(loop, replayed):
        yield escape(each)
    yield from found(loop, replayed)
    yield from section("What was tried, by idea", tables.ideas(loop))
    yield from section("Refused and crashed", tables.failures(loop))
    yield from section("What it cost", tables.costs(loop))


def found(loop: Loop, replayed: Replayed) -> Iterator[str]:
    """What was gained, and how sure that is."""
    yield from section("What worked", tables.worked(loop))
    yield from section("The honest gain", tables.gains(loop, replayed))
    yield from section("The frontier replayed", tables.replayed(loop, replayed))
    yield from section("Trainings of the replay that gave nothing", tables.unreplayed(replayed))
    yield from section("Noise, and what luck alone would show", tables.noise(loop, replayed))
    yield from section("Beside who trains nothing", tables.controls(loop))


def parts(loop: Loop, verdict: Verdict, replayed: Replayed, picture: str = "") -> Iterator[str]:
    """The paragraphs of the Markdown; `picture` is where the plot lies."""
    yield f"# Loop {escape(loop.name)}"
    yield f"**{escape(verdict.sentence)}**"
    yield "\n".join(f"- {escape(name)}: {escape(value)}" for name, value in facts(loop))
    for each in cautions(loop, replayed):
        yield escape(each)
    if picture:
        yield f"![Progress: all tries and what was kept]({picture})"
    yield from found(loop, replayed)
    if loop.frontier:
        yield "## Tree of commits"
        yield tree.in_markdown(loop)
    yield from section("What was tried, by idea", tables.ideas(loop))
    yield from section("Refused and crashed", tables.failures(loop))
    yield from section("What it cost", tables.costs(loop))
    yield from section("Every try", tables.tries(loop))
