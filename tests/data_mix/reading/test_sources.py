"""Records come out of files one by one with their place, and what is broken is named or counted, never skipped."""

import csv
import gzip
import io
import json
import re
import tracemalloc
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_mix.reading import archives, json_file, json_list, lines, parquet_records, sources
from data_mix.reading.sources import BadRecord, find_files, parse_json, read_records
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
    mark = b"\xef\xbb\xbf"
    content = (
        mark + b'{"a": 1}\n\n   \n{"a": \n{"a": NaN}\n{"a": "\xff"}\r\n[1]\n{"a": "\x00"}\n' + mark + b'[]\n{"a": 2}'
    )
    assert read(tmp_path / "a.jsonl", content) == [
        (1, {"a": 1}), (4, "not_json"), (5, "not_json"), (6, "not_utf8"), (7, [1]), (8, "not_json"), (9, "not_json"),
        (10, {"a": 2}),
    ]  # fmt: skip


def test_too_long_a_line_is_one_bad_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_RECORD_BYTES", 50)
    monkeypatch.setattr(lines, "_CHUNK", 16)
    content = "{}\n" + json.dumps({"a": "x" * 500}) + '\n{"b": 1}\n' + json.dumps({"a": "x" * 70})
    assert read(tmp_path / "a.jsonl", content) == [(1, {}), (2, "too_long"), (3, {"b": 1}), (4, "too_long")]
    assert read(tmp_path / "a.txt", "short\n\n" + "word \n" * 20 + "\nend") == [
        (1, "short"), (3, "too_long"), (24, "end"),
    ]  # fmt: skip


def test_nesting_and_numbers_beyond_python_are_bad_records() -> None:
    for text in ("[" * 100_000, "9" * 5_000, "{", "", "Infinity", "-NaN", "1e400", "-1e999", '"\x01"'):
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
    for damaged in (packed[:-20], packed[:30], b"not gzip \x01 at all", packed[:40] + b"xxxx" + packed[44:]):
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
    (tmp_path / "a.xyz").touch()
    for path, message in (("absent", "no such file"), ("a.xyz", "no known kind"), (".", "no file in this folder")):
        with pytest.raises(UserError, match=message):
            find_files(tmp_path / path)


def packed(suffix: str, content: bytes) -> bytes:
    if suffix.endswith(".gz"):
        return gzip.compress(content, mtime=0)
    return zstandard.ZstdCompressor().compress(content) if suffix.endswith(".zst") else content


@given(json_values, st.booleans())
def test_json_is_read_as_the_json_module_reads_it(value: Any, ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii)
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raw = json.dumps(value).encode()
    assert repr(parse_json(raw)) == repr(json.loads(raw)) == repr(parse_json(raw.decode()))


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**63) - 1, 10**30, -(10**18), 0.1, 1e22, 5e-324, -0.0])
def test_numbers_stay_exact(number: float) -> None:
    assert repr(parse_json(json.dumps({"n": [number]}))) == repr({"n": [number]})


def test_half_a_surrogate_pair_is_read() -> None:
    assert parse_json(b'{"a": "\\udfff", "b": 1}') == {"a": "\udfff", "b": 1}


KEYS_TWICE = [
    b'{"a": 1, "a": 1}',
    b'{"a": 1, "b": {"c": [{"d": 1, "d": 2}]}}',
    b'[{"a": 1}, {"a": 2, "b": 3, "a": 4}]',
    b'{"a" : "x: y" , "a"\t:\r"x: y"}',
    b'{"a": 1, "\\u0061": 2}',
    b'{"a": "b: c: d:", "a": "\\u003a"}',
    b'{"\\u003a": 1, ":": 2}',
    b'{"a": "\\ud800", "b": 1, "a": "\\udfff"}',
    b'{"a": 123456789012345678901234567890, "a": 2}',
    b'{"": "", "": ""}',
    b'{"a": {"b": 1}, "a": {"b": 1, "c": 2}}',
    '{"é": "ü: ß", "é": "\\": "}'.encode(),
    b'{"x": ' + b"[" * 300 + b'{"a": 1, "a": 2}' + b"]" * 300 + b"}",
]


