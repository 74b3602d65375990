"""The rounds of this loop that are done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from espalier.loops.folder import LoopFolder
from espalier.loops.history import RoundsDone
from research.self_improvement.loop import steps
from research.self_improvement.loop.config import LoopConfig
from research.self_improvement.loop.taking import stopped

_ROUND = [
    steps.PROPOSE, steps.PERFORM, steps.JUDGE, steps.RANK, steps.BUILD, steps.TRAIN, steps.INTERLACE, steps.BUILD,
    steps.TRAIN, steps.EXAMINE, steps.EVALUATE,
]  # fmt: skip


class History(RoundsDone):
    """What each came to, as `rounds.run_round` gives it."""

    def __init__(self, folder: LoopFolder, config: LoopConfig) -> None:
        self._config = config
        super().__init__(folder)

    @property
    def ended(self) -> str:
        why = stopped(self.rounds, self._config.stop) if self.rounds and self._config.trains else ""
        if not why and len(self.rounds) > self._config.rounds:
            return f"all of {self._config.rounds} rounds are done"
        return why

    def kinds_ahead(self) -> list[str]:
        """The steps that are expected, by what they run."""
        first = [] if self.rounds else [steps.EXAMINE, steps.EVALUATE]
        return first + _ROUND * (self._config.rounds + 1 - max(1, len(self.rounds)))

    def keep_round(self, found: Mapping[str, Any]) -> None:
        """Keep what a round came to."""
        mixes = [steps.part_of(self._config, found["number"], part) for part in ("learned", "ordinary.mix")]
        self.keep(found, runs=[run.removeprefix("run:") for run in found.get("trained", ())], mixes=mixes)

    def needed(self) -> Iterator[tuple[int, str, str]]:
        for each in self.rounds:
            for spec, known in each["made"].items():
                if spec.startswith("corpus:") or spec == self.rounds[-1]["policy"]:
                    yield each["number"], spec, known
