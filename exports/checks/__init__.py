"""Whether an export is what was trained: a check is a function in a file of this room, listed under its forms."""

from collections.abc import Callable

from exports.checks import life, logits, modelfile, prompt_ids, replies, stops
from exports.checks.opened import one_export
from exports.config import ExportOptions, Form
from exports.exported import Exported, Finding

Check = Callable[[Exported, ExportOptions], Finding]

_ALL: tuple[Check, ...] = (prompt_ids.check_shipped, logits.check, replies.check_greedy, stops.check, life.check)
_GGUF: tuple[Check, ...] = (
    prompt_ids.check_shipped,
    prompt_ids.check_engine,
    *_ALL[1:3],
    replies.check_agreement,
    *_ALL[3:],
)

CHECKS: dict[Form, tuple[Check, ...]] = {
    "merged": _ALL,
    "adapter": _ALL,
    "gguf": _GGUF,
    "ollama": (*_GGUF, prompt_ids.check_go, modelfile.check),
}
"""Which checks an export of each form has to pass, in their order."""


def verify(exported: Exported, options: ExportOptions) -> list[Finding]:
    """What every check of this form finds."""
    with one_export():
        return [check(exported, options) for check in CHECKS[exported.to]]