@pytest.mark.parametrize("raw", KEYS_TWICE)
def test_an_object_that_has_a_key_twice_is_a_bad_record(tmp_path: Path, raw: bytes) -> None:
    for text in (raw, raw.decode()):
        with pytest.raises(BadRecord, match=r"the key '.*' stands twice in one object") as caught:
            parse_json(text)
        assert caught.value.reason == "key_twice"
    good = b'{"fine": "a: b"}'
    found = [(1, {"fine": "a: b"}), (2, "key_twice"), (3, {"fine": "a: b"})]
    raw = raw.replace(b"\r", b"")
    assert read(tmp_path / "a.jsonl", b"\n".join([good, raw, good])) == found
    assert read(tmp_path / "a.json", b"\n".join([good, raw, good])) == found
    assert read(tmp_path / "b.json", b"[" + b",\n".join([good, raw, good]) + b"]") == found
    if raw.startswith(b"{"):
        assert read(tmp_path / "c.json", b"\n" + raw + b"\n" + good) == [(2, "key_twice"), (3, {"fine": "a: b"})]
        assert read(tmp_path / "d.json", raw.replace(b"{", b"{\n", 1)) == [(1, "key_twice")]


@given(json_values, st.integers(0, 3))
def test_a_key_twice_is_told_of_any_value_and_only_then(value: Any, at: int) -> None:
    objects = re.compile(r"\{\s*(?=\")")
    text = json.dumps(value)
    assert repr(parse_json(text)) == repr(json.loads(text))
    places = [found.end() for found in objects.finditer(text) if not _inside_a_text(text, found.start())]
    if places:
        place = places[at % len(places)]
        key = json.decoder.scanstring(text, place + 1)[1]
        with pytest.raises(BadRecord, match="stands twice"):
            parse_json(f"{text[:place]}{text[place:key]}: [1], {text[place:]}")


def _inside_a_text(text: str, place: int) -> bool:
    return re.sub(r"\\\\.", "", text[:place]).count('"') % 2 == 1


def test_a_json_file_may_be_one_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value = {"dialogues": [{"id": 10**20, "turns": ["one", "two"]}], "version": {}}
    for text in (json.dumps(value), json.dumps(value, indent=1), "\ufeff\n\n" + json.dumps(value, indent=2) + "\n\n"):
        line = 3 if "\ufeff" in text else 1
        for suffix in ("", ".gz", ".zst"):
            assert read(tmp_path / f"a.json{suffix}", packed(suffix, text.encode())) == [(line, value)]
    monkeypatch.setattr(sources, "MAX_RECORD_BYTES", 40)
    assert read(tmp_path / "a.json", json.dumps(value)) == [(1, value)]
    monkeypatch.setattr(json_file, "MAX_OBJECT_BYTES", 50)
    with pytest.raises(UserError, match=r"a.json: neither .* \(longer than 50 bytes\)"):
        read(tmp_path / "a.json", json.dumps(value))


