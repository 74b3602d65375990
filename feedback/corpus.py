"""A folder of corpora/ that a command here makes: what is to be made is written first, the manifest last.

The same command on a folder that is not complete goes on; another configuration under its name is an error.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from espalier.artifacts import records
from espalier.artifacts.code_behind import code_behind
from espalier.artifacts.identity import differences
from espalier.artifacts.lock import Lock
from espalier.artifacts.paths import artifact
from espalier.artifacts.rounds import Round
from espalier.artifacts.run import timestamp
from espalier.errors import UserError
from espalier.memory.runlog import note

_BEGUN = "corpus.json"


class Corpus:
    """One such folder, held by one process. A context manager that lets it go."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = artifact("corpora", name)
        self.complete = False
        """Whether it was finished before."""
        self._lock = Lock(self.folder / "lock")

    @classmethod
    def open(
        cls,
        name: str,
        config: dict[str, Any],
        *,
        parents: dict[str, str],
        about: str,
        command: str,
        made_in: Round | None = None,
    ) -> Self:
        """Begin the corpus, or go on with it.

        `config` is all that decides what it holds, `parents` what it is made from, with content hashes, `about` a line
        that says what it will be, `command` the file that makes it. UserError where another process has it, where one
        of this name was begun with another configuration or from other parents, or changed since it was finished.
        """
        corpus = cls(name)
        corpus.folder.mkdir(parents=True, exist_ok=True)
        corpus._lock.acquire(f"corpus {name}")
        try:
            round_ = {"round": made_in.facts} if made_in else {}
            begun = {"name": name, "command": command, "config": config, "parents": parents, "about": about, **round_}
            corpus._begin_or_go_on(begun)
        except BaseException:
            corpus._lock.release()
            raise
        return corpus

    def _begin_or_go_on(self, begun: dict[str, Any]) -> None:
        path = self.folder / _BEGUN
        if not path.exists():
            strangers = [entry.name for entry in self.folder.iterdir() if not entry.name.startswith((".", "lock"))]
            if strangers:
                raise UserError(f"{self.folder}: holds {strangers[0]} but no {_BEGUN}; move it away")
            records.write_json(path, begun | {"created": timestamp()})
            return
        before = records.read_json(path)
        changed = differences(
            {key: before.get(key) for key in ("command", "config", "parents")},
            {key: begun[key] for key in ("command", "config", "parents")},
        )
        if changed:
            raise UserError(
                f"corpus {self.name} was begun otherwise ({'; '.join(changed)}): change it back, choose another "
                "--name, or remove its folder"
            )
        self.complete = records.is_complete(self.folder)
        if self.complete:
            records.verify_manifest(self.folder)

    def finish(self, lines: dict[str, list[dict[str, Any]]], *, about: str, counts: dict[str, Any]) -> None:
        """Write its files of JSON lines, by name, and seal it; `about` says in a line what it holds."""
        for file, values in lines.items():
            records.write_jsonl(self.folder / file, values)
        begun = records.read_json(self.folder / _BEGUN)
        facts = {
            "kind": "corpus",
            **{key: begun[key] for key in ("name", "parents", "round", "config", "command") if key in begun},
            "finished": timestamp(),
            "about": about,
            "counts": counts,
            "made_with": {"code": code_behind(begun["command"])},
        }
        records.write_manifest(self.folder, facts, content=tuple(lines), exclude=("lock",))

    def publish(self) -> None:
        """Note it in the workspace's run log."""
        note(f"corpus:{self.name}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
