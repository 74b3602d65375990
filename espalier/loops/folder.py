"""A loop's folder, `loops/NAME`: what was asked for is written first, what was found of its rounds as it is found, the
manifest last.

    loop.json        the configuration and the parents
    exams/PART.json  what was found of a part of a round
    report.md        what the rounds came to
    manifest.json    its presence means complete
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from espalier.artifacts import records
from espalier.artifacts.begun import Begun
from espalier.artifacts.code_behind import code_behind
from espalier.artifacts.kinds import KINDS
from espalier.artifacts.paths import workspace
from espalier.artifacts.run import timestamp
from espalier.command_line.config import Config, to_dict
from espalier.errors import UserError

_FOUND = "exams"


class LoopFolder(Begun):
    """One loop's folder."""

    def __init__(self, name: str) -> None:
        super().__init__("loop", name)

    @classmethod
    def open(
        cls,
        name: str,
        config: Config,
        *,
        parents: Mapping[str, str],
        command: str,
        about: str = "",
        decided_by: Mapping[str, Mapping[str, Any]],
        may_change: Sequence[str] = ("device",),
    ) -> Self:
        """Begin the loop that `command` runs, or go on with it.

        `parents` is what it begins from, with content hashes; `about` a line that says what it is; `decided_by` what
        else decides it, such as files that the configuration names, with their hashes; keys of the configuration in
        `may_change` decide nothing. UserError where another process has it, or where a loop of this name was begun
        otherwise.
        """
        loop = cls(name)
        loop._check_that_none_was_before()
        loop.begin(
            {"name": name, "config": to_dict(config), "parents": dict(parents), **decided_by},
            compared=("config", "parents", *decided_by),
            may_change=may_change,
            noted=lambda: {"code": code_behind(command), **({"about": about} if about else {})},
        )
        return loop

    def _check_that_none_was_before(self) -> None:
        """UserError where rounds of a loop of this name are there and it is not: its steps would be taken as done."""
        if (self.folder / "loop.json").exists():
            return
        for kind in KINDS:
            for path in sorted(workspace().glob(f"{kind.folder}/{self.name}-r[0-9][0-9]*-*")):
                raise UserError(
                    f"{path}: a round of an earlier loop called {self.name} left it, and it would be taken for one of "
                    f"this; remove what its rounds made ({self.name}-r…), or choose another --name"
                )

    def found(self, part: str) -> dict[str, Any] | None:
        """What was found of a part; None where nothing was yet."""
        path = self.folder / _FOUND / f"{part}.json"
        return dict(records.read_json(path)) if path.exists() else None

    def keep(self, part: str, facts: Mapping[str, Any]) -> None:
        """Keep what was found of a part."""
        (self.folder / _FOUND).mkdir(exist_ok=True)
        records.write_json(self.folder / _FOUND / f"{part}.json", facts)

    def go_on(self) -> None:
        """Unseal it: it has further rounds."""
        (self.folder / records.MANIFEST).unlink()
        self.complete = False

    def seal(self, rounds: Sequence[Mapping[str, Any]], made: Mapping[str, str], **facts: Any) -> None:
        """Seal it, with what came of each round; `made` are artifacts that it came to, with content hashes."""
        before = self.facts
        records.write_manifest(
            self.folder,
            {
                "kind": "loop",
                "name": self.name,
                "parents": {**before["parents"], **made},
                "finished": timestamp(),
                "made_with": {"code": before["code"]},
                "rounds": list(rounds),
                **facts,
            },
            content=(f"{_FOUND}/*.json",),
            exclude=("lock",),
        )
