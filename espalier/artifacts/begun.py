"""A folder that one process makes: what is to be made is written first, the manifest last.

The same command on a folder that is not complete goes on; what was begun otherwise under its name is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from espalier.artifacts import records
from espalier.artifacts.identity import differences
from espalier.artifacts.kinds import of_word
from espalier.artifacts.lock import Lock
from espalier.artifacts.paths import artifact
from espalier.artifacts.run import timestamp
from espalier.errors import UserError


class Begun:
    """Such a folder of a kind of artifacts, held by one process. A context manager that lets it go."""

    def __init__(self, word: str, name: str) -> None:
        kind = of_word(word)
        assert kind is not None and kind.begun is not None
        self.name = name
        self.folder = artifact(kind.folder, name)
        self.complete = False
        """Whether it was finished before."""
        self._word, self._begun = word, kind.begun
        self._lock = Lock(self.folder / "lock")

    def begin(
        self,
        facts: Mapping[str, Any],
        *,
        compared: Sequence[str],
        may_change: Sequence[str] = (),
        noted: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        """Begin it with these facts, or go on with it, and hold its lock.

        The facts named in `compared` decide what it will hold, but for keys of theirs in `may_change`; `noted` gives
        facts that are written beside them at the beginning. UserError where another process has it, or where it was
        begun with others.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock.acquire(f"{self._word} {self.name}")
        try:
            self._begin_or_go_on(dict(facts), compared, may_change, noted)
        except BaseException:
            self._lock.release()
            raise

    def _begin_or_go_on(
        self,
        facts: dict[str, Any],
        compared: Sequence[str],
        may_change: Sequence[str],
        noted: Callable[[], Mapping[str, Any]],
    ) -> None:
        path = self.folder / self._begun
        if not path.exists():
            strangers = [entry.name for entry in self.folder.iterdir() if not entry.name.startswith((".", "lock"))]
            if strangers:
                raise UserError(f"{self.folder}: holds {strangers[0]} but no {self._begun}; move it away")
            records.write_json(path, facts | {**noted(), "created": timestamp()})
            return
        before = self.facts
        changed = []
        # A fact that was not kept when it was begun holds it to nothing.
        for key in (key for key in compared if key in before):
            then, now = (_without(each[key], may_change) for each in (before, facts))
            changed += differences(then, now, f"{key}.")
        if changed:
            raise UserError(
                f"{self._word} {self.name} was begun otherwise ({'; '.join(changed)}): change it back, choose another "
                "--name, or remove its folder"
            )
        self.complete = records.is_complete(self.folder)

    @property
    def facts(self) -> dict[str, Any]:
        """What it was begun with."""
        return dict(records.read_json(self.folder / self._begun))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _without(facts: Any, keys: Sequence[str]) -> Any:
    return {key: value for key, value in facts.items() if key not in keys} if isinstance(facts, dict) else facts
