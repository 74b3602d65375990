"""What the rounds of a loop came to so far, as a page for the browser and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from espalier.artifacts.paths import agents_dir
from espalier.artifacts.records import write_text
from espalier.loops.folder import LoopFolder
from espalier.loops.times import seconds_of
from espalier.pages.shown import Table, section
from espalier.report import escape
from research.self_improvement.reporting import exam_tables, round_tables
from research.self_improvement.reporting.cells import share
from research.self_improvement.reporting.material import Loop, told
from research.self_improvement.reporting.page import render
from research.self_improvement.reporting.verdict import Verdict, of_exam

_BY = {
    "truth": "truth, and by judges where truth cannot tell",
    "judges": "judges alone, to whom no truth was told",
    "lot": "lot: a control, of which nothing can be learned but chance",
}
_DASHBOARD = "With charts, in a browser: [dashboard.html](dashboard.html)."


class Named(Protocol):
    """A loop's configuration."""

    @property
    def name(self) -> str: ...


class Rounds(Protocol):
    """What a loop has come to."""

    @property
    def folder(self) -> LoopFolder: ...

    @property
    def rounds(self) -> Sequence[Mapping[str, Any]]: ...

    @property
    def ended(self) -> str:
        """Why it ended; empty where it goes on."""


def write_report(config: Named, history: Rounds, *, publish: bool = False) -> Path:
    """Write `report.md` and `dashboard.html` into the loop's folder, and where it is published the report into the
    written memory, without what models wrote; returns the page to read. The same rounds give the same bytes.

    ValueError where there is no round.
    """
    if not history.rounds:
        raise ValueError("no round to report")
    folder = history.folder.folder
    loop = Loop(config.name, told(config.name, history.rounds, seconds_of(folder)), history.ended)
    verdict = concluded(loop)
    write_text(folder / "dashboard.html", render(loop, verdict))
    parts = list(_parts(loop, verdict))
    page = folder / "report.md"
    write_text(page, "\n\n".join([*parts[:2], _DASHBOARD, *parts[2:], *_samples(loop)]) + "\n")
    if publish:
        page = agents_dir() / "reports" / f"{config.name}.md"
        write_text(page, "\n\n".join(parts) + "\n")
    return page


def concluded(loop: Loop) -> Verdict | None:
    """Of the model that the loop has come to; None where it is held against nothing yet."""
    return of_exam(loop.present.exam) if loop.present and loop.present.exam else None


def line(found: Mapping[str, Any], exam: Mapping[str, Any]) -> str:
    """What a round came to, for a terminal."""
    verdict = of_exam(exam)
    won = f"round {found['number']}: it wins {share(exam['all']['share'])} of held-out challenges"
    why = "; ".join(found.get("why_not") or ())
    return " ".join([f"{won}.", *([verdict.sentence] if verdict else []), *([f"Not taken: {why}"] if why else [])])


def _parts(loop: Loop, verdict: Verdict | None) -> Iterator[str]:
    yield f"# Loop {escape(loop.name)}"
    ended = f"It ended: {escape(loop.ended)}." if loop.ended else "It goes on."
    yield (
        f"**{escape(verdict.sentence) if verdict else 'Nothing is held against round 0 yet.'}** "
        f"{loop.rounds[-1].number} rounds, of which {loop.taken} were taken. {ended}"
    )
    if by := next((each.by for each in reversed(loop.rounds) if each.by), None):
        yield f"What is better was said by {_BY[by]}."
    for number, why in round_tables.not_taken(loop):
        yield f"Round {number} was not taken: {escape(why)}"
    yield from section("Round by round", exam_tables.rounds(loop))
    if loop.examined:
        yield from section("Held-out examinations", exam_tables.examination(loop))
        yield from section("Who wins without deserving it", exam_tables.controls(loop))
        yield from section("By level and skill", exam_tables.levels(loop))
        yield from section("Why it fails", exam_tables.failures(loop))
        yield from section("Conduct in games", exam_tables.conduct(loop))
    yield from section("What judges say of it beside round 0", exam_tables.judged(loop))
    yield from section("The model as a judge", exam_tables.judging(loop))
    yield from section("How different the challenges are", round_tables.diversity(loop))
    yield from section("How creative judges find them", round_tables.creativity(loop))
    yield from section("What came of the challenges", round_tables.archive(loop))
    yield from section("Judges among judges", round_tables.standings(loop))
    yield from section("What the ranking of rankings adds", round_tables.meta_level(loop))
    yield from section("What was forgotten", round_tables.forgetting(loop))


def _samples(loop: Loop) -> Iterator[str]:
    rows = [
        [number, each.family, f"{each.skill}, {each.difficulty}", each.proposer, each.content,
         each.performances[0] if each.performances else None]
        for number, each in round_tables.samples(loop)
    ]  # fmt: skip
    note = "A performance of each beside it."
    yield from section(
        "Some of the best challenges",
        Table(note, ["round", "family", "skill and level", "by", "challenge", "a performance"], rows),
    )
