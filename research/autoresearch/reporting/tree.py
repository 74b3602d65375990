"""The tree of commits: the trunk is what was kept, and from each of it branches what was tried on it in vain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from espalier.report import escape
from research.autoresearch.reporting.cells import counted, plain, signed
from research.autoresearch.reporting.material import Loop, Run, Try

_MOST_BRANCHES = 12


@dataclass(frozen=True)
class Node:
    """A commit of the trunk."""

    run: Run
    branches: tuple[Try, ...]
    """What was tried on it and not kept, in order."""

    @property
    def tried(self) -> str:
        """How many branches, in words."""
        were = "was" if len(self.branches) == 1 else "were"
        return f"{counted(len(self.branches), 'try', 'tries')} on it {were} not kept"


def tree(loop: Loop) -> list[Node]:
    """The trunk from the baseline to the best, in order."""
    branches: dict[int, list[Try]] = {each.number: [] for each in loop.frontier}
    for tried in loop.tries:
        if not tried.run.kept:
            branches[tried.before.number].append(tried)
    return [Node(run, tuple(branches[run.number])) for run in loop.frontier]


def leaf(tried: Try) -> str:
    """What came of a branch: how far it is from the commit that it was tried on, or how it ended."""
    named = tried.run.get("named")
    return signed(tried.change) or tried.run.status + (f": {named}" if named else "")


def in_markdown(loop: Loop) -> str:
    """As nested lists; long branches are cut short, and said to be."""
    return "\n".join(_lines(loop))


def _lines(loop: Loop) -> Iterator[str]:
    for node in tree(loop):
        yield f"- **{escape(node.run.short)}** {plain(node.run.value)} · {escape(node.run.description)}"
        if said := node.run.get("hypothesis"):
            yield f"    {escape(said)}"
        for tried in node.branches[:_MOST_BRANCHES]:
            yield f"    - {escape(tried.run.short)} {escape(leaf(tried))} · {escape(tried.run.description)}"
        if len(node.branches) > _MOST_BRANCHES:
            yield f"    - and {len(node.branches) - _MOST_BRANCHES} more"
