"""Rows refuse what later stages could not use, and survive a file unchanged."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espalier.errors import UserError
from espalier.text.messages import normal_tool_calls
from espalier.text.rows import Row, count_rows, read_rows, write_rows

CHAT = [{"role": "user", "content": "I go to market yesterday."}, {"role": "assistant", "content": "You went? Nice!"}]

CALL = {"type": "function", "function": {"name": "weather", "arguments": {"city": "Oslo"}}}


def make_row(**changes) -> Row:
    return Row(**{"id": "a", "source": "s", "split": "train", "messages": CHAT} | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": ""}, "id must be"),
        ({"source": None}, "source must be"),
        ({"messages": []}, "non-empty list"),
        ({"messages": [{"role": "user"}]}, "role and content"),
        ({"messages": ["hello"]}, "role and content"),
        ({"messages": [{"role": "tutor", "content": "x"}]}, "role 'tutor'"),
        ({"messages": [{"role": "user", "content": " \n"}]}, "no content"),
        ({"messages": [{"role": "user", "content": None}]}, "no content"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, "no UTF-8"),
        ({"messages": [{"role": "user", "content": "a\0b"}]}, "NUL"),
        ({"messages": [{"role": "text", "content": "x"}, *CHAT]}, "a text has no chat roles"),
        ({"meta": []}, "meta must be"),
        ({"messages": [CHAT[0] | {"weight": -1}]}, "has the weight -1"),
        ({"messages": [CHAT[0] | {"weight": True}]}, "has the weight True"),
        ({"messages": [CHAT[0] | {"weight": None}]}, "has the weight None"),
        ({"messages": [CHAT[0] | {"mood": 1}]}, "of others only"),
        ({"messages": [CHAT[0] | {"reasoning": "hm"}]}, "only an assistant"),
        ({"messages": [CHAT[1] | {"reasoning": 7}]}, "no text"),
        ({"messages": [CHAT[1] | {"tool_calls": []}]}, "non-empty list"),
        ({"messages": [CHAT[1] | {"tool_calls": [{"name": "f"}]}]}, "normal form"),
        ({"messages": [CHAT[1] | {"tool_calls": [CALL], "content": None}]}, "no content"),
        ({"tools": []}, "tools must be"),
        ({"chosen": CHAT[1:]}, "must not end with an assistant's turn"),
        ({"messages": CHAT[:1], "chosen": CHAT[:1]}, "must end with an assistant's turn"),
        ({"messages": CHAT[:1], "chosen": CHAT[1:], "rejected": CHAT[1:]}, "the same reply"),
        ({"weight": 0.0}, "weight must be"),
        ({"weight": float("nan")}, "weight must be"),
        ({"log2_prob": 0.5}, "log2_prob must be"),
        ({"assistant_log2_prob": float("-inf")}, "assistant_log2_prob must be"),
    ],
)
def test_broken_row_is_refused(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_row(**changes)


def test_bytes_count_contents_in_utf8() -> None:
    row = make_row(messages=[{"role": "user", "content": "é"}, {"role": "assistant", "content": "oui"}])
    assert (row.num_bytes, row.num_assistant_bytes, row.is_text) == (5, 3, False)
    text = make_row(messages=[{"role": "text", "content": "Basil reads."}])
    assert (text.num_bytes, text.num_assistant_bytes, text.is_text) == (12, 0, True)
    pair = make_row(messages=CHAT[:1], chosen=CHAT[1:], rejected=[{"role": "assistant", "content": "Wrong."}])
    assert pair.num_bytes == make_row().num_bytes + len("Wrong.")


def test_kinds_are_told_apart() -> None:
    assert make_row().kind == "chat"
    assert make_row(messages=[{"role": "text", "content": "x"}]).kind == "text"
    assert make_row(messages=CHAT[:1], rejected=CHAT[1:]).kind == "preference"


@pytest.mark.parametrize(
    "given_as",
    [
        CALL["function"],
        [CALL],
        [{"function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}],
        {"name": "weather", "arguments": {"city": "Oslo"}},
    ],
)
def test_tool_calls_have_one_form(given_as) -> None:
    assert normal_tool_calls(given_as) == [CALL]


@pytest.mark.parametrize(
    "wrong",
    [None, [], "f()", [{}], [{"name": ""}], [{"name": "f", "arguments": "{"}], [{"name": "f", "arguments": "[]"}]],
)
def test_tool_calls_that_are_none_are_refused(wrong) -> None:
    with pytest.raises(ValueError, match="call"):
        normal_tool_calls(wrong)


contents = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(str.strip)
weights = st.integers(0, 3).map(float) | st.floats(0, 1e6)
said = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "tool"]), "content": contents}, optional={"weight": weights}
)
replies = st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": contents},
    optional={"weight": weights, "reasoning": contents, "tool_calls": st.just([CALL])},
)
chats = st.lists(said | replies, min_size=1)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | contents,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(contents, inner, max_size=3),
    max_leaves=5,
)
rows = st.builds(
    make_row,
    id=contents,
    messages=chats | contents.map(lambda text: [{"role": "text", "content": text}]),
    meta=st.dictionaries(contents, json_values, max_size=3),
    weight=st.floats(1e-6, 1e6),
    log2_prob=st.none() | st.floats(-1e6, 0.0),
    tools=st.none() | st.just([CALL]),
)
preferences = st.builds(
    make_row, messages=st.lists(said, min_size=1), chosen=st.lists(replies, min_size=1), rejected=st.none()
)


@settings(max_examples=40, deadline=None)
@given(st.lists(rows | preferences, max_size=8))
def test_round_trip_is_exact(tmp_path_factory, written: list[Row]) -> None:
    path = tmp_path_factory.mktemp("rows") / "train.parquet"
    assert write_rows(path, iter(written)) == len(written) == count_rows(path)
    assert list(read_rows(path)) == written
    again = path.with_name("again.parquet")
    write_rows(again, written)
    assert path.read_bytes() == again.read_bytes()


def test_rows_cross_row_groups_in_order(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    write_rows(path, (make_row(id=str(index)) for index in range(9000)))
    assert [row.id for row in read_rows(path)] == [str(index) for index in range(9000)]


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="absent.parquet"):
        list(read_rows(tmp_path / "absent.parquet"))
    path = tmp_path / "train.parquet"
    write_rows(path, [make_row(id=str(index)) for index in range(2000)])
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(UserError, match="train.parquet: damaged"):
        list(read_rows(path))


def test_a_parquet_of_something_else_is_refused(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    path = tmp_path / "other.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"text": ["x"]}), path)
    with pytest.raises(UserError, match="not a file of rows"):
        list(read_rows(path))
