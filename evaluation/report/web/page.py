"""The whole evaluation as one page: figures, and every reply beside the other model's. It needs no network.

Nothing that a model, a learner or a suite wrote becomes markup. The evaluation travels as JSON in a block that browsers
do not run, the page's script turns texts into text nodes only, and a Content Security Policy allows this one script
and this one style sheet, by their hashes, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from espalier.artifacts.records import write_text
from espalier.pages import assets
from evaluation.metrics.base import Column
from evaluation.report.web.cases import cases_data
from evaluation.report.web.figures import figures_data
from evaluation.scoring.records import Record

_ASSETS = Path(__file__).parent / "assets"
_STYLES = ("base", "figures", "browser", "case", "media")
_SCRIPTS = (
    "data", "differences", "table", "controls", "figures", "figures_table", "view", "verdicts", "filters",
    "list", "reply", "case", "page",
)  # fmt: skip
"""Joined to one sheet and one script, in this order, behind what all pages share."""
_MARKDOWN = re.compile(r"\\(.)|(\*\*|\*|<br>)|([^\\*<]+|.)", re.DOTALL)
_TAGS = {"**": "strong", "*": "em"}


def write_page(
    folder: Path,
    *,
    title: str,
    conclusions: list[str],
    summary: Mapping[str, Any],
    columns: Sequence[Column],
    records: Sequence[Record],
    models: list[str],
    seen: Mapping[str, Mapping[str, str]],
    facts: list[tuple[str, str]],
    decides: str = "",
    cautions: Mapping[str, str] | None = None,
    withheld: Collection[str] = (),
    tried: Mapping[str, Any] | None = None,
    learners: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Writes `page.html` into `folder` and returns its path; the same input gives the same bytes.

    `conclusions` are paragraphs of inline Markdown, `summary` what `summarise` gave, `models` those whose replies are
    shown, the baseline first, `seen` by model the cases that it may have met in training and the mix that holds them,
    `facts` what the evaluation rests on, `decides` the column to begin with, `cautions` by column why it is not to be
    relied on, `withheld` the columns that replies made to win won, `tried` what those got, as
    `evaluation.report.tried.for_page` says it, and `learners` what each kind of learner gets, as
    `evaluation.report.learners.for_page` does.
    """
    data = {
        **figures_data(summary, columns, models, cautions or {}, withheld),
        **cases_data(records, columns, models, seen),
        "decides": decides,
        "tried": tried or {"by": "", "rows": []},
    }
    page = render(title, conclusions, facts, data, learners)
    write_text(folder / "page.html", page)
    return folder / "page.html"


def render(
    title: str,
    conclusions: Sequence[str],
    facts: Sequence[tuple[str, str]],
    data: Mapping[str, Any],
    learners: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The page's HTML around `data`, which is what its script reads; what `learners` get needs no script."""
    import jinja2
    from markupsafe import Markup

    style, script = assets.style(_ASSETS, _STYLES), assets.script(_ASSETS, _SCRIPTS)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    page = environment.from_string((_ASSETS / "page.html.jinja").read_text(encoding="utf-8")).render(
        title=title,
        conclusions=[Markup(inline(each)) for found in conclusions for each in found.split("\n\n")],
        facts=facts,
        learners=learners,
        style=Markup(style),
        script=Markup(script),
        style_hash=_content_hash(style),
        script_hash=_content_hash(script),
        data=Markup(embedded(data)),
    )
    return re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", page)  # half a pair cannot be written as UTF-8


def embedded(data: Any) -> str:
    """`data` as JSON in which nothing can end the script block that holds it, nor open a comment there."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def inline(paragraph: str) -> str:
    """A paragraph of the report's Markdown as HTML: bold, emphasis, line breaks; all else in it is text.

    An emphasis that is never closed is closed at the end.
    """
    found, opened = [], list[str]()
    for escaped, mark, text in _MARKDOWN.findall(paragraph):
        if mark == "<br>":
            found.append("<br>")
        elif mark and mark in opened:
            while True:
                closed = opened.pop()
                found.append(f"</{_TAGS[closed]}>")
                if closed == mark:
                    break
        elif mark:
            opened.append(mark)
            found.append(f"<{_TAGS[mark]}>")
        else:
            found.append(html.escape(escaped or html.unescape(text)))
    return "".join(found) + "".join(f"</{_TAGS[mark]}>" for mark in reversed(opened))


def _content_hash(text: str) -> str:
    """As a Content Security Policy writes it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
