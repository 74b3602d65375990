import hashlib
import os
import sqlite3
import time
from pathlib import Path

import pytest

from espalier.artifacts import records
from espalier.models import hashes

LARGE = b"weights " * (1 << 18)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read, in order."""
    found: list[Path] = []
    real = records.sha256_file
    monkeypatch.setattr(records, "sha256_file", lambda path: (found.append(path), real(path))[1])
    return found


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are trusted at once, without waiting for two seconds."""
    monkeypatch.setattr(hashes, "_SETTLED_NS", -1)


def large(folder: Path, content: bytes = LARGE) -> Path:
    path = folder / "model.safetensors"
    path.write_bytes(content)
    return path


@pytest.mark.usefixtures("settled")
def test_a_large_file_is_read_once(tmp_path: Path, reads: list[Path]) -> None:
    path = large(tmp_path)
    expected = hashlib.sha256(LARGE).hexdigest()
    assert [hashes.sha256_file(path) for _ in range(3)] == [expected] * 3
    assert reads == [path]
    (tmp_path / "link").symlink_to(path)
    assert hashes.sha256_file(tmp_path / "link") == expected and len(reads) == 1


@pytest.mark.usefixtures("settled")
def test_a_small_one_is_always_read(tmp_path: Path, reads: list[Path]) -> None:
    path = large(tmp_path, b"small")
    assert hashes.sha256_file(path) == hashes.sha256_file(path) == hashlib.sha256(b"small").hexdigest()
    assert len(reads) == 2


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("how", ["written", "written with its old times", "replaced", "renamed over"])
def test_a_file_that_changed_is_read_anew(tmp_path: Path, how: str) -> None:
    path = large(tmp_path)
    hashes.sha256_file(path)
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    other = LARGE[:-1] + b"!"
    if how.startswith("written"):
        with open(path, "r+b") as file:
            file.write(other)
    else:
        beside = tmp_path / "beside"
        beside.write_bytes(other)
        if how == "replaced":
            path.unlink()
        os.rename(beside, path)
    if how != "written":
        os.utime(path, ns=times)
    assert hashes.sha256_file(path) == hashlib.sha256(other).hexdigest()


def test_a_file_just_written_may_change_again_and_is_not_remembered(
    tmp_path: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = large(tmp_path)
    monkeypatch.setattr("espalier.models.hashes.time.time_ns", lambda: path.stat().st_ctime_ns + 10**9)
    hashes.sha256_file(path)
    hashes.sha256_file(path)
    assert len(reads) == 2
    old = time.time() - 60
    os.utime(path, (old, old))  # its times of status are still new
    hashes.sha256_file(path)
    hashes.sha256_file(path)
    assert len(reads) == 4


@pytest.mark.usefixtures("settled")
def test_a_file_that_changes_while_it_is_read_is_not_remembered(
    tmp_path: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = large(tmp_path)
    counting = records.sha256_file

    def slow(file: Path) -> str:
        digest = counting(file)
        file.write_bytes(LARGE[:-1] + b"!")
        return digest

    monkeypatch.setattr(records, "sha256_file", slow)
    hashes.sha256_file(path)
    monkeypatch.setattr(records, "sha256_file", counting)
    assert hashes.sha256_file(path) == hashlib.sha256(LARGE[:-1] + b"!").hexdigest()
    assert len(reads) == 2


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("damage", ["garbage", "truncated", "a changed hash"])
def test_a_damaged_memory_begins_anew(workspace: Path, tmp_path: Path, reads: list[Path], damage: str) -> None:
    path = large(tmp_path)
    expected = hashes.sha256_file(path)
    memory = workspace / "cache" / "hashes.sqlite"
    if damage == "garbage":
        memory.write_bytes(b"not a database" * 1000)
    elif damage == "truncated":
        memory.write_bytes(memory.read_bytes()[:5000])
    else:
        with sqlite3.connect(memory) as connection:
            connection.execute("UPDATE files SET sha256 = ?", ("0" * 64,))
        connection.close()
    assert [hashes.sha256_file(path) for _ in range(3)] == [expected] * 3
    assert len(reads) in (2, 3)  # read again, and remembered at the latest the time after


@pytest.mark.usefixtures("settled")
def test_a_workspace_that_cannot_be_written_only_costs_time(workspace: Path, tmp_path: Path, reads: list[Path]) -> None:
    path = large(tmp_path)
    (workspace / "cache").write_text("in the way")
    assert hashes.sha256_file(path) == hashes.sha256_file(path) == hashlib.sha256(LARGE).hexdigest()
    assert len(reads) == 2


@pytest.mark.usefixtures("settled")
def test_a_hash_that_somebody_wrote_is_not_believed_where_nothing_is_remembered(tmp_path: Path) -> None:
    path = large(tmp_path)
    stamp = hashes._stamp(path)
    hashes._remember(str(path.resolve()), stamp, "0" * 64)
    assert hashes.sha256_file(path) == "0" * 64
    with hashes.forgotten():
        assert hashes.sha256_file(path) == hashlib.sha256(LARGE).hexdigest()
    assert hashes.sha256_file(path) == "0" * 64
