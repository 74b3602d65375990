"""What writes an export of each form."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from espalier.errors import UserError
from exports import adapter, merge
from exports.config import Form
from exports.exported import Exported


def _gguf(exported: Exported) -> None:
    from exports.gguf import writer

    writer.write(exported)


def _ollama(exported: Exported) -> None:
    from exports import ollama

    ollama.write(exported)


WRITERS: dict[Form, Callable[[Exported], None]] = {
    "merged": merge.write,
    "adapter": adapter.write,
    "gguf": _gguf,
    "ollama": _ollama,
}
"""Each writes its files into the export's folder; UserError where the model cannot be said in that form."""


def check_installed(form: Form) -> None:
    """UserError where what writes a form is not installed."""
    if form in ("gguf", "ollama") and find_spec("gguf") is None:
        raise UserError('GGUF is written through the package gguf: pip install -e ".[gguf]"')
