"""`signals.db`: all that a run's watching found, in one SQLite file beside its metrics.

store = SignalStore.open(folder)      # the training's own; it goes on whatever becomes of the file
store.add_signals(step, "repetition", [Signal(name="rate", value=0.1)])
SignalStore.read(folder).series("repetition.rate")    # anybody's, also while it is written
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from espalier.artifacts.run import timestamp
from espalier.command_line.console import say
from espalier.errors import UserError
from espalier.signals import tables
from espalier.signals.records import Dialogue, Event, KeptAnswer, KeptDialogue, KeptSignal, Picture, Said, Signal

FILE = "signals.db"
_MAGIC = b"SQLite format 3\0"
_PATIENCE_S, _LESS_PATIENCE_S = 2.0, 0.05
"""How long one waits for another who writes; and once that was in vain, so that training is not held up."""
_BESIDE = ("", "-wal", "-shm")
"""What SQLite calls the files of a database."""


class SignalStore:
    """The store of one run. What is read comes in the order in which it was written."""

    def __init__(self, path: Path, connection: sqlite3.Connection | None) -> None:
        self.path = path
        self._connection = connection
        self._keeps = True
        self._lost = False

    @classmethod
    def open(cls, folder: Path) -> Self:
        """To be written to, by the process that holds the run. A damaged file is set aside, and said; where none can be
        written, that is said, once, and nothing is kept."""
        store = cls(folder / FILE, None)
        store._safely(lambda db: None)
        return store

    @classmethod
    def nowhere(cls, folder: Path) -> Self:
        """One that keeps nothing: that of a process beside the one that writes."""
        store = cls(folder / FILE, None)
        store._keeps = False
        return store

    @classmethod
    def read(cls, folder: Path) -> Self:
        """To be read. UserError where there is none, or where it cannot be read."""
        path = folder / FILE
        if not path.is_file():
            raise UserError(f"{path}: no such file; a run keeps signals, answers and events while it is watched")
        try:
            # The folder has to be writable for a reader too, as long as another process may be writing.
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE_S)
        except sqlite3.Error as error:
            raise _unreadable(path, error) from error
        store = cls(path, _by_name(connection))
        store._rows("SELECT count(*) FROM sqlite_master", ())
        return store

    def close(self) -> None:
        """Let the file go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add_signals(self, step: int, monitor: str, signals: Iterable[Signal]) -> None:
        """Keep what a monitor found at a step."""
        self._add("signals", step, [tables.of_signal(monitor, signal) for signal in signals])

    def add_answers(self, step: int, said: Sequence[Said]) -> None:
        """Keep the answers of a check-in."""
        self._add("answers", step, [(each.prompt, each.system, each.asked, each.reply, each.finish) for each in said])

    def add_dialogues(self, step: int, dialogues: Sequence[Dialogue]) -> None:
        """Keep the model's dialogues with itself."""
        rows = [
            (number, place, dialogue.system, turn.role, turn.said, turn.finish)
            for number, dialogue in enumerate(dialogues)
            for place, turn in enumerate(dialogue.turns)
        ]
        self._add("turns", step, rows)

    def add_event(self, step: int, who: str, what: str, said: str, evidence: Mapping[str, Any] | None = None) -> None:
        """Keep that something was done: by the `run` or by its `operator`."""
        self._add("events", step, [(who, what, said, tables.as_json(evidence or {}))])

    def add_picture(self, step: int, what: str, value: Any) -> None:
        """Keep what was measured inside."""
        self._add("pictures", step, [(what, tables.as_json(value))])

    def truncate(self, after_step: int) -> None:
        """Forget what came after a step, but for what the operator did."""

        def forget(db: sqlite3.Connection) -> None:
            for table in tables.COLUMNS:
                but = " AND who <> 'operator'" if table == "events" else ""
                db.execute(f"DELETE FROM {table} WHERE step > ?{but}", (after_step,))

        self._safely(forget)

    def signals(self, monitor: str | None = None, name: str | None = None, **which: int | None) -> list[KeptSignal]:
        """Signals of one monitor or all, of one figure or all; `which` is since_step, until_step, after_id."""
        return tables.signals(self._select("signals", {"monitor": monitor, "name": name}, **which))

    def answers(self, prompt: int | None = None, **which: int | None) -> list[KeptAnswer]:
        """Answers at check-ins, to one prompt or all."""
        return tables.answers(self._select("answers", {"prompt": prompt}, **which))

    def dialogues(self, **which: int | None) -> list[KeptDialogue]:
        """Dialogues of the model with itself."""
        return tables.dialogues(self._select("turns", {}, **which))

    def events(self, who: str | None = None, what: str | None = None, **which: int | None) -> list[Event]:
        """What was done."""
        return tables.events(self._select("events", {"who": who, "what": what}, **which))

    def pictures(self, what: str | None = None, **which: int | None) -> list[Picture]:
        """What was measured inside."""
        return tables.pictures(self._select("pictures", {"what": what}, **which))

    def series(self, name: str) -> list[tuple[int, float]]:
        """Step and value of a figure, by `monitor.name`."""
        monitor, _, of_it = name.partition(".")
        query = "SELECT step, value FROM signals WHERE monitor = ? AND name = ? AND value IS NOT NULL ORDER BY id"
        return [(row["step"], row["value"]) for row in self._rows(query, (monitor, of_it))]

    def names(self) -> list[str]:
        """What `series` knows."""
        query = "SELECT DISTINCT monitor, name FROM signals WHERE value IS NOT NULL ORDER BY monitor, name"
        return [f"{row['monitor']}.{row['name']}" for row in self._rows(query, ())]

    def rows(self, table: str, equal: Mapping[str, Any] | None = None, **which: int | None) -> list[dict[str, Any]]:
        """Rows of a table as they stand in it, evidence as JSON text, for who takes them elsewhere."""
        return [dict(row) for row in self._select(table, equal or {}, **which)]

    def _select(
        self,
        table: str,
        equal: Mapping[str, Any],
        *,
        since_step: int | None = None,
        until_step: int | None = None,
        after_id: int | None = None,
    ) -> list[sqlite3.Row]:
        conditions = {f"{column} = ?": value for column, value in equal.items()}
        conditions |= {"step >= ?": since_step, "step <= ?": until_step, "id > ?": after_id}
        asked = {condition: value for condition, value in conditions.items() if value is not None}
        where = f" WHERE {' AND '.join(asked)}" if asked else ""
        return self._rows(f"SELECT * FROM {table}{where} ORDER BY id", tuple(asked.values()))

    def _rows(self, query: str, values: tuple[Any, ...]) -> list[sqlite3.Row]:
        if self._connection is None:
            return []
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise _unreadable(self.path, error) from error

    def _add(self, table: str, step: int, rows: Sequence[tuple[Any, ...]]) -> None:
        at = timestamp()
        if rows:
            self._safely(lambda db: db.executemany(tables.insert(table), [(step, at, *row) for row in rows]))

    def _safely(self, work: Callable[[sqlite3.Connection], object], *, mends: bool = True) -> None:
        """Do what writes, whole or not at all. Training goes on where it cannot be done."""
        if not self._keeps:
            return
        try:
            self._do(work)
        except sqlite3.DatabaseError as error:
            if mends and _is_damaged(error):
                self._set_aside(error)
                self._safely(work, mends=False)
            else:
                self._cannot(error)
        except OSError as error:
            self._cannot(error)

    def _do(self, work: Callable[[sqlite3.Connection], object]) -> None:
        if self._connection is None:
            self._connection = _opened(self.path, _LESS_PATIENCE_S if self._lost else _PATIENCE_S)
        _check_header(self.path)
        with self._connection:
            work(self._connection)
        if self._lost:
            self._lost = False
            say(f"{self.path}: can be written again")

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        self.close()
        number = next(n for n in range(1, 10_000) if not Path(f"{self.path}.damaged-{n}").exists())
        aside = Path(f"{self.path}.damaged-{number}")
        for ending in _BESIDE:
            beside = Path(f"{self.path}{ending}")
            if beside.exists():
                beside.rename(f"{aside}{ending}")
        say(f"{self.path}: damaged ({error}); it is now {aside.name}, and a new one is begun")

    def _cannot(self, error: Exception) -> None:
        self.close()
        if not self._lost:
            say(f"{self.path}: cannot be written ({error}); training goes on, and what is found meanwhile is not kept")
        self._lost = True


