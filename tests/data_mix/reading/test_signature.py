"""A file that is not what its name says is said to be what it is; what only looks like it is read."""

import bz2
import gzip
import io
import lzma
import pickle
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from data_mix.reading.sources import KINDS, BadRecord, read_records
from data_mix.reading.spans import plan_file
from espalier.errors import UserError

LINES = b'{"text": "Basil reads a book."}\n' * 40


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.jsonl", LINES)
    return file.getvalue()


def _tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        entry = tarfile.TarInfo("a.jsonl")
        entry.size = len(LINES)
        archive.addfile(entry, io.BytesIO(LINES))
    return file.getvalue()


def _parquet() -> bytes:
    import pyarrow.parquet

    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"text": ["Basil reads."]}), file)
    return file.getvalue()


def _arrow() -> bytes:
    import pyarrow

    file = io.BytesIO()
    table = pyarrow.table({"text": ["Basil reads."]})
    with pyarrow.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)
    return file.getvalue()


def _sqlite() -> bytes:
    with sqlite3.connect(":memory:") as database:
        database.execute("create table a (b)")
        return database.serialize()


PACKED = {"gzip": gzip.compress(LINES, mtime=0), "zstd": zstandard.ZstdCompressor().compress(LINES)}
OTHERS = {
    "xz": lzma.compress(LINES),
    "bzip2": bz2.compress(LINES),
    "a zip archive": _zip(),
    "a tar archive": _tar(),
    "Arrow": _arrow(),
    "an SQLite database": _sqlite(),
    "a pickle": pickle.dumps([{"text": "Basil reads."}]),
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    "a picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:12ab\nsize 99\n",
    "UTF-16, not UTF-8": LINES.decode().encode("utf-16"),
    "UTF-16 without its mark": LINES.decode().encode("utf-16-le"),
    "UTF-16 without": LINES.decode().encode("utf-16-be"),
    "UTF-32, not UTF-8": LINES.decode().encode("utf-32"),
}
NAMES = [kind for kind in KINDS if kind != ".parquet"]


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        list(read_records(path))
    assert "\n" not in str(caught.value) and str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize("suffix", NAMES)
def test_what_is_packed_under_a_plain_name_is_to_be_renamed(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    assert refused(path, PACKED["gzip"]) == f"is packed by gzip; rename it to a{suffix}.gz"
    assert refused(path, PACKED["zstd"]) == f"is packed by zstd; rename it to a{suffix}.zst"
    assert refused(path, _parquet()) == "is Parquet; rename it to a.parquet"


@pytest.mark.parametrize("suffix", NAMES)
@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_text_is_named_and_there_is_a_way_out(tmp_path: Path, suffix: str, kind: str) -> None:
    said, _, advice = refused(tmp_path / f"a{suffix}", OTHERS[kind]).rpartition("; ")
    assert kind in said and advice


def test_what_is_packed_twice_or_otherwise_than_its_name_says(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    assert refused(path, gzip.compress(PACKED["gzip"])) == (
        "what is packed in it is packed by gzip; unpack it, and name what it holds"
    )
    assert "what is packed in it is Parquet" in refused(path, gzip.compress(_parquet()))
    assert "a tar archive; unpack it" in refused(path, gzip.compress(_tar()))
    assert refused(path, PACKED["zstd"]) == "is packed by zstd; rename it to a.jsonl.zst"
    assert refused(tmp_path / "a.jsonl.zst", PACKED["gzip"]) == "is packed by gzip; rename it to a.jsonl.gz"
    assert refused(path, OTHERS["xz"]) == "is packed by xz; unpack it, by `xz -d`"
    assert refused(path, LINES) == "is text, and not packed as its name says; rename it to a.jsonl"
    assert "is a web page" in refused(path, gzip.compress(b"<html><body>Log in.</body></html>"))


@pytest.mark.parametrize("content", [PACKED["gzip"], OTHERS["a pointer of Git LFS"], OTHERS["Arrow"]])
def test_what_is_called_parquet_and_is_none(tmp_path: Path, content: bytes) -> None:
    assert "not Parquet; " in refused(tmp_path / "a.parquet", content)
    with pytest.raises(UserError, match="not Parquet; "):
        plan_file(tmp_path / "a.parquet")
    assert "damaged" in refused(tmp_path / "a.parquet", b"PAR1\x15 and no more")


def test_a_web_page_is_no_file_of_records_but_may_be_a_text(tmp_path: Path) -> None:
    page = b"\n<!DOCTYPE html>\n<html><head></head><body>404</body></html>\n"
    for suffix in (".jsonl", ".json", ".csv", ".tsv"):
        assert "is a web page; fetch the file" in refused(tmp_path / f"a{suffix}", page)
    (tmp_path / "a.md").write_bytes(page)
    assert next(read_records(tmp_path / "a.md")).value.startswith("<!DOCTYPE")


@pytest.mark.parametrize(
    "text",
    ["PAR1 is a code.", "BZh9 is one too.", "PK stands for Peter.", "ORC: a creature.", "%PDF is a mark.", "Obj", "P*M",
     "GIF is a format", "7z is a tool", "version 1", "\ufeffversion", "é" * 9, "P", ""],
)  # fmt: skip
def test_words_that_begin_alike_are_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text, encoding="utf-8")
    assert [record.value for record in read_records(path)] == ([text.removeprefix("\ufeff")] if text else [])


@given(st.text(min_size=1).filter(lambda text: not any(ord(one) < 32 for one in text)))
def test_no_text_is_taken_for_anything_else(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("text") / "a.txt"
    path.write_text(text, encoding="utf-8")
    assert not any(isinstance(record.value, BadRecord) for record in read_records(path))
