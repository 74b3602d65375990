import hashlib
import hmac
import json
import sqlite3

import pytest

from espalier.errors import UserError
from evaluation.cache import Cache, default_path, key_of
from evaluation.seal import is_ours, is_sealing, key_file, sealing, tag


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "evaluation.sqlite"


def test_what_was_put_is_there_in_the_next_process_too(path):
    with Cache(path) as cache:
        cache.put([("a", {"text": "ä\u2028"}), ("b", [1, None])])
    with Cache(path) as cache:
        assert cache.get(["b", "a", "c"]) == {"a": {"text": "ä\u2028"}, "b": [1, None]}


def test_many_keys_at_once(path):
    with Cache(path) as cache:
        cache.put((str(number), number) for number in range(1_700))
        assert len(cache.get([str(number) for number in range(2_000)])) == 1_700


def test_it_lies_in_the_workspace(monkeypatch, tmp_path):
    monkeypatch.setenv("ESPALIER_HOME", str(tmp_path))
    assert default_path() == tmp_path / "cache" / "evaluation.sqlite"


def test_keys_differ_with_what_they_are_of():
    assert key_of({"model": "a", "seed": 0}) == key_of({"seed": 0, "model": "a"})
    assert key_of({"model": "a", "seed": 0}) != key_of({"model": "a", "seed": 1})


def test_two_processes_share_a_file(path):
    with Cache(path) as one, Cache(path) as other:
        one.put([("a", 1)])
        other.put([("b", 2)])
        assert one.get(["a", "b"]) == other.get(["a", "b"]) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to be one" * 50, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_damaged_file_is_set_aside(path, content, capsys):
    path.parent.mkdir()
    path.write_bytes(content)
    with Cache(path) as cache:
        cache.put([("a", 1)])
        assert cache.get(["a"]) == {"a": 1}
    assert path.with_name("evaluation.sqlite.damaged-1").read_bytes() == content
    assert "is damaged" in capsys.readouterr().out


def test_damage_found_later_is_set_aside_too(path, capsys):
    with Cache(path) as cache:
        cache.put((f"key-{number}", "x" * 1000) for number in range(500))
    size = path.stat().st_size
    with open(path, "r+b") as file:  # the first page, with the schema, stays whole
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    with Cache(path) as cache:
        assert cache.get([f"key-{number}" for number in range(500)]) == {}
        cache.put([("a", 1)])
        assert cache.get(["a"]) == {"a": 1}
    assert "is damaged" in capsys.readouterr().out


# What is served is what was written


