"""When a run is looked at, asked, and left to talk to itself."""

from __future__ import annotations

from training.config import TrainConfig
from training.observers import Step


class Rhythm:
    """Steps between them, by the configuration or as the operator said since."""

    def __init__(self, config: TrainConfig, *, looks: bool) -> None:
        own, entries = config.self_play.every, config.journal.every
        every = config.monitors.every if looks else 0
        self._every = {
            "look": every,
            "check-in": config.checkin.every if config.checkin.prompts else 0,
            "self-play": every if own is None else own,
            "entry": (config.checkin.every if looks or config.checkin.prompts else 0) if entries is None else entries,
        }
        self._stays = () if entries is None else ("entry",)

    @property
    def look(self) -> int:
        """Steps from one look to the next; 0 where there are none."""
        return self._every["look"]

    def change(self, every: int) -> None:
        """So many steps between all that is done at all; between entries of the journal too where they only follow."""
        self._every |= {what: every for what, before in self._every.items() if before and what not in self._stays}

    def due(self, step: Step) -> set[str]:
        """What it is time for after a step: `look`, `check-in`, `self-play`, `entry`; all before the first step and
        after the last."""
        return {what for what, every in self._every.items() if every and (step.number % every == 0 or step.last)}

    def number(self, step: Step) -> int:
        """Which look of the run that after a step is."""
        return step.number // self.look
