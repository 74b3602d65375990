"""What pages are drawn with: the parts of a sheet or a script, joined; those that pages share lie here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

SHARED = Path(__file__).parent / "assets"


def style(folder: Path, names: Sequence[str], *, shared: Sequence[str] = ()) -> str:
    """One sheet of the shared theme, other `shared` parts, and the named parts in `folder`, in this order."""
    return "\n".join(_parts(folder, ("theme", *shared), names, "css"))


def script(folder: Path, names: Sequence[str], *, shared: Sequence[str] = ()) -> str:
    """One script of the shared way to make elements, other `shared` parts, and the named parts in `folder`, in this
    order."""
    parts = "\n".join(_parts(folder, ("dom", *shared), names, "js"))
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _parts(folder: Path, shared: Sequence[str], names: Sequence[str], suffix: str) -> list[str]:
    paths = [*(SHARED / f"{name}.{suffix}" for name in shared), *(folder / f"{name}.{suffix}" for name in names)]
    return [path.read_text(encoding="utf-8") for path in paths]
