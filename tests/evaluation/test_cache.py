import sqlite3

import pytest

from espalier.errors import UserError
from evaluation.cache import Cache, default_path, key_of


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


def test_a_value_that_is_no_json_is_damage(path, capsys):
    with Cache(path) as cache:
        cache.put([("a", 1)])
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE known SET value = 'half a {'")
    connection.close()
    with Cache(path) as cache:
        assert cache.get(["a"]) == {}
    assert "is damaged" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises((UserError, OSError)):
        Cache(tmp_path / "file" / "evaluation.sqlite")