def test_a_broken_json_object_is_one_error_and_broken_json_lines_are_counted(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a.json: neither .*line 3 column 1"):
        read(tmp_path / "a.json", '{\n "a": 1\n')
    with pytest.raises(UserError, match=r"a.json: neither .*not UTF-8"):
        read(tmp_path / "a.json", b'{\n "a": "\xff"\n}')
    assert read(tmp_path / "a.json", '{"a": \n{"a": 2}\n') == [(1, "not_json"), (2, {"a": 2})]
    assert read(tmp_path / "a.json", "") == read(tmp_path / "a.json", "\n \n") == []


def test_an_element_that_is_too_long_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_RECORD_BYTES", 1000)
    monkeypatch.setattr(json_list, "_CHUNK", 100)
    with pytest.raises(UserError, match=r"a.json:2: .*longer than 1,000 bytes"):
        read(tmp_path / "a.json", '["ok",\n"' + "x" * 5000 + '"]')


def test_tables_become_objects(tmp_path: Path) -> None:
    content = '\ufeffid,text\r\n1,plain\r\n\n2,"a, ""b""\r\nand c"\n3,5" nail\n4,\n'
    rows = [(2, {"id": "1", "text": "plain"}), (4, {"id": "2", "text": 'a, "b"\nand c'}),
            (6, {"id": "3", "text": '5" nail'}), (7, {"id": "4", "text": ""})]  # fmt: skip
    for suffix in ("", ".gz", ".zst"):
        assert read(tmp_path / f"a.csv{suffix}", packed(suffix, content.encode())) == rows
    tabbed = 'id\ttext\n1\ta, b\n2\t"He said ""no"""\n3\t"Not closed\n4\tor "here"\n5\t"No", she said.\n'
    assert [value["text"] for _, value in read(tmp_path / "a.tsv", tabbed)] == [
        "a, b", 'He said "no"', '"Not closed', 'or "here"', '"No", she said.',
    ]  # fmt: skip
    assert read(tmp_path / "a.csv", "") == read(tmp_path / "a.csv", "a,b\n") == []


def test_broken_rows_of_a_table_cost_only_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = csv.field_size_limit()
    content = b'a,b\n1\n1\r2,3\nx,"open\n1,2\nx,\xff\nx,\0\n"a"b,c\n3,4\n'
    assert read(tmp_path / "a.csv", content) == [
        (2, "bad_row"), (3, "bad_row"), (4, "bad_row"), (5, {"a": "1", "b": "2"}), (6, "not_utf8"), (7, "not_text"),
        (8, "bad_row"), (9, {"a": "3", "b": "4"}),
    ]  # fmt: skip
    monkeypatch.setattr(sources, "MAX_RECORD_BYTES", 300)
    rows = "1,2\n" * 100
    assert read(tmp_path / "a.csv", 'a,b\nx,"open\n' + rows) == [
        (2, "too_long"), *((line, {"a": "1", "b": "2"}) for line in range(3, 103)),
    ]  # fmt: skip
    assert read(tmp_path / "a.csv", f'a,b\n{"x" * 400},1\n"{"y" * 280}",1\n"{"y" * 200}\n{"y" * 200}",1')[::2] == [
        (2, "too_long"), (4, "too_long"),
    ]  # fmt: skip
    assert csv.field_size_limit() == limit, "whoever else reads tables in this process"
    for header, message in (("a,b,a", "two columns are called 'a'"), ('"a', "a quote is not closed"), (b"\xff", "UTF")):
        with pytest.raises(UserError, match=f"a.csv:1: .*{message}"):
            read(tmp_path / "a.csv", header)


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r")), min_size=2, max_size=2)))
def test_what_the_csv_module_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    import csv

    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["a", "b"], *rows])
    found = read(tmp_path_factory.mktemp("table") / "a.csv", text.getvalue())
    assert [list(value.values()) for _, value in found] == rows


def test_two_files_give_their_lines_in_pairs(tmp_path: Path) -> None:
    left, right = tmp_path / "s.eng", tmp_path / "s.spa"
    left.write_bytes(b"\xef\xbb\xbfYes.\r\n\nNo.\nbad \xff\n\n\n")
    assert find_files(left, paired_with=right.with_name("s.eng")) == ([left], [])
    with pytest.raises(UserError, match="s.spa: no such file"):
        find_files(left, paired_with=right)
    assert read(right, "Sí.\n\nNo.\nmal", paired_with=left) == [
        (1, {"left": "Sí.", "right": "Yes."}), (3, {"left": "No.", "right": "No."}), (4, "not_utf8"),
    ]  # fmt: skip
    with pytest.raises(UserError, match=r"s.spa has 5 and .*s.eng has 4 lines"):
        read(right, "Sí.\n\nNo.\nmal\nmás", paired_with=left)
    with pytest.raises(UserError, match=r"s.spa has 1 and .*s.eng has 4 lines"):
        read(right, "Sí.\n", paired_with=left)


