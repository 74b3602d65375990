"""What the rounds of a loop came to so far, as its folder keeps it, and what later rounds need of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_jsonl, write_jsonl
from espalier.loops.folder import LoopFolder
from espalier.loops.history import RoundsDone
from research.bootstrap.loop import steps
from research.bootstrap.loop.config import BootstrapConfig
from research.bootstrap.loop.rounds import remembered
from research.bootstrap.loop.stopping import stopped

_LISTENS = [steps.ROWS, steps.BUILD, steps.TRAIN, steps.EXAMINE]
_TRIES = [steps.SESSIONS, steps.GRADE, *_LISTENS, steps.BUILD, steps.TRAIN]


class History(RoundsDone):
    """What each came to, as `rounds.run_round` gives it."""

    def __init__(self, folder: LoopFolder, config: BootstrapConfig) -> None:
        self._config = config
        super().__init__(folder)

    @property
    def ended(self) -> str:
        if not self.rounds:
            return ""
        done = f"all of {len(self.rounds)} rounds are done" if len(self.rounds) >= self._config.rounds else ""
        return stopped(self.rounds, self._config.stop) or done

    def kinds_ahead(self) -> list[str]:
        """The commands of the steps that are left, where no rule ends the loop before."""
        kinds = list[str]()
        for number in range(len(self.rounds), self._config.rounds):
            heard = self._config.heard if number else self._config.listening.heard
            kinds += [steps.SESSIONS] * bool(heard) + (_TRIES if number else _LISTENS)
        return kinds

    def keep_round(self, found: Mapping[str, Any]) -> None:
        """Keep what a round came to, and what it said of itself."""
        runs = [spec.removeprefix("run:") for spec in found["made"] if spec.startswith("run:")]
        mixes = [steps.part_of(self._config, found["number"], part) for part in ("trunk", "adapter", "pairs")]
        self.keep(found, runs=runs, mixes=mixes)
        self._log_identities()

    def _log_identities(self) -> None:
        """identities/identity_log.jsonl: what it said of itself in every round, in their order."""
        said = list[Any]()
        for each in self.rounds:
            path = artifact("corpora", each["exam"]) / "identities.jsonl"
            said += [{"round": each["number"], **line} for line in read_jsonl(path)] if path.is_file() else []
        write_jsonl(self.folder.folder / "identities" / "identity_log.jsonl", said)

    def needed(self) -> Iterator[tuple[int, str, str]]:
        if not self.rounds:
            return
        for each in remembered(self._config, len(self.rounds), self.rounds):
            for name in (*each["sessions"], *each["grades"]):
                yield each["number"], f"corpus:{name}", each["made"][f"corpus:{name}"]
        last = self.rounds[-1]
        for run in {last["trunk"]: 0, last["pupil"]: 0}:
            yield last["number"], f"run:{run}", last["made"][f"run:{run}"]


def seconds_in(found: Mapping[str, Any], seconds: Mapping[str, float]) -> float:
    """Seconds that a round took, of those that its artifacts took."""
    prefix = found["exam"].removesuffix("exam")
    return sum(spent for step, spent in seconds.items() if step.startswith(prefix))


def band_after(minutes: float, rounds: Sequence[Mapping[str, Any]], seconds: Mapping[str, float]) -> int | None:
    """The band to which a loop had come after so many minutes of work; None where it had not worked so long."""
    band, spent = 0, 0.0
    for each in rounds:
        spent += seconds_in(each, seconds)
        if spent > 60 * minutes:
            return band
        band = each["next_band"]
    return band if rounds and (spent == 60 * minutes or rounds[-1]["through"]) else None