def edit(path, statement, *values):
    """What somebody does to the file who can write it."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement, values)
    connection.close()


def planted(path, key, value):
    """An entry as whoever read the code can make it, but for the tag, which takes the secret."""
    text = json.dumps(value)
    tag = hmac.digest(b"", f"5:entry{len(key)}:{key}{len(text)}:{text}".encode(), "sha256").hex()
    digest = hashlib.sha256(f"{key}\n{text}".encode()).hexdigest()
    with Cache(path):
        pass
    edit(path, "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)", key, text, digest, tag)


def swap(path, columns):
    """The entries a and b change what they hold."""
    for one, other in (("a", "x"), ("b", "a"), ("x", "b")):
        edit(path, "UPDATE kept SET key = ? WHERE key = ?", other, one)
    if columns:
        edit(path, "UPDATE kept SET hash = ? WHERE key = 'a'", hashlib.sha256(b"a\n2").hexdigest())


@pytest.mark.parametrize(
    "tamper",
    [
        lambda path: edit(path, "UPDATE kept SET value = '\"good\"' WHERE key = 'a'"),
        lambda path: edit(path, "UPDATE kept SET value = 'half a {' WHERE key = 'a'"),
        lambda path: edit(path, "UPDATE kept SET value = x'3131' WHERE key = 'a'"),
        lambda path: edit(path, "UPDATE kept SET hash = '' WHERE key = 'a'"),
        lambda path: path.write_bytes(path.read_bytes().replace(b"a1a1a1a1", b"a1a1\xffa1")),
    ],
)
def test_an_entry_that_is_not_what_was_written_is_asked_again_and_the_rest_is_served(path, tamper, capsys):
    with Cache(path) as cache:
        cache.put([("a", "a1a1a1a1"), ("b", 2)])
    tamper(path)
    with Cache(path) as cache:
        assert cache.get(["a", "b"]) == {"b": 2}
        assert "1 entry was changed since" in capsys.readouterr().out
        cache.put([("a", 1)])
        assert cache.get(["a", "b"]) == {"a": 1, "b": 2} and not capsys.readouterr().out


def test_two_entries_that_changed_places_are_both_refused(path, capsys):
    with Cache(path) as cache:
        cache.put([("a", 1), ("b", 2)])
    swap(path, columns=False)
    with Cache(path) as cache:
        assert cache.get(["a", "b"]) == {}
    assert "2 entries were changed since" in capsys.readouterr().out


def test_what_an_earlier_version_kept_is_taken_over_once(path, capsys):
    path.parent.mkdir()
    for statement in ("CREATE TABLE known (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
                      "INSERT INTO known VALUES ('a', '1')"):  # fmt: skip
        edit(path, statement)
    for _ in range(2):
        with Cache(path) as cache:
            assert cache.get(["a"]) == {"a": 1} and cache.put([("b", 2)]) is None
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        edit(path, "SELECT * FROM known")
    with sealing("e"), Cache(path) as cache:
        assert cache.get(["a", "b"]) == {}
    assert "2 entries were not kept by this evaluator" in capsys.readouterr().out


@pytest.fixture
def key(tmp_path, monkeypatch):
    """Where the secret lies."""
    monkeypatch.setenv("ESPALIER_KEY_FILE", str(tmp_path / "state" / "key"))
    return tmp_path / "state" / "key"


@pytest.mark.parametrize(
    "attack",
    [
        lambda path: planted(path, "a", "good"),
        lambda path: swap(path, columns=True),
        lambda path: edit(path, "UPDATE kept SET tag = (SELECT tag FROM kept WHERE key = 'b') WHERE key = 'a'"),
        lambda path: edit(path, "UPDATE kept SET tag = '' WHERE key = 'a'"),
        lambda path: edit(path, "UPDATE kept SET tag = 'é' WHERE key = 'a'"),
        lambda path: edit(path, "UPDATE kept SET tag = x'00' WHERE key = 'a'"),
    ],
)
def test_a_pinned_evaluator_serves_nothing_that_was_planted(path, key, attack, capsys):
    with sealing("evaluator"), Cache(path) as cache:
        cache.put([("a", 1), ("b", 2)])
        assert cache.get(["a", "b"]) == {"a": 1, "b": 2} and not capsys.readouterr().out
    attack(path)
    with sealing("evaluator"), Cache(path) as cache:
        assert "a" not in cache.get(["a", "b"])
        assert "not kept by this" in (said := capsys.readouterr().out) or "changed since" in said


def test_what_another_evaluator_or_no_pinned_one_kept_is_not_served_to_a_pinned_one(path, key):
    with sealing("an earlier version"), Cache(path) as cache:
        cache.put([("a", 1)])
    with Cache(path) as cache:
        cache.put([("b", 2)])
        assert cache.get(["a", "b"]) == {"a": 1, "b": 2}, "nobody else asks for tags"
    with sealing("evaluator"), Cache(path) as cache:
        assert cache.get(["a", "b"]) == {}
    key.unlink()
    with sealing("an earlier version"), Cache(path) as cache:
        assert cache.get(["a", "b"]) == {}, "another secret"


def test_the_secret_is_its_users_alone_and_lies_outside_the_workspace(key, workspace, monkeypatch):
    with sealing("e"):
        first = tag("x")
    assert key.stat().st_mode & 0o777 == 0o600 and len(key.read_text()) == 65 and not is_sealing() and not tag("x")
    assert [path.name for path in key.parent.iterdir()] == ["key"]
    with sealing("e"):
        assert tag("x") == first != tag("x", "") and is_ours(first, "x") and not is_ours("", "x")
    for spoil, complaint in (
        (lambda: key.chmod(0o640), "others can read"),
        (lambda: (key.chmod(0o600), key.write_text("abc")), "no key"),
        (lambda: monkeypatch.setenv("ESPALIER_KEY_FILE", str(workspace / "key")), "where a candidate may read it"),
        (lambda: monkeypatch.setenv("ESPALIER_KEY_FILE", str(key / "below")), "cannot be used"),
    ):
        spoil()
        with pytest.raises(UserError, match=complaint), sealing("e"):
            pass
    monkeypatch.delenv("ESPALIER_KEY_FILE")
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert str(key_file()) == "/state/espalier/evaluation.key"


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises((UserError, OSError)):
        Cache(tmp_path / "file" / "evaluation.sqlite")
