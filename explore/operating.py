"""Words to a training: written into its control file, and noted in its journal as the operator's."""

from __future__ import annotations

from typing import Any

from espalier.artifacts import registry
from espalier.artifacts.kinds import of_word
from espalier.artifacts.run import Run
from espalier.errors import UserError

_WORDS = ("pause", "resume", "stop", "checkpoint", "every", "self-play", "reflect")


def operate(name: str, word: Any, every: Any) -> str:
    """Tell the training of a run a word; returns what to say of it. UserError where it is none, or nothing trains."""
    if word not in _WORDS:
        raise UserError(f"no word of control; there are {', '.join(_WORDS)}")
    if word == "every" and (type(every) is not int or every < 1):
        raise UserError("every how many steps? It wants a whole number of at least 1")
    kind = of_word("run")
    assert kind is not None
    found = registry.read(kind, name)
    if found.state not in ("running", "paused"):
        raise UserError(f"{name} does not train now, it is {found.state}; so there is nobody to be told")
    line = f"every {every}" if word == "every" else word
    with open(found.folder / "control", "a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    Run(name).journal(int(found.facts["heartbeat.json"].get("step", 0)), f"The operator said: {line}.")
    return f"{name} was told: {line}"
