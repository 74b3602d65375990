"""A folder of corpora/ that a command here makes, of files of JSON lines or others."""

from __future__ import annotations

from typing import Any, Self

from espalier.artifacts import records
from espalier.artifacts.begun import Begun
from espalier.artifacts.code_behind import code_behind
from espalier.artifacts.rounds import Round
from espalier.artifacts.run import timestamp
from espalier.memory.runlog import note


class Corpus(Begun):
    """One such folder."""

    def __init__(self, name: str) -> None:
        super().__init__("corpus", name)

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
        round_ = {"round": made_in.facts} if made_in else {}
        begun = {"name": name, "command": command, "config": config, "parents": parents, "about": about, **round_}
        corpus.begin(begun, compared=("command", "config", "parents"))
        if corpus.complete:
            try:
                records.verify_manifest(corpus.folder)
            except BaseException:
                corpus.__exit__()
                raise
        return corpus

    def finish(
        self,
        lines: dict[str, list[dict[str, Any]]],
        *,
        about: str,
        counts: dict[str, Any],
        written: tuple[str, ...] = (),
    ) -> None:
        """Write its files of JSON lines, by name, and seal it with those that were `written` before.

        `about` says in a line what it holds.
        """
        for file, values in lines.items():
            records.write_jsonl(self.folder / file, values)
        begun = self.facts
        facts: dict[str, Any] = {
            "kind": "corpus",
            **{key: begun[key] for key in ("name", "parents", "round", "config", "command") if key in begun},
            "finished": timestamp(),
            "about": about,
            "counts": counts,
            "made_with": {"code": code_behind(begun["command"])},
        }
        records.write_manifest(self.folder, facts, content=(*lines, *written), exclude=("lock",))

    def publish(self) -> None:
        """Note it in the workspace's run log."""
        note(f"corpus:{self.name}")
