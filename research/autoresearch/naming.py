"""Under which name an experiment that counts for nothing is written down."""

from __future__ import annotations

from espalier.sandbox import Ending, Outcome
from research.autoresearch.inside.reaching import MARK

_ENDINGS = {
    Ending.WALL_TIME: "past its budget",
    Ending.CPU_TIME: "more work than its budget",
    Ending.MEMORY: "out of memory",
    Ending.OUTPUT: "too much output",
    Ending.PROCESSES: "too many processes",
    Ending.FILE_SIZE: "too large a file",
    Ending.SPACE: "too many or too large files",
    Ending.NETWORK: "tried the network",
    Ending.LOST: "lost",
}


class Named(Exception):
    """An experiment counts for nothing, under this name; `detail` says what was seen."""

    def __init__(self, name: str, detail: str = "") -> None:
        super().__init__(f"{name}: {detail}" if detail else name)
        self.name, self.detail = name, detail


def check_outcome(outcome: Outcome, when: str = "") -> None:
    """Named where a command in the sandbox ran into a wall, reached for what is not its own, or failed."""
    if outcome.ended is Ending.FORBIDDEN:
        raise Named(f"tried {outcome.tried}{when}")
    if outcome.ended in _ENDINGS and outcome.ended is not Ending.WALL_TIME:
        raise Named(f"{_ENDINGS[outcome.ended]}{when}", last_words(outcome))
    stderr = outcome.stderr.decode("utf-8", "replace")
    for line in stderr.split("\n"):
        if line.startswith(MARK):
            raise Named(f"{line.removeprefix(MARK)[1:-1]}{when}")
    if outcome.ended is Ending.WALL_TIME:
        raise Named(f"{_ENDINGS[outcome.ended]}{when}", f"ended after {outcome.wall_seconds:.0f} seconds")
    if not outcome.ok:
        raise Named(f"crashed{when}", f"{outcome}: {last_words(outcome)}")


def last_words(outcome: Outcome) -> str:
    """The last line of what it wrote to stderr, cut."""
    lines = [line for line in outcome.stderr.decode("utf-8", "replace").split("\n") if line.strip()]
    return next((line.strip()[:300] for line in reversed(lines) if not line.startswith(MARK)), "")
