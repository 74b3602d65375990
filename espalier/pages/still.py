"""A page that stands still: one file, which needs no network and runs no script; what a model wrote is text in it.

A Content Security Policy allows its one style sheet, by its hash, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from espalier.pages.assets import SHARED


def render(template: Path, style: str, **parts: Any) -> str:
    """The page's HTML, of a Jinja template that finds `style`, `style_hash` and the parts by name, and the templates
    that pages share beside the sheets that they share."""
    import jinja2
    from markupsafe import Markup

    shared = jinja2.FileSystemLoader(SHARED)
    environment = jinja2.Environment(loader=shared, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    page = environment.from_string(template.read_text(encoding="utf-8")).render(
        style=Markup(style),
        style_hash="sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        **parts,
    )
    return re.sub("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", page)
