"""The rounds of a loop that are done, as its folder keeps them, and what the next one is made from."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.registry import content_hash
from espalier.errors import UserError
from espalier.loops.folder import LoopFolder


class RoundsDone(ABC):
    """They are read when it is made; each that is done later is given to `keep`."""

    def __init__(self, folder: LoopFolder) -> None:
        """UserError where what the next round is made from is gone, or is another than it was."""
        self.folder = folder
        self.rounds: list[dict[str, Any]] = []
        """What each came to."""
        while found := folder.found(_part(len(self.rounds))):
            self.rounds.append(found)
        if self.ended:
            return
        if folder.complete:
            folder.go_on()
        for number, spec, known in self.needed():
            if (now := content_hash(spec)) != known:
                raise UserError(
                    f"{spec} {'is another than it was' if now else 'is gone'}, and round {len(self.rounds)} of loop "
                    f"{folder.name} is made from it, as round {number} left it: put it back, or begin again by "
                    f"removing loops/{folder.name} and what its rounds made"
                )

    @property
    @abstractmethod
    def ended(self) -> str:
        """Why the loop ends here; empty where it goes on."""

    @abstractmethod
    def needed(self) -> Iterator[tuple[int, str, str]]:
        """What the next round is made from: a round's number, an artifact, and its content hash."""

    def keep(self, found: Mapping[str, Any], *, runs: Iterable[str], mixes: Iterable[str]) -> None:
        """Keep what a round came to, and clear away what only the making of its runs and mixes needed."""
        self.folder.keep(_part(len(self.rounds)), found)
        self.rounds.append(dict(found))
        for run in runs:
            shutil.rmtree(artifact("runs", run) / "checkpoints", ignore_errors=True)
        for mix in mixes:
            shutil.rmtree(artifact("mixes", mix) / "packs", ignore_errors=True)


def _part(number: int) -> str:
    return f"r{number:02d}"
