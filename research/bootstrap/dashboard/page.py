"""The dashboard as one page. It needs no network and runs no script; what a model wrote is text in it.

A Content Security Policy allows its one style sheet, by its hash, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from espalier.artifacts.records import write_text
from espalier.command_line.console import duration
from espalier.pages import assets
from research.bootstrap.bands import BANDS
from research.bootstrap.dashboard import sections
from research.bootstrap.dashboard.material import Told, told
from research.bootstrap.dashboard.pictures import draw_bands, draw_scores
from research.bootstrap.loop.history import History, seconds_of

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
    import jinja2
    from markupsafe import Markup

    style = assets.style(_ASSETS, ("dashboard",))
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    page = environment.from_string((_ASSETS / "page.html.jinja").read_text(encoding="utf-8")).render(
        name=name,
        facts=_facts(rounds),
        ended=ended,
        style=Markup(style),
        style_hash="sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
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
    return re.sub("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", page)


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
