"""`--help`, made from the configuration model: every key with its type, its value and its docstring."""

import shutil
import textwrap
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from espalier.command_line import schema


def render(
    model: type[BaseModel], options: type[BaseModel], *, prog: str, doc: str, file: Path | None, values: dict[str, Any]
) -> str:
    """The help text. `values` are those of `file`, shown where they differ from the model's own defaults."""
    width = min(shutil.get_terminal_size((100, 24)).columns, 110)
    lines = [f"usage: {prog} [CONFIG.yaml] [--key VALUE ...]", "", doc.strip(), ""]
    if file:
        lines.append(f"Without CONFIG.yaml: {file.name}, whose values are shown. A flag wins over the file.")
    lines += ["", "Options of this invocation:"]
    for key in schema.keys((options,)):
        lines += _entry(key, key.default, width, is_switch=key.kinds == (bool,))
    lines += ["", "Keys of the configuration:"]
    for key in schema.keys((model,)):
        lines += _entry(key, _value(values, key), width)
    return "\n".join(lines)


def _entry(key: schema.Key, value: Any, width: int, *, is_switch: bool = False) -> list[str]:
    """One key's lines. A switch is off unless it is named, so that its type and value say nothing."""
    kind = "" if is_switch else schema.describe(key.kinds, short=True)
    shown = "required" if value is PydanticUndefined else "" if is_switch else _plain(value)
    text = f"{key.description} [{shown}]".strip() if shown else key.description
    head = f"  --{key.path.rstrip('_')} {kind}".rstrip()
    body = textwrap.wrap(text, width, initial_indent=" " * 34, subsequent_indent=" " * 34)
    if body and len(head) < 34:
        body[0] = head.ljust(34) + body[0][34:]
        return body
    return [head, *body]


def _value(values: Any, key: schema.Key) -> Any:
    for part in key.path.split("."):
        if not isinstance(values, dict) or part not in values:
            return key.default
        values = values[part]
    return values


def _plain(value: Any) -> str:
    """A value as one would type it, if it is short; a mapping's values are shown at its own keys."""
    if isinstance(value, dict):
        return ""
    if isinstance(value, list):
        text = ", ".join(map(str, value)) or "none"
    else:
        text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
