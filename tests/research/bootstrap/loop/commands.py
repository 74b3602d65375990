"""Commands of a round that do nothing but leave behind what a loop reads of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts import records
from espalier.artifacts.paths import artifact
from research.bootstrap.bands import BANDS
from research.bootstrap.loop import steps

FOLDERS = {steps.BUILD: "mixes", steps.TRAIN: "runs"}


class Commands:
    """Stands for the commands of a loop. Which bands are passed is told round by round, and what attempts score."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.run: list[list[str]] = []
        self.passes: list[Sequence[int]] = []
        """Of each round, the bands that are passed."""
        self.shares: list[float] = []
        """Of each round, the share of every band's tasks that is done."""
        self.useless: set[str] = set()
        """Sessions from which nothing can be learned, by the end of their names."""
        self.fooled: list[str] = []
        """Why the grader is not to be trusted."""
        self.dies_before: str | None = None
        """The artifact before which the loop is killed."""
        patch.setattr("espalier.loops.steps.run_command", self)

    def __call__(self, script: str, *words: str) -> int:
        name = words[words.index("--name") + 1]
        if self.dies_before and name.endswith(self.dies_before):
            raise KeyboardInterrupt
        self.run.append([script, *words])
        folder = artifact(FOLDERS.get(script, "corpora"), name)
        folder.mkdir(parents=True)
        facts = self._made(script, name, folder)
        records.write_manifest(folder, {"kind": "any", "name": name, **facts})
        return 0

    def _made(self, script: str, name: str, folder: Path) -> dict[str, Any]:
        number = int(name.partition("-r")[2][:2])
        (folder / "made").write_text(name)
        if script == steps.TRAIN:
            return {"summary": {"tokens": 1000, "loss": 1.0, "valid_excess": 0.5}}
        if script == steps.CALIBRATE:
            return {"counts": {"replies": 9, "failed": self.fooled}}
        if script == steps.GRADE:
            records.write_jsonl(folder / "grades.jsonl", [{"score": 1}, {"score": 6}] if number else [])
        if script == steps.ROWS:
            useless = any(name.endswith(end) for end in self.useless)
            attempts = 0 if useless or not number else 5
            return {"counts": {"trunk": 9, "attempts": attempts, "present": attempts, "pairs": 2}}
        if script == steps.EXAMINE:
            passed = self.passes[number] if number < len(self.passes) else ()
            share = self.shares[number] if number < len(self.shares) else 0.5
            bands = [
                {"band": band, "name": name, "share": share, "passed": band in passed, "turns": 9, "low": 0.1,
                 "high": 0.9, "at_least": 0.5, "sentences": None, "failed": ["too few"]}
                for band, name in enumerate(BANDS)
            ]  # fmt: skip
            manner = {"repetition": 0.0, "echo": 0.0, "distinct": 1.0}
            pairs = {"article": {"pairs": 9, "share": 0.5, "low": 0.4, "high": 0.6, "shorter": 0.5}}
            who = {"replies": 1, "first_person": 1.0, "own_name": 1.0, "names": {"Basil": 1}, "agrees": 1.0}
            watched = [{"band": 1, "asked": "Tutor: Hm?", "reply": "a | b", "model": "Hm.", "score": 3}]
            exam = {
                "bands": bands, "limit": 4, "controls": {"parrot": {"bands": bands}}, "controls_pass": [5],
                "as_sophie": [{"turns": 9, "share": 0.75, "low": 0.5, "high": 0.9}] * len(BANDS),
                "watched": watched, "floor": None, "manner": manner | {"wanted": manner},
                "minimal_pairs": {"phenomena": pairs},
                "identity": {"Basil": who, "Sophie": who, "role": "follows the speaker"},
            }  # fmt: skip
            records.write_json(folder / "exam.json", exam)
            said = {"question": "Who are you?", "speaker": "Basil", "sample": 0, "reply": f"Basil {(number + 1) // 2}."}
            records.write_jsonl(folder / "identities.jsonl", [said])
        return {}

    @property
    def made(self) -> list[str]:
        """What was made, in order, without the loop's name."""
        return [words[words.index("--name") + 1].partition("-")[2] for words in self.run]

    def given(self, part: str, key: str) -> str | None:
        """What a part was told for a key."""
        words = next(words for words in self.run if words[words.index("--name") + 1].endswith(part))
        return words[words.index(f"--{key}") + 1] if f"--{key}" in words else None
