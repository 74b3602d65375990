"""What writes an export of each form."""

from __future__ import annotations

from collections.abc import Callable

from espalier.errors import UserError
from exports import adapter, merge
from exports.config import Form
from exports.exported import Exported


def _gguf(exported: Exported) -> None:
    try:
        from exports.gguf import writer
    except ModuleNotFoundError as error:
        raise UserError(f"GGUF is written through {error.name}: pip install 'espalier[gguf]'") from None
    writer.write(exported)


WRITERS: dict[Form, Callable[[Exported], None]] = {"merged": merge.write, "adapter": adapter.write, "gguf": _gguf}
"""Each writes its files into the export's folder; UserError where the model cannot be said in that form."""
