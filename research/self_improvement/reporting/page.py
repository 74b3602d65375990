"""The report as one page, which stands still."""

from __future__ import annotations

from pathlib import Path

from espalier.command_line.console import duration
from espalier.pages import assets, still
from research.self_improvement.reporting import cards, exam_tables, round_tables
from research.self_improvement.reporting.material import Loop
from research.self_improvement.reporting.verdict import Verdict

_ASSETS = Path(__file__).parent / "assets"


def render(loop: Loop, verdict: Verdict | None) -> str:
    """The page's HTML."""
    tokens = sum(each.found.get("trained_tokens") or 0 for each in loop.rounds)
    return still.render(
        _ASSETS / "page.html.jinja",
        assets.style(_ASSETS, ("verdict",), shared=("cards", "report")),
        loop=loop,
        verdict=verdict,
        tokens=f"{tokens / 1e6:.2f} million",
        time=duration(sum(each.seconds for each in loop.rounds)),
        gone=", ".join(str(each.number) for each in loop.rounds if each.gone),
        cards=cards,
        exams=exam_tables,
        rounds=round_tables,
    )