def test_other_encodings_are_told(tmp_path: Path) -> None:
    for name in ("a.txt", "a.csv", "a.json", "a.jsonl.gz"):
        with pytest.raises(UserError, match=f"{name}: is UTF-16, not UTF-8; convert it"):
            read(tmp_path / name, packed(name, '{"a": 1}\n'.encode("utf-16")))


def test_zst_archives_are_read_frame_by_frame(tmp_path: Path) -> None:
    frame = zstandard.ZstdCompressor().compress(b'{"a": 1}\n' * 1000)
    skipped = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"
    path = tmp_path / "a.jsonl.zst"
    assert len(read(path, frame)) == 1000 and len(read(path, skipped + frame + frame + skipped + frame)) == 3000
    assert read(path, b"") == []
    for damaged in (frame[:-3], frame + frame[:20], frame + b"junk", b"not zstd \x01 at all", frame[:5]):
        with pytest.raises(UserError, match=r"a.jsonl.zst: the archive is damaged"):
            read(path, damaged)
    wide = zstandard.ZstdCompressor(compression_params=zstandard.ZstdCompressionParameters(window_log=28))
    with pytest.raises(UserError, match=r"a.jsonl.zst: was packed with a window larger than 128 MiB; .*--long=31"):
        read(path, wide.stream_reader(io.BytesIO(b"{}" * 1000)).read())


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_an_archive_that_explodes_is_refused_in_little_memory(tmp_path: Path, suffix: str) -> None:
    zeros = packed(suffix, b"0" * 2**24)
    path = tmp_path / f"a.jsonl{suffix}"
    assert read(path, zeros) == [(1, "too_long")]  # a small one does no harm
    if suffix == ".gz":
        path.write_bytes(zeros * 20)
    else:  # one frame of a few kilobytes
        frame = zstandard.ZstdCompressor().compressobj()
        path.write_bytes(b"".join(frame.compress(b"0" * 2**24) for _ in range(20)) + frame.flush())
    tracemalloc.start()
    with pytest.raises(UserError, match=f"a.jsonl{suffix}: unpacks to more than 200 times its .* unpack it yourself"):
        list(read_records(path))
    assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
    tracemalloc.stop()


def test_ordinary_archives_are_never_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_RATIO_FROM", 1000)
    content = "".join(json.dumps({"id": number, "text": f"The answer is {number}."}) + "\n" for number in range(9999))
    for suffix in (".gz", ".zst"):
        assert len(read(tmp_path / f"a.jsonl{suffix}", packed(suffix, content.encode()))) == 9999


