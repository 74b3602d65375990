"""Ratings in SQLite: contents, items, votes. What is written is on the disk when a call returns; no vote changes.

A vote that is changed on the page is another vote, which `replaces` the first; that one then no longer `stands`.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from espalier.artifacts.lock import Lock
from espalier.artifacts.run import timestamp
from espalier.errors import UserError
from feedback.rating import opening
from feedback.rating.content import Ask, Content
from feedback.rating.questions import Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """Something that could be asked: what is shown, where it comes from, and who wrote which reply."""

    place: str
    """Where it comes from, the same as long as it is the same question: of the same case and the same models."""
    content: Content
    """What is shown."""
    authors: tuple[str, ...]
    """Who wrote each of the content's replies; no rater gets to see them."""
    case: str = ""
    """What the suite calls the conversation, or the file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A candidate in the file."""

    id: int
    """Its number, which is all that the page calls it by."""
    content: Content
    """What is shown now."""
    content_hash: str
    """Of that."""
    authors: tuple[str, ...]
    """Who wrote each of the replies."""
    case: str
    """What the suite calls the conversation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Vote:
    """What one rater said of one item, once."""

    id: int
    rater: str
    item: int
    content: str
    """Hash of the content that it is about."""
    shown: str
    """Hash of exactly what was on the page; of an imported vote, empty."""
    swapped: bool
    """Whether the content's second reply stood on the left."""
    repeat: bool
    """Whether it is the second time that this rater was asked this."""
    verdict: Verdict | None
    """None where the rater passed it over."""
    comment: str
    seconds: float | None
    """How long it was looked at."""
    at: str
    """When it was kept, in UTC."""
    chosen_by: str
    """How it was chosen to be asked: `random`, or `run:NAME …`."""
    origin: str
    """`page`, or the name of the file that it was imported from."""


@dataclass(frozen=True, kw_only=True)
class Synced:
    """What putting candidates in found."""

    added: int
    changed: int
    """Items that show something else than before: votes on what they showed are kept, and are of something else."""


class Taken(Exception):
    """The rater has voted on this already, in another window."""


