"""A loop's folder, `loops/NAME`: what was asked for is written first, what examinations found as it is found, the
manifest last.

    loop.json        the configuration and the parents
    exams/PART.json  what an examination found
    report.md        what the rounds came to, with pictures beside it
    manifest.json    its presence means complete
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from espalier.artifacts import records
from espalier.artifacts.code_behind import code_behind
from espalier.artifacts.identity import differences
from espalier.artifacts.lock import Lock
from espalier.artifacts.paths import artifact
from espalier.artifacts.records import sha256_file
from espalier.artifacts.registry import content_hash
from espalier.artifacts.run import timestamp
from espalier.command_line.config import to_dict
from espalier.errors import UserError
from feedback.loop.config import LoopConfig

COMMAND = "feedback/rlp.py"
_BEGUN = "loop.json"
_MAY_CHANGE = ("device",)
_FIGURES = ("kl", "true", "true_gain", "proxy_gain", "accuracy", "distinct")


class LoopFolder:
    """One loop's folder, held by one process. A context manager that lets it go."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = artifact("loops", name)
        self.complete = False
        """Whether it was finished before."""
        self._lock = Lock(self.folder / "lock")

    @classmethod
    def open(cls, config: LoopConfig, parents: Mapping[str, str]) -> Self:
        """Begin the loop, or go on with it; `parents` is what it begins from, with content hashes.

        UserError where another process has it, or where a loop of this name was begun otherwise.
        """
        loop = cls(config.name)
        loop.folder.mkdir(parents=True, exist_ok=True)
        loop._lock.acquire(f"loop {config.name}")
        try:
            loop._begin_or_go_on(config, dict(parents))
        except BaseException:
            loop._lock.release()
            raise
        return loop

    def _begin_or_go_on(self, config: LoopConfig, parents: dict[str, str]) -> None:
        path = self.folder / _BEGUN
        trained = {name: sha256_file(getattr(config, name).config) for name in ("reward", "policy")}
        now = {"config": to_dict(config), "parents": parents, "trained by": trained}
        if not path.exists():
            strangers = [entry.name for entry in self.folder.iterdir() if not entry.name.startswith((".", "lock"))]
            if strangers:
                raise UserError(f"{self.folder}: holds {strangers[0]} but no {_BEGUN}; move it away")
            code = code_behind(COMMAND)
            records.write_json(path, {"name": self.name, **now, "code": code, "created": timestamp()})
            return
        before = records.read_json(path)
        # A loop that kept no hashes of what trains its models is held to the rest.
        kept = [key for key in now if key in before]
        changed = [line for key in kept for line in differences(_decides(before[key]), _decides(now[key]))]
        if changed:
            raise UserError(
                f"loop {self.name} was begun otherwise ({'; '.join(changed)}): change it back, choose another --name, "
                "or remove its folder"
            )
        self.complete = records.is_complete(self.folder)

    def found(self, part: str) -> dict[str, Any] | None:
        """What an examination found; None where there was none yet."""
        path = self.folder / "exams" / f"{part}.json"
        return dict(records.read_json(path)) if path.exists() else None

    def keep(self, part: str, facts: Mapping[str, Any]) -> None:
        """Keep what an examination found."""
        (self.folder / "exams").mkdir(exist_ok=True)
        records.write_json(self.folder / "exams" / f"{part}.json", facts)

    def finish(self, rounds: Sequence[Mapping[str, Any]]) -> None:
        """Seal it, with the policy of each round, and what was found of it."""
        before = records.read_json(self.folder / _BEGUN)
        kept = ("number", "policy", "reward", "scores", "stopped", "gamed", "exploits")
        found = [{key: each[key] for key in kept} | {key: each["exam"][key] for key in _FIGURES} for each in rounds]
        first = before["config"]["start"]
        taken = [each["policy"].partition("@")[0] for each in rounds if each["policy"] != first]
        policies = {run: content_hash(run) for run in taken}
        records.write_manifest(
            self.folder,
            {
                "kind": "loop",
                "name": self.name,
                "parents": {**before["parents"], **policies},
                "finished": timestamp(),
                "made_with": {"code": before["code"]},
                "rounds": found,
            },
            content=("exams/*.json",),
            exclude=("lock",),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _decides(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if key not in _MAY_CHANGE}
