"""Records come out of files one by one with their place, and what is broken is named or counted, never skipped."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_mix import json_list, sources
from data_mix.sources import BadRecord, find_files, parse_json, read_records
from espalier.errors import UserError

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def read(path: Path, content: str | bytes, **options: Any) -> list[tuple[int, Any]]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return [
        (record.line, record.value.reason if isinstance(record.value, BadRecord) else record.value)
        for record in read_records(path, **options)
    ]


def test_json_lines_keep_their_line_numbers(tmp_path: Path) -> None:
    lines = b'\xef\xbb\xbf{"a": 1}\n\n   \n{"a": \n{"a": NaN}\n{"a": "\xff"}\r\n[1]\n{"a": "\x00"}\n{"a": 2}'
    assert read(tmp_path / "a.jsonl", lines) == [
        (1, {"a": 1}), (4, "not_json"), (5, "not_json"), (6, "not_utf8"), (7, [1]), (8, "not_json"), (9, {"a": 2}),
    ]  # fmt: skip


def test_too_long_a_line_is_one_bad_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_RECORD_BYTES", 50)
    monkeypatch.setattr(sources, "_CHUNK", 16)
    content = "{}\n" + json.dumps({"a": "x" * 500}) + '\n{"b": 1}\n' + json.dumps({"a": "x" * 70})
    assert read(tmp_path / "a.jsonl", content) == [(1, {}), (2, "too_long"), (3, {"b": 1}), (4, "too_long")]
    assert read(tmp_path / "a.txt", "short\n\n" + "word \n" * 20 + "\nend") == [
        (1, "short"), (3, "too_long"), (24, "end"),
    ]  # fmt: skip


def test_nesting_and_numbers_beyond_python_are_bad_records() -> None:
    for text in ("[" * 100_000, "9" * 5_000, "{", "", "Infinity"):
        with pytest.raises(BadRecord) as caught:
            parse_json(text)
        assert caught.value.reason == "not_json"


@given(st.lists(json_values, max_size=6), st.sampled_from([None, 1]), st.integers(1, 40))
def test_a_json_list_is_read_in_chunks_of_any_size(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any], indent: int | None, chunk: int
) -> None:
    path = tmp_path_factory.mktemp("list") / "a.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_list, "_CHUNK", chunk)
        found = read(path, " " + json.dumps(values, ensure_ascii=False, indent=indent).replace("\\ud", "") + "\n")
    assert [value for _, value in found] == values
    if indent and values:
        text = path.read_text(encoding="utf-8").split("\n")
        assert all(text[line - 1].strip()[0] in '{["tfn-0123456789' for line, _ in found)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ('[{"a": 1},\n{"a" 2}]', ":2: .*cannot be read on"),
        ('[{"a": 1}\n{"a": 2}]', ":2: .*comma"),
        ('[{"a": 1},\n{"a": 2}', ":2: .*comma"),
        ('[{"a": 1}]\n[]', ":2: .*something follows"),
        ("[" * 100_000, ":1: .*cannot be read on"),
        ("[NaN]", ":1: .*NaN"),
        ("[1,", ":1: .*cannot be read on"),
    ],
)
def test_a_broken_json_list_is_named_by_line(tmp_path: Path, content: str, place: str) -> None:
    with pytest.raises(UserError, match=f"a.json{place}"):
        read(tmp_path / "a.json", content)


def test_json_lines_under_the_name_json(tmp_path: Path) -> None:
    assert read(tmp_path / "a.json", '{"a": 1}\n{"a": 2}\n') == [(1, {"a": 1}), (2, {"a": 2})]


def test_archives_are_read_and_damaged_ones_named(tmp_path: Path) -> None:
    packed = gzip.compress(b'{"a": 1}\n' * 1000, mtime=0)
    assert len(read(tmp_path / "a.jsonl.gz", packed)) == 1000
    for damaged in (packed[:-20], packed[:30], b"not gzip at all", packed[:40] + b"xxxx" + packed[44:]):
        with pytest.raises(UserError, match="a.jsonl.gz: the archive is damaged"):
            read(tmp_path / "a.jsonl.gz", damaged)


def test_plain_text_becomes_paragraphs_lines_or_the_file(tmp_path: Path) -> None:
    content = "\n\nOne\r\ntwo\n\n \nThree\n"
    assert read(tmp_path / "a.txt", content) == [(3, "One\ntwo"), (7, "Three")]
    assert read(tmp_path / "a.txt", content, text_row="line") == [(3, "One"), (4, "two"), (7, "Three")]
    assert read(tmp_path / "a.txt", content, text_row="file") == [(3, "One\ntwo\n\n \nThree")]
    assert read(tmp_path / "a.txt", b"good\n\nb\xffd\nbad too\n\ngood") == [(1, "good"), (3, "not_utf8"), (6, "good")]


def test_parquet_rows_and_a_damaged_file(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"text": ["one", None]}), path)
    assert [(record.line, record.value) for record in read_records(path)] == [(1, {"text": "one"}), (2, {"text": None})]
    with pytest.raises(UserError, match="a.parquet: damaged"):
        read(path, path.read_bytes()[:-5])


def test_a_folder_is_read_in_order_and_says_what_it_passes_over(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.jsonl", "a/c.md.gz", "LICENSE", "a/Readme.md", "x.tar.gz", ".hidden/a.txt", ".b.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    files, passed_over = find_files(tmp_path)
    assert [file.relative_to(tmp_path).as_posix() for file in files] == ["a/c.md.gz", "a/z.jsonl", "b.txt"]
    assert sorted(file.name for file in passed_over) == ["LICENSE", "Readme.md", "x.tar.gz"]


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    for path, message in (("absent", "no such file"), ("a.csv", "no known kind"), (".", "no file in this folder")):
        with pytest.raises(UserError, match=message):
            find_files(tmp_path / path)


@given(st.binary(max_size=200), st.sampled_from([".jsonl", ".json", ".txt", ".jsonl.gz", ".parquet"]))
def test_junk_never_crashes_a_reader(tmp_path_factory: pytest.TempPathFactory, junk: bytes, suffix: str) -> None:
    try:
        for line, _ in read(tmp_path_factory.mktemp("junk") / f"a{suffix}", junk):
            assert line >= 1
    except UserError as error:
        assert f"a{suffix}" in str(error)