class Store:
    """An open file of ratings; a context manager."""

    def __init__(self, path: Path, lock: Lock | None) -> None:
        self.path, self._lock = path, lock
        self._db = opening.connect(path)

    @classmethod
    def open(cls, name: str, *, make: bool = False) -> Self:
        """Hold the ratings of that name, so that no other process writes to them; `make` them where there are none.

        UserError where they are not there, damaged, or in another process's hands.
        """
        path = opening.path_of(name)
        if not path.exists() and not make:
            raise UserError(
                f"{path}: no such ratings; `espalier rate` makes them, from --models, --replies or --import"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = Lock(path.with_suffix(".lock"))
        lock.acquire(f"ratings {name}")
        try:
            if not path.exists():
                opening.create(path)
            return cls(path, lock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def read(cls, name: str) -> Self:
        """The same to be read only, beside a page that is being served. UserError as above."""
        path = opening.path_of(name)
        if not path.exists():
            raise UserError(f"{path}: no such ratings")
        return cls(path, None)

    def close(self) -> None:
        """Let the file go."""
        self._db.close()
        if self._lock:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def about(self, key: str) -> Any:
        """What was noted under a key; None where nothing was."""
        row = self._db.execute("SELECT value FROM about WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def note(self, **facts: Any) -> None:
        """Note facts about the whole, in place of what was noted before."""
        with self._all_or_nothing():
            self._db.executemany(
                "INSERT INTO about VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [(key, json.dumps(value)) for key, value in facts.items()],
            )

    def begin(self, ask: Ask) -> None:
        """Say what is asked in this file. UserError where it is something else already."""
        before = self.about("ask")
        if before is None:
            self.note(ask=ask, secret=secrets.token_hex(32), created=timestamp())
        elif before != ask:
            raise UserError(f"{self.path}: asks {before}, not {ask}; choose another --name, or --ask {before}")

    @property
    def ask(self) -> Ask:
        """What is asked. UserError where nothing is yet."""
        found: Ask | None = self.about("ask")
        if found is None:
            raise UserError(f"{self.path}: nothing was put into it yet; name --models, --replies or --import")
        return found

    @property
    def secret(self) -> bytes:
        """What raters' links are made of."""
        return bytes.fromhex(self.about("secret"))

    def sync(self, candidates: Iterable[Candidate]) -> Synced:
        """Ask these and nothing else from now on. All votes stay."""
        added = changed = 0
        with self._all_or_nothing():
            before = dict(self._db.execute("SELECT place, content FROM item"))
            self._db.execute("UPDATE item SET asked = 0")
            for each in candidates:
                found = before.get(each.place)
                added += found is None
                changed += found not in (None, each.content.hash)
                self._put(each, asked=True)
        return Synced(added=added, changed=changed)

    def _put(self, candidate: Candidate, *, asked: bool) -> int:
        content = candidate.content
        authors = json.dumps({"case": candidate.case, "authors": candidate.authors})
        self._db.execute("INSERT OR IGNORE INTO content VALUES (?, ?)", (content.hash, content.to_json()))
        row = self._db.execute(
            "INSERT INTO item (place, content, authors, asked) VALUES (?, ?, ?, ?) ON CONFLICT (place) DO UPDATE "
            "SET content = excluded.content, authors = excluded.authors, asked = excluded.asked RETURNING id",
            (candidate.place, content.hash, authors, int(asked)),
        ).fetchone()
        return int(row[0])

    def items(self, *, asked: bool = False) -> list[Item]:
        """All items in order, or those that are asked now."""
        rows = self._db.execute(
            "SELECT id, data, content, authors FROM item JOIN content ON hash = content WHERE asked >= ? ORDER BY id",
            (int(asked),),
        )
        return [_item(*row) for row in rows]

    def contents(self) -> dict[str, Content]:
        """All contents by hash, those that are shown no more among them."""
        rows = self._db.execute("SELECT hash, data FROM content")
        return {found: Content.from_json(data) for found, data in rows}

    def votes(self, rater: str | None = None, *, after: int = 0) -> list[Vote]:
        """The votes that stand, in the order in which they were given, `after` that number; one rater's, or all."""
        where = "stands = 1 AND id > ?1 AND (?2 IS NULL OR rater = ?2)"
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM vote WHERE {where} ORDER BY id", (after, rater))
        return [_vote(row) for row in rows]

    def raters(self) -> list[str]:
        """Who has voted, in the order of their names."""
        return [row[0] for row in self._db.execute("SELECT DISTINCT rater FROM vote ORDER BY rater")]

    def kept(self, nonce: str) -> int | None:
        """The number of the vote that was sent with this word; None where none was kept."""
        row = self._db.execute("SELECT id FROM vote WHERE nonce = ?", (nonce,)).fetchone()
        return None if row is None else int(row[0])

    def keep(self, facts: Mapping[str, Any], *, replaces: int | None = None) -> int:
        """Keep a vote: on the disk when this returns. Returns its number.

        `facts` are the fields of a Vote but for `id` and `at`, and `nonce`. Raises Taken where this rater has a vote on
        it that is not the one replaced.
        """
        row = {"at": timestamp()} | dict(facts) | {"replaces": replaces, "stands": 1}
        row["verdict"] = None if row["verdict"] is None else json.dumps(row["verdict"])
        try:
            with self._all_or_nothing():
                if replaces is not None:
                    self._db.execute("UPDATE vote SET stands = 0 WHERE id = ?", (replaces,))
                return self._insert(row)
        except sqlite3.IntegrityError as error:
            if "UNIQUE" in str(error):
                raise Taken from None
            raise

    def _insert(self, row: Mapping[str, Any]) -> int:
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        return int(self._db.execute(f"INSERT INTO vote ({names}) VALUES ({marks})", row).lastrowid or 0)

    def put_in(self, given: Iterable[tuple[Candidate, Mapping[str, Any]]]) -> None:
        """Keep many votes, on items that show this or on new ones that are not asked: all, or none where one is wrong.

        What they are given with is as for `keep`, and `replaces`.
        """
        with self._all_or_nothing():
            for candidate, facts in given:
                shows = "SELECT id FROM item WHERE content = ? ORDER BY asked DESC, id"
                row = self._db.execute(shows, (candidate.content.hash,)).fetchone()
                item = row[0] if row else self._put(candidate, asked=False)
                verdict = None if facts["verdict"] is None else json.dumps(facts["verdict"])
                rest = {"item": item, "content": candidate.content.hash, "verdict": verdict, "stands": 1}
                self._db.execute("UPDATE vote SET stands = 0 WHERE id = ?", (facts["replaces"],))
                self._insert(dict(facts) | rest)

    def doubts(self, model: str) -> dict[str, float | None]:
        """By content, how unsure a reward model was said to be of it; None where it could not tell."""
        return dict(self._db.execute("SELECT content, value FROM doubt WHERE model = ?", (model,)))

    def keep_doubts(self, model: str, found: Mapping[str, float | None]) -> None:
        """Note how unsure a reward model is of contents."""
        with self._all_or_nothing():
            self._db.executemany(
                "INSERT OR REPLACE INTO doubt VALUES (?, ?, ?)",
                [(content, model, value) for content, value in found.items()],
            )


_COLUMNS = "id, rater, item, content, shown, swapped, repeat, verdict, comment, seconds, at, chosen_by, origin"


def _vote(row: tuple[Any, ...]) -> Vote:
    facts = dict(zip(_COLUMNS.split(", "), row, strict=True))
    facts |= {"swapped": bool(facts["swapped"]), "repeat": bool(facts["repeat"])}
    facts["verdict"] = None if facts["verdict"] is None else json.loads(facts["verdict"])
    return Vote(**facts)


def _item(number: int, data: str, content: str, about: str) -> Item:
    told = json.loads(about)
    return Item(
        id=number,
        content=Content.from_json(data),
        content_hash=content,
        authors=tuple(told["authors"]),
        case=told["case"],
    )
