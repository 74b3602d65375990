"""Files are whole or absent, and a manifest knows when they change."""

import json
import math
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from espalier.artifacts import records
from espalier.errors import UserError


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_json_round_trip_and_what_json_cannot_say(tmp_path: Path) -> None:
    value = {"é": [1, 2.5, None, True], "nested": {"a": []}}
    records.write_json(tmp_path / "deep" / "a.json", value)
    assert records.read_json(tmp_path / "deep" / "a.json") == value
    records.write_json(tmp_path / "b.json", {"loss": math.nan, "all": (math.inf, 1.0)})
    assert records.read_json(tmp_path / "b.json") == {"loss": None, "all": [None, 1.0]}
    assert names(tmp_path) == {"deep/a.json", "b.json"}, "no temporary file stays"


def test_the_last_line_is_read_from_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"step": 1}\n' + json.dumps({"step": 2, "x": "9" * 2**20}) + '\n{"step": 3}\n{"step":')
    assert records.last_jsonl(path) == {"step": 3}
    path.write_text('{"step": 1}\n' + json.dumps({"x": "9" * 2**20}) + "\n")
    assert records.last_jsonl(path) is None, "a line longer than all that is read"


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    records.write_json(path, 1)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        records.write_json(path, 2)
    assert path.read_text() == "1\n"
    assert names(tmp_path) == {"a.json"}


def test_json_that_is_not_there_or_not_json(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        records.read_json(tmp_path / "a.json")
    (tmp_path / "a.json").write_text('{"a": ')
    with pytest.raises(UserError, match=r"a\.json: not JSON"):
        records.read_json(tmp_path / "a.json")


@given(st.lists(st.dictionaries(st.text(), st.integers() | st.text() | st.none())))
def test_json_lines_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "a.jsonl"
    for row in rows:
        records.append_jsonl(path, row)
    assert (list(records.read_jsonl(path)) if rows else []) == rows
    assert records.last_jsonl(path) == (rows[-1] if rows else None)
    assert records.mend_jsonl(path) == b""


def test_json_lines_name_the_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": 1}\n\n{"a": }\n')
    with pytest.raises(UserError, match=r"a\.jsonl:3: not JSON"):
        list(records.read_jsonl(path))
    path.write_bytes(b'"\xff"\n')
    with pytest.raises(UserError, match=r"a\.jsonl:1: not JSON"):
        list(records.read_jsonl(path))


@given(st.integers(min_value=0, max_value=60))
def test_a_line_cut_at_any_byte_is_mended(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("cut") / "metrics.jsonl"
    rows = [{"step": step, "text": "größer"} for step in range(2)]
    for row in rows:
        records.append_jsonl(path, row)
    content = path.read_bytes()
    path.write_bytes(content[:cut])
    dropped = records.mend_jsonl(path)
    left = list(records.read_jsonl(path))
    assert left == rows[: len(left)]
    assert content.startswith(path.read_bytes() + dropped)
    assert records.last_jsonl(path) == (left[-1] if left else None)


def make_artifact(folder: Path) -> dict[str, Any]:
    (folder / "final").mkdir(parents=True)
    (folder / "final" / "weights").write_bytes(b"weights")
    (folder / "metrics.jsonl").write_text('{"step": 1}\n')
    (folder / ".metrics.jsonl.tmp-1").write_text("left by a killed process")
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "old").write_bytes(b"old")
    return records.write_manifest(folder, {"name": "x"}, content=("final/**/*",), exclude=("checkpoints", "lock"))


def test_manifest_lists_files_and_its_presence_means_complete(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert not records.is_complete(folder)
    assert records.read_manifest(folder) is None
    with pytest.raises(UserError, match="not complete"):
        records.verify_manifest(folder)
    manifest = make_artifact(folder)
    assert records.is_complete(folder)
    assert records.verify_manifest(folder) == records.read_manifest(folder) == manifest
    assert manifest["name"] == "x"
    assert set(manifest["files"]) == {"final/weights", "metrics.jsonl"}
    assert manifest["files"]["final/weights"] == {"sha256": records.sha256_file(folder / "final/weights"), "bytes": 7}


def test_content_hash_is_of_the_content_alone(tmp_path: Path) -> None:
    first = make_artifact(tmp_path / "a")
    (tmp_path / "a" / "metrics.jsonl").write_text('{"step": 2}\n')
    again = records.write_manifest(tmp_path / "a", {}, content=("final/**/*",))
    assert again["content_hash"] == first["content_hash"] == make_artifact(tmp_path / "b")["content_hash"]
    (tmp_path / "a" / "final" / "weights").write_bytes(b"heights")
    assert records.write_manifest(tmp_path / "a", {}, content=("final/**/*",))["content_hash"] != first["content_hash"]


def test_a_content_hash_that_is_another_s_is_refused(tmp_path: Path) -> None:
    manifest = make_artifact(tmp_path / "run")
    assert records.verify_manifest(tmp_path / "run", content=("final/**/*",)) == manifest
    for forged in (manifest | {"content_hash": "0" * 64}, manifest | {"files": {}}):
        records.write_json(tmp_path / "run" / "manifest.json", forged)
        with pytest.raises(UserError, match="its content_hash is not that of the files"):
            records.verify_manifest(tmp_path / "run", content=("final/**/*",))


def test_a_flipped_byte_and_a_lost_file_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    make_artifact(folder)
    (folder / "checkpoints" / "old").unlink()
    records.verify_manifest(folder)
    (folder / "final" / "weights").write_bytes(b"weighty")
    with pytest.raises(UserError, match=r"final/weights: changed since it was made"):
        records.verify_manifest(folder)
    (folder / "final" / "weights").unlink()
    with pytest.raises(UserError, match=r"final/weights: missing"):
        records.verify_manifest(folder)


def test_staging_appears_at_once_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "mixes" / "basil"
    with pytest.raises(KeyError), records.staging(folder) as temporary:
        (temporary / "half").write_text("x")
        raise KeyError("broken")
    assert names(tmp_path) == set()
    with records.staging(folder) as temporary:
        (temporary / "sub").mkdir()
        (temporary / "sub" / "whole").write_text("x")
        assert not folder.exists()
    assert names(tmp_path) == {"mixes/basil/sub/whole"}


def test_staging_replaces_only_when_told(tmp_path: Path) -> None:
    folder = tmp_path / "basil"
    with records.staging(folder) as temporary:
        (temporary / "first").touch()
    with pytest.raises(UserError, match="exists already"), records.staging(folder):
        pass
    with records.staging(folder, replace=True) as temporary:
        (temporary / "second").touch()
    assert names(tmp_path) == {"basil/second"}


def test_staging_clears_what_a_killed_process_left(tmp_path: Path) -> None:
    pid = os.fork()
    if pid == 0:
        with records.staging(tmp_path / "basil") as temporary:
            (temporary / "half").touch()
            os._exit(9)
    os.waitpid(pid, 0)
    assert [re.sub(r"\d+", "PID", name) for name in names(tmp_path)] == [".basil.tmp-PID/half"]
    with records.staging(tmp_path / "basil") as temporary:
        (temporary / "whole").touch()
    assert names(tmp_path) == {"basil/whole"}


def test_manifest_is_plain_json(tmp_path: Path) -> None:
    make_artifact(tmp_path / "run")
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["name"] == "x"
