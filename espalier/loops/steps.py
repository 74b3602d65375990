"""A step of a loop: one of our commands, from artifacts by name to the next artifact.

A step whose artifact is complete is not run again, which is all that a loop remembers: killed, it goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import is_complete
from espalier.command_line.console import say
from espalier.command_line.subcommand import run_command
from espalier.errors import UserError
from espalier.loops.pace import Pace


def run_step(
    pace: Pace, command: str, folder: str, name: str, *words: str, run: Callable[..., int] | None = None
) -> str:
    """Run a command for the artifact `name` of a kind's `folder`, unless that is complete; returns the name.

    `run` runs it, `run_command` by default. UserError where it fails; TimeIsUp before it where the time is up.
    """
    if is_complete(artifact(folder, name)):
        pace.passed(command)
        return name
    with pace.step(command, name):
        say(f"$ python {command} {' '.join(words)} --name {name} --round")
        if code := (run or run_command)(command, *words, "--name", name, "--round"):
            if code >= 128:  # whoever stops one of them means all
                raise SystemExit(code)
            raise UserError(f"{name} could not be made, for the reason given above; the same command goes on from here")
    return name


def flags(keys: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Keys with values as words of a command line; keys within keys are dotted."""
    words = list[str]()
    for key, value in keys.items():
        if isinstance(value, dict) and value:
            words += flags(value, f"{prefix}{key}.")
        else:
            words += [f"--{prefix}{key}", *_as_words(value)]
    return words


def _as_words(value: Any) -> list[str]:
    if isinstance(value, list | tuple):
        return [*map(str, value)] if value else ["[]"]
    return ["null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)]