def test_parquet_values_become_json_or_bad_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow
    import pyarrow.parquet

    path = tmp_path / "a.parquet"
    broken = pyarrow.array([b"fine", b"\xff", b"ok", b"x" * 900, b"a"]).cast(pyarrow.large_binary())
    columns = {
        "text": pyarrow.Array.from_buffers(pyarrow.large_string(), 5, broken.buffers()),
        "at": pyarrow.array([datetime(2020, 1, 2), *[None] * 4]),
        "cost": pyarrow.array([Decimal("1.10"), *[None] * 4]),
        "raw": pyarrow.array([None, None, b"\xff\xd8", None, None]),
        "score": pyarrow.array([float("nan"), 1.0, 2.0, 3.0, float("-inf")]),
        "pairs": pyarrow.array([[("a", 1)], *[None] * 4], pyarrow.map_(pyarrow.string(), pyarrow.int64())),
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    monkeypatch.setattr(sources, "MAX_RECORD_BYTES", 600)
    assert read(path, path.read_bytes()) == [
        (1, {"text": "fine", "at": "2020-01-02T00:00:00", "cost": "1.10", "raw": None, "score": None,
             "pairs": [["a", 1]]}),
        (2, "not_utf8"), (3, "not_text"), (4, "too_long"), (5, "not_json"),
    ]  # fmt: skip


def test_a_value_that_parquet_repeats_for_every_row_fits_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow
    import pyarrow.parquet

    monkeypatch.setattr(parquet_records, "_REPEATED_BYTES", 2**24)
    monkeypatch.setattr(sources, "MAX_RECORD_BYTES", 2**19)
    path = tmp_path / "a.parquet"
    words = pyarrow.array(["x" * 2**20, "short"])
    table = pyarrow.table({"text": pyarrow.DictionaryArray.from_arrays([0] * 600 + [1], words)})
    pyarrow.parquet.write_table(table, path, store_schema=False)
    assert path.stat().st_size < 2**20
    before = pyarrow.default_memory_pool().max_memory()
    assert [value for _, value in read(path, path.read_bytes())] == ["too_long"] * 600 + [{"text": "short"}]
    assert pyarrow.default_memory_pool().max_memory() < max(before, 2**27) + 1


@pytest.mark.parametrize("within", [None, "struct", "list", "large list", "map"])
def test_two_columns_of_one_name_are_refused(tmp_path: Path, within: str | None) -> None:
    import pyarrow
    import pyarrow.parquet

    path = tmp_path / "a.parquet"
    one, two = pyarrow.array([1, 2]), pyarrow.array(["x", "y"])
    if within is None:
        table = pyarrow.table([one, two], names=["a", "a"])
    else:
        same = pyarrow.StructArray.from_arrays([one, two], names=["a", "a"])
        whole = {
            "struct": same,
            "list": pyarrow.ListArray.from_arrays([0, 1, 2], same),
            "large list": pyarrow.LargeListArray.from_arrays([0, 1, 2], same),
            "map": pyarrow.MapArray.from_arrays([0, 1, 2], two, same),
        }[within]
        table = pyarrow.table([one, whole], names=["a", "b"])
    pyarrow.parquet.write_table(table, path)
    with pytest.raises(UserError, match=r"a\.parquet: two columns are called 'a'; rename one"):
        list(read_records(path))


SUFFIXES = [f"{kind}{archive}" for kind in sources.KINDS if kind != ".parquet" for archive in ("", ".gz", ".zst")]
pieces = st.lists(
    st.binary(max_size=20)
    | st.sampled_from(
        [b"\n", b"\r\n", b'"', b",", b"\t", b"{", b"}", b"[", b"]", b":", b"\0", b"\xef\xbb\xbf", b"\xff"]
    )
    | st.sampled_from([b'{"a": 1}', b'"a"', b"a,b\n", b"1e999", b"NaN", b'"\\ud800"', b"9" * 25]),
    max_size=30,
).map(b"".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces, st.sampled_from([*SUFFIXES, ".parquet"]), st.booleans(), st.integers(0, 3))
def test_junk_never_crashes_a_reader(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, suffix: str, whole: bool, cut: int
) -> None:
    path = tmp_path_factory.mktemp("junk") / f"a{suffix}"
    content = packed(suffix, junk) if whole else junk
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "MAX_RECORD_BYTES", 100)
        try:
            for line, _ in read(path, content[: len(content) - cut]):
                assert line >= 1
        except UserError as error:
            assert f"a{suffix}" in str(error)


@given(st.data())
def test_a_damaged_parquet_file_never_crashes_a_reader(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    import pyarrow
    import pyarrow.parquet

    file = io.BytesIO()
    table = pyarrow.table({"text": ["one", "two"] * 20, "at": [datetime(2020, 1, 2)] * 40, "tags": [["a"]] * 40})
    pyarrow.parquet.write_table(table, file, row_group_size=10)
    content = bytearray(file.getvalue())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=3)):
        content[place] ^= data.draw(st.integers(1, 255))
    try:
        read(tmp_path_factory.mktemp("junk") / "a.parquet", bytes(content))
    except UserError as error:
        assert "a.parquet" in str(error)
