"""The dashboard as one page, which stands still."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from espalier.artifacts.records import write_text
from espalier.command_line.console import duration
from espalier.loops.times import seconds_of
from espalier.pages import assets, still
from research.bootstrap.bands import BANDS
from research.bootstrap.dashboard import sections
from research.bootstrap.dashboard.material import Told, told
from research.bootstrap.dashboard.pictures import draw_bands, draw_scores
from research.bootstrap.loop.history import History

_ASSETS = Path(__file__).parent / "assets"


def write_dashboard(name: str, history: History) -> Path:
    """Writes `dashboard.html`, `bands.png` and `scores.png` into the loop's folder and returns the page.

    The same rounds give the same bytes.
    """
    folder = history.folder.folder
    rounds = told(history.rounds, seconds_of(folder))
    draw_bands(rounds, folder / "bands.png")
    draw_scores(rounds, folder / "scores.png")
    write_text(folder / "dashboard.html", render(name, rounds, history.ended))
    return folder / "dashboard.html"


def render(name: str, rounds: list[Told], ended: str = "") -> str:
    """The page's HTML; `ended` is why the loop ended, empty where it goes on."""
    return still.render(
        _ASSETS / "page.html.jinja",
        assets.style(_ASSETS, ("dashboard",), shared=("cards",)),
        name=name,
        facts=_facts(rounds),
        ended=ended,
        bands=sections.band_history(rounds),
        attempts=sections.attempts(rounds),
        scores=sections.scores(rounds),
        examinations=sections.examinations(rounds),
        pairs=sections.minimal_pairs(rounds),
        floor=sections.floor(rounds),
        watched=sections.watched(rounds),
        identity=sections.identity(rounds),
        costs=sections.costs(rounds),
    )


def _facts(rounds: list[Told]) -> dict[str, Any]:
    band, count = rounds[-1].found["next_band"], len(rounds)
    last = next((each.exam for each in reversed(rounds) if each.exam), None)
    return {
        "band": f"{band}, {BANDS[band]}",
        "rounds": f"{count} round{'s' if count > 1 else ''}",
        "time": duration(sum(each.seconds for each in rounds)),
        "tokens": f"{sum(each.found['trained_tokens'] for each in rounds) / 1e6:.2f} million",
        "attempts": f"{sum(sum(each.found['scores']) for each in rounds):,}",
        "gone": ", ".join(str(each.number) for each in rounds if each.exam is None),
        "limit": last and last["limit"],
        "controls": ", ".join(map(str, last["controls_pass"])) if last else "",
    }
