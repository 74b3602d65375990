"""Whether an export is what was trained: a check is a function in a file of this room, listed under its forms."""

from collections.abc import Callable

from exports.config import ExportOptions, Form
from exports.exported import Exported, Finding

Check = Callable[[Exported, ExportOptions], Finding]

CHECKS: dict[Form, tuple[Check, ...]] = {"merged": (), "gguf": (), "ollama": (), "adapter": ()}
"""Which checks an export of each form has to pass, in their order."""


def verify(exported: Exported, options: ExportOptions) -> list[Finding]:
    """What every check of this form finds."""
    return [check(exported, options) for check in CHECKS[exported.to]]
