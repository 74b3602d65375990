"""The file of ratings: whole or untouched, held by one, nothing acknowledged is lost."""

import os
import sqlite3
import subprocess
import sys

import pytest

from espalier.artifacts.paths import repo_root
from espalier.errors import UserError
from feedback.rating import opening
from feedback.rating.choosing import Queue
from feedback.rating.store import Store, Taken
from tests.feedback.rating.made_up import facts_of, fill, lines, write


@pytest.fixture
def replies(tmp_path):
    return write(tmp_path / "replies.jsonl", lines(12))


def due(store, rater="Anna"):
    return Queue(store.items(asked=True), seed=0, gold=0).due(rater, store.votes(rater))


def test_what_is_kept_is_there_again(replies):
    with fill(replies) as store:
        asked = due(store)
        store.keep(facts_of(asked, "Anna", comment="“é” <b>"))
        before = store.votes()
    with Store.open("mine") as store:
        assert store.votes() == before and before[0].comment == "“é” <b>"
        assert due(store).item.id != asked.item.id
        assert store.ask == "pairs"
        with pytest.raises(UserError, match="asks pairs, not single"):
            store.begin("single")


def test_a_vote_is_kept_once_and_a_changed_one_stands_in_its_place(replies):
    with fill(replies) as store:
        asked = due(store)
        first = store.keep(facts_of(asked, "Anna"))
        with pytest.raises(Taken):
            store.keep(facts_of(asked, "Anna", nonce="another"))
        other = {"verdict": {"better": "second", "why": {}}, "nonce": "third"}
        store.keep(facts_of(asked, "Anna", **other), replaces=first)
        (vote,) = store.votes()
        assert vote.verdict == other["verdict"]
        assert store.kept("third") == vote.id and store.kept("nothing") is None


def test_a_second_process_is_refused_and_may_read(replies):
    with fill(replies) as store:
        store.keep(facts_of(due(store), "Anna"))
        command = "from feedback.rating.store import Store; print(len(Store.read('mine').votes())); Store.open('mine')"
        done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, cwd=repo_root())
    assert done.stdout == "1\n"
    assert f"ratings mine is in use by process {os.getpid()}" in done.stderr


def damages():
    def torn(path):
        content = bytearray(path.read_bytes())
        content[4096:12288] = os.urandom(8192)
        path.write_bytes(content)

    def cut(path):
        path.write_bytes(path.read_bytes()[:5000])

    def lost(path):
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute("DELETE FROM sqlite_master WHERE name = 'one_vote'")

    def another(path):
        path.unlink()
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE a (b)")

    return list({
        "torn": torn, "cut": cut, "an index lost": lost, "empty": lambda path: path.write_bytes(b""),
        "no database": lambda path: path.write_text("my notes\n" * 100), "another program's": another,
    }.items())  # fmt: skip


@pytest.mark.parametrize(("name", "damage"), damages(), ids=[name for name, _ in damages()])
def test_a_damaged_file_is_said_and_left_as_it_is(replies, name, damage):
    fill(replies).close()
    path = opening.path_of("mine")
    damage(path)
    before = path.read_bytes()
    for use in (Store.open, Store.read):
        with pytest.raises(UserError, match=r"mine\.db: damaged, or no file of ratings .* it was left as it is\. Save"):
            use("mine")
        assert path.read_bytes() == before


def test_another_version_and_none_at_all(replies):
    fill(replies).close()
    with sqlite3.connect(opening.path_of("mine")) as connection:
        connection.execute("PRAGMA user_version = 9")
    with pytest.raises(UserError, match="of version 9, and this Espalier reads version 1"):
        Store.open("mine")
    with pytest.raises(UserError, match="no such ratings"):
        Store.open("yours")
    assert not opening.path_of("yours").exists()


def test_a_file_that_could_not_be_made_leaves_nothing(workspace, monkeypatch):
    monkeypatch.setattr(opening, "_SCHEMA", "CREATE TABLE about (key TEXT); nonsense;")
    with pytest.raises(sqlite3.OperationalError):
        Store.open("mine", make=True)
    assert [path.name for path in (workspace / "ratings").iterdir()] == ["mine.lock"]


def test_only_its_owner_can_read_it(replies):
    fill(replies).close()
    assert opening.path_of("mine").stat().st_mode & 0o077 == 0


def test_items_that_changed_are_asked_again_and_those_gone_no_more(replies, tmp_path):
    with fill(replies) as store:
        asked = due(store)
        store.keep(facts_of(asked, "Anna"))
    changed = lines(11)
    number = int(asked.item.case.split()[1])
    changed[number]["replies"][0]["text"] = "Something new?"
    with fill(write(tmp_path / "other.jsonl", changed)) as store:
        items = store.items(asked=True)
        assert len(items) == 11 and len(store.items()) == 12
        queue = Queue(items, seed=0, gold=0)
        assert queue.about_these(store.votes("Anna")) == [], "what was said of the old reply is not of the new one"
        assert asked.item.id in [item.id for item in items] and len(store.votes()) == 1
