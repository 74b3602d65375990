"""What pages are drawn with: the parts of a sheet or a script, joined; those that pages share lie here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

SHARED = Path(__file__).parent / "assets"


def style(folder: Path, names: Sequence[str]) -> str:
    """One sheet of the shared theme and the named parts in `folder`, in this order."""
    return "\n".join(_text(path) for path in (SHARED / "theme.css", *(folder / f"{name}.css" for name in names)))


def script(folder: Path, names: Sequence[str]) -> str:
    """One script of the shared way to make elements and the named parts in `folder`, in this order."""
    parts = "\n".join(_text(path) for path in (SHARED / "dom.js", *(folder / f"{name}.js" for name in names)))
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
