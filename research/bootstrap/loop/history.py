"""What the rounds of a loop came to so far, as its folder keeps it, and what later rounds need of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_jsonl, write_jsonl
from espalier.artifacts.registry import content_hash
from espalier.errors import UserError
from espalier.loops.folder import LoopFolder
from research.bootstrap.loop import steps
from research.bootstrap.loop.config import BootstrapConfig
from research.bootstrap.loop.rounds import remembered
from research.bootstrap.loop.stopping import stopped

_LISTENS = [steps.ROWS, steps.BUILD, steps.TRAIN, steps.EXAMINE]
_TRIES = [steps.SESSIONS, steps.GRADE, *_LISTENS, steps.BUILD, steps.TRAIN]


class History:
    """The rounds that are done."""

    def __init__(self, folder: LoopFolder, config: BootstrapConfig) -> None:
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
            if (now := content_hash(spec)) != known:
                raise UserError(
                    f"{spec} {'is another than it was' if now else 'is gone'}, and round {len(self.rounds)} of loop "
                    f"{config.name} is made from it, as round {number} left it: put it back, or begin again by "
                    f"removing loops/{config.name} and what its rounds made"
                )

    @property
    def ended(self) -> str:
        """Why the loop ends here; empty where it goes on."""
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

    def keep(self, found: Mapping[str, Any]) -> None:
        """Keep what a round came to, and what it said of itself; clear away what no later round needs of it."""
        self.folder.keep(_part(len(self.rounds)), found)
        self.rounds.append(dict(found))
        for spec in found["made"]:
            word, _, name = spec.partition(":")
            if word == "run":
                shutil.rmtree(artifact("runs", name) / "checkpoints", ignore_errors=True)
        for part in ("trunk", "adapter", "pairs"):
            shutil.rmtree(
                artifact("mixes", steps.part_of(self._config, found["number"], part)) / "packs", ignore_errors=True
            )
        self._log_identities()

    def _log_identities(self) -> None:
        """identities/identity_log.jsonl: what it said of itself in every round, in their order."""
        said = list[Any]()
        for each in self.rounds:
            path = artifact("corpora", each["exam"]) / "identities.jsonl"
            said += [{"round": each["number"], **line} for line in read_jsonl(path)] if path.is_file() else []
        write_jsonl(self.folder.folder / "identities" / "identity_log.jsonl", said)

    def _needed(self) -> Iterator[tuple[int, str, str]]:
        """What the next round is made from: a round's number, an artifact, and its content hash."""
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


def _part(number: int) -> str:
    return f"r{number:02d}"