def _check_header(path: Path) -> None:
    """An open connection writes into its log and would not see that the file was overwritten beneath it."""
    with open(path, "rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise sqlite3.DatabaseError("malformed: it does not begin as a database does")


def _opened(path: Path, patience_s: float) -> sqlite3.Connection:
    """The database to be written to; where there is none, one is made, which others see when it is whole."""
    if not path.exists():
        begun = path.with_name(f".{path.name}.tmp-{os.getpid()}")
        begun.unlink(missing_ok=True)
        _connected(begun, patience_s).close()
        begun.rename(path)
    return _connected(path, patience_s)


def _connected(path: Path, patience_s: float) -> sqlite3.Connection:
    connection = _by_name(sqlite3.connect(path, timeout=patience_s))
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        for row in connection.execute("PRAGMA quick_check(1)"):
            if row[0] != "ok":
                raise sqlite3.DatabaseError(f"malformed: {row[0]}")
        with connection:
            for statement in tables.SCHEMA:
                connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def _by_name(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.row_factory = sqlite3.Row
    return connection


def _is_damaged(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "malformed" in str(error)


def _unreadable(path: Path, error: sqlite3.Error) -> UserError:
    return UserError(f"{path}: cannot be read ({error}); a training that goes on sets a damaged one aside, begins anew")
