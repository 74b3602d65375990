"""What the rounds of a loop came to so far, as its folder keeps it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from typing import Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.registry import content_hash
from espalier.errors import UserError
from espalier.loops.folder import LoopFolder
from research.self_improvement.loop import steps
from research.self_improvement.loop.config import LoopConfig
from research.self_improvement.loop.taking import stopped

_ROUND = [
    steps.PROPOSE, steps.PERFORM, steps.JUDGE, steps.RANK, steps.BUILD, steps.TRAIN, steps.INTERLACE, steps.BUILD,
    steps.TRAIN, steps.EXAMINE, steps.EVALUATE,
]  # fmt: skip


class History:
    """The rounds that are done."""

    def __init__(self, folder: LoopFolder, config: LoopConfig) -> None:
        """UserError where what the next round is made from is gone, or is another than it was."""
        self.folder, self._config = folder, config
        self.rounds: list[dict[str, Any]] = []
        """What each came to, as `rounds.run_round` gives it."""
        while found := folder.found(_part(len(self.rounds))):
            self.rounds.append(found)
        if self.ended:
            return
        if folder.complete:
            folder.go_on()
        for number, spec, known in self._needed():
            if content_hash(spec) != known:
                raise UserError(
                    f"{spec} of round {number} is gone, or is another than it was, and the next round is made from it; "
                    f"put it back, or remove the loop with its rounds: loops/{config.name} and {config.name}-r…"
                )

    @property
    def ended(self) -> str:
        """Why the loop ended; empty where it goes on."""
        why = stopped(self.rounds, self._config.stop) if self.rounds and self._config.trains else ""
        if not why and len(self.rounds) > self._config.rounds:
            return f"all of {self._config.rounds} rounds are done"
        return why

    def kinds_ahead(self) -> list[str]:
        """The steps that are expected, by what they run."""
        first = [] if self.rounds else [steps.EXAMINE, steps.EVALUATE]
        return first + _ROUND * (self._config.rounds + 1 - max(1, len(self.rounds)))

    def keep(self, found: Mapping[str, Any]) -> None:
        """Keep what a round came to, and let go of what only its making needed."""
        self.folder.keep(_part(len(self.rounds)), found)
        self.rounds.append(dict(found))
        for run in found.get("trained", ()):
            shutil.rmtree(artifact("runs", run.removeprefix("run:")) / "checkpoints", ignore_errors=True)
        for part in ("learned", "ordinary.mix"):
            mix = steps.part_of(self._config, found["number"], part)
            shutil.rmtree(artifact("mixes", mix) / "packs", ignore_errors=True)

    def _needed(self) -> Iterator[tuple[int, str, str]]:
        """What the next round is made from: a round's number, an artifact, and its content hash."""
        for each in self.rounds:
            for spec, known in each["made"].items():
                if spec.startswith("corpus:") or spec == self.rounds[-1]["policy"]:
                    yield each["number"], spec, known


def _part(number: int) -> str:
    return f"r{number:02d}"
