"""What proposes changes, and what comes of being asked for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

History = Sequence[Mapping[str, Any]]
"""The experiments so far, oldest first: the lines of `results-TASK.jsonl`."""
Kind = Literal["agent", "endpoint", "search"]


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A change that stands in the worktree."""

    description: str
    """What it tries, on one line: what the log says of it."""
    hypothesis: str
    """Why it should help; empty where nobody said."""
    kind: Kind
    """Who thought of it."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What else is worth keeping of how it came about, as plain data: a search's point, a patch, an agent's words."""


class NothingProposed(Exception):
    """Whoever was asked has made no change that can be tried. What stands in the worktree then means nothing."""

    def __init__(self, why: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(why)
        self.why = why
        """On one line."""
        self.details = dict(details or {})
        """As of a proposal."""


class Proposer(Protocol):
    """Somebody who can be asked for the next experiment."""

    @property
    def name(self) -> str:
        """Who it is, for the record: the agent's command, the model, or how is searched."""

    def propose(self, worktree: Path, history: History, number: int, seed: int) -> Proposal:
        """Change the editable file in `worktree`, whose head is the best so far; commit nothing (an agent may commit
        once). `number` is the experiment's, and `seed` all that chance may depend on besides.

        NothingProposed where no change came of it; UserError where asking again would not help.
        """

    def close(self) -> None:
        """Let go of what it holds."""


def one_line(text: str, limit: int = 200) -> str:
    """Printable, without tabs or line ends, so that it fits a line of the log."""
    words = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"
