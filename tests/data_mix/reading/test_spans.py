"""The spans of a file are, one after the other, the file."""

import gzip
import hashlib
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_mix.reading import sources, spans
from data_mix.reading.sources import BadRecord, TextRow, read_records
from data_mix.reading.spans import Span, plan_file, read_span
from espalier.errors import UserError

lines = st.lists(
    st.sampled_from(['{"a": 1}', '{"b": "é"}', "", "  ", '{"a":', "x" * 60, "\ufeff", "[1]", "\r", "\u2028", "NaN"]),
    max_size=30,
)


def found(records: Any) -> list[tuple[int, Any]]:
    return [
        (record.line, str(record.value) if isinstance(record.value, BadRecord) else record.value) for record in records
    ]


@given(lines, st.booleans(), st.integers(1, 200), st.integers(1, 50), st.sampled_from([".jsonl", ".txt", ".csv"]))
def test_all_spans_are_the_whole_file(
    tmp_path_factory: pytest.TempPathFactory, content: list[str], ended: bool, span_bytes: int, chunk: int, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("spans") / f"a{suffix}"
    path.write_bytes(("\n".join(content) + "\n" * ended).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spans, "_CHUNK", chunk)
        patch.setattr(sources, "MAX_RECORD_BYTES", 50)
        digest, size, planned = plan_file(path, span_bytes=span_bytes, text_row="line")
        try:
            whole = found(read_records(path, text_row="line"))
        except UserError:
            assert suffix == ".csv"
            return
        parts = [found(read_span(span, text_row="line")) for span in planned]
    assert [record for part in parts for record in part] == whole
    assert (digest, size) == (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
    assert planned[0].start == 0 and planned[0].first_line == 1 and planned[-1].end is None
    assert [span.end for span in planned[:-1]] == [span.start for span in planned[1:]]
    for span in planned[:-1]:
        assert span.end is not None and span.end - span.start >= span_bytes
        assert path.read_bytes()[: span.end].count(b"\n") >= span.first_line
    if suffix == ".csv":
        assert len(planned) == 1
    elif size > 3 * (span_bytes + 100):
        assert len(planned) > 1


def test_spans_are_about_as_long_as_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"text": "x" * 90, "id": number}) + "\n" for number in range(10_000)))
    planned = plan_file(path, span_bytes=100_000)[2]
    assert len(planned) == -(-path.stat().st_size // 100_100)
    assert all(100_000 <= span.end - span.start < 100_200 for span in planned[:-1] if span.end)


@pytest.mark.parametrize("text_row", ["paragraph", "file"])
def test_what_cannot_be_cut_is_one_span(tmp_path: Path, text_row: TextRow) -> None:
    content = b'{"a": 1}\n' * 100
    for name in ("a.json", "a.csv", "a.txt", "a.jsonl.gz", "a.eng"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        assert plan_file(path, span_bytes=10, text_row=text_row)[2] == [
            Span(file=path, start=0, end=None, first_line=1)
        ]
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    assert len(plan_file(path, span_bytes=9)[2]) == 100 and len(plan_file(path, span_bytes=10)[2]) == 50
    assert len(plan_file(path, span_bytes=10, divisible=False)[2]) == 1


@given(st.lists(st.integers(1, 7), min_size=1, max_size=6), st.integers(1, 2000), st.booleans())
def test_parquet_is_cut_between_row_groups(
    tmp_path_factory: pytest.TempPathFactory, groups: list[int], span_bytes: int, divisible: bool
) -> None:
    import pyarrow
    import pyarrow.parquet

    path, schema = tmp_path_factory.mktemp("spans") / "a.parquet", pyarrow.schema([("id", pyarrow.int64())])
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        for rows in groups:
            writer.write_table(pyarrow.table({"id": list(range(rows))}, schema))
    planned = plan_file(path, span_bytes=span_bytes, divisible=divisible)[2]
    assert [record for span in planned for record in found(read_span(span))] == found(read_records(path))
    assert found(read_records(path))[-1] == (sum(groups), {"id": groups[-1] - 1})
    if span_bytes == 1 and divisible:
        assert len(planned) == len(groups)
    if not divisible:
        assert len(planned) == 1


def test_paired_files_are_read_whole(tmp_path: Path) -> None:
    left, right = tmp_path / "a.eng", tmp_path / "a.txt"
    for path in (left, right):
        path.write_text(f"{path.suffix} 1\n{path.suffix} 2\n")
    (span,) = plan_file(left)[2]
    assert found(read_span(span, paired_with=right))[1] == (2, {"left": ".eng 2", "right": ".txt 2"})
    first, _ = plan_file(right, span_bytes=1, text_row="line")[2]
    with pytest.raises(ValueError, match="divisible"):
        read_span(first, paired_with=left)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="gone.jsonl: cannot be read"):
        plan_file(tmp_path / "gone.jsonl")
    (tmp_path / "a.parquet").write_bytes(random.Random(0).randbytes(100))
    with pytest.raises(UserError, match="a.parquet: damaged"):
        plan_file(tmp_path / "a.parquet")


def test_a_file_that_was_cut_short_since_it_was_planned_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n' * 10)
    planned = plan_file(path, span_bytes=20)[2]
    path.write_text('{"a": 1}\n' * 4)
    with pytest.raises(UserError, match=r"a.jsonl: has changed since"):
        found(read_span(planned[1]))
