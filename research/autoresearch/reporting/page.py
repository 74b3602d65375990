"""The report as one page, which stands still: what to look at in the morning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from espalier.command_line.console import duration
from espalier.pages import assets, still
from research.autoresearch.reporting import cards, tables, tree
from research.autoresearch.reporting.cells import counted, plain
from research.autoresearch.reporting.material import Loop
from research.autoresearch.reporting.tables import Replayed
from research.autoresearch.reporting.verdict import Verdict

_ASSETS = Path(__file__).parent / "assets"


def render(loop: Loop, verdict: Verdict, replayed: Replayed) -> str:
    """The page's HTML."""
    return still.render(
        _ASSETS / "page.html.jinja",
        assets.style(_ASSETS, ("experiments",), shared=("cards", "report")),
        loop=loop,
        verdict=verdict,
        replayed=replayed,
        facts=list(facts(loop)),
        cautions=list(cautions(loop, replayed)),
        progress=cards.progress(loop),
        overhead=cards.overhead(loop),
        sizes=list(cards.sizes(loop)),
        tables=tables,
        tree=tree.tree(loop),
        leaf=tree.leaf,
    )


def facts(loop: Loop) -> Iterator[tuple[str, str]]:
    """What one wants to know first."""
    ended = ", ".join(
        counted(loop.count(status), one, several)
        for status, one, several in (("discard", "discarded", "discarded"), ("crash", "crashed", "crashed"),
                                     ("refused", "refused", "refused"))
        if loop.count(status)
    )  # fmt: skip
    yield "experiments", f"{len(loop.tries):,}"
    yield "kept", f"{len(loop.kept):,}{f' ({ended})' if ended else ''}"
    if loop.baseline and loop.best:
        yield loop.unit, f"{plain(loop.baseline.value)} at first, {plain(loop.best.value)} now"
        yield "best commit", loop.best.short
    yield "time", duration(sum(run.seconds.get(part, 0.0) for run in loop.runs for part in tables.PARTS))


def conditions(loop: Loop) -> str:
    """Under which conditions trainings ran, by the last of them."""
    last = loop.runs[-1]
    return (
        f"Budget of a training: {last.get('budget'):g} {last.get('unit')}, {counted(last.get('threads'), 'thread')}, "
        f"{last.get('device')}, torch {last.get('torch')}, walls: {last.get('walls')}; base commit {loop.base[:12]}."
    )


def cautions(loop: Loop, replayed: Replayed = None) -> Iterator[str]:
    """What whoever reads the figures has to know."""
    if alike := [commit[:7] for commit in (replayed["alike"] if replayed else ())]:
        yield (
            f"Replayed with every seed, {', '.join(alike)} came to the same: its seed decides nothing, so that all "
            "of it is one run, which may be lucky, and the intervals are too narrow."
        )
    if open_ := sorted({str(run.get("walls")) for run in loop.runs if run.get("walls") not in (None, "", "sandbox")}):
        yield f"Not all trainings ran behind walls: {', '.join(open_)}."
    if len({_conditions(run.facts) for run in loop.runs}) > 1:
        yield "Budget, threads, device or torch are not the same in all lines of the log, so not all can be compared."


def _conditions(facts_: object) -> tuple[object, ...]:
    assert isinstance(facts_, dict)
    return tuple(facts_.get(key) for key in ("budget", "unit", "threads", "device", "torch"))
