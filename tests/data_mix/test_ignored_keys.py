"""What a record holds and no row keeps, by the real command: in the audit and on the card, refused, or allowed."""

import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from data_mix import build
from data_mix.mixing.tally import MAX_NAMES, OTHER_NAMES, Tally
from espalier.errors import UserError
from espalier.text.rows import Row, read_rows
from tests.data_mix.making import chat, jsonl


def made(workspace: Path, file: Path, *flags: str) -> tuple[list[Row], dict[str, Any], str]:
    """The rows of a mix of one file, what the audit says of it, and the card."""
    build.main(["--name", "mine", "--sources.0.path", str(file), "--valid_fraction", "0", *flags])
    folder = workspace / "mixes" / "mine"
    audit = json.loads((folder / "audit.json").read_text())["sources"][file.name.split(".")[0]]
    return list(read_rows(folder / "train.parquet")), audit, (folder / "CARD.md").read_text()


def test_what_is_unread_is_counted_in_the_audit_and_on_the_card(workspace: Path, tmp_path: Path) -> None:
    records = [{"messages": chat(f"a{n}", "b"), "score": n or None, "id": n} for n in range(5)]
    records += [{"messages": [{"role": "user", "content": "q", "name": "Ann"}, *chat("", "r")[1:]], "`odd\n": 1}]
    jsonl(tmp_path / "talk.jsonl", records)
    rows, audit, card = made(workspace, tmp_path / "talk.jsonl")
    assert len(rows) == 6
    assert audit["ignored_keys"] == {"`odd\\n": 1, "score": 4, "turns.name": 1}
    assert "talk: left unread, of 6 records: `score` of 4, `'odd\\n` of 1, `turns.name` of 1." in card


def test_a_card_is_quiet_where_all_is_read(workspace: Path, tmp_path: Path) -> None:
    jsonl(tmp_path / "talk.jsonl", [{"messages": chat("a", "b"), "id": 1, "meta": {"level": "A1"}, "label": None}])
    rows, audit, card = made(workspace, tmp_path / "talk.jsonl")
    assert audit["ignored_keys"] == {} and "unread" not in card and rows[0].meta == {"level": "A1"}


def test_pictures_stop_the_build_or_drop_the_row_or_are_allowed(workspace: Path, tmp_path: Path) -> None:
    shown = {"messages": chat("<image>Who is it?", "A cook."), "images": ["a.jpg"]}
    jsonl(tmp_path / "talk.jsonl", [shown, {"messages": chat("Hello.", "Hi."), "images": []}])
    file = tmp_path / "talk.jsonl"
    with pytest.raises(UserError, match=r"talk\.jsonl:1: it has images .*`ignore_keys: \[images\]`.*on_bad_row drop"):
        made(workspace, file)
    assert not (workspace / "mixes" / "mine").exists()
    rows, audit, card = made(workspace, file, "--sources.0.on_bad_row", "drop")
    assert [row.messages for row in rows] == [chat("Hello.", "Hi.")]
    assert audit["dropped"] == {"unread_images": 1} and "unread images" in card
    rows, audit, card = made(workspace, file, "--sources.0.ignore_keys", "[images]", "--overwrite")
    assert [row.messages for row in rows] == [chat("Who is it?", "A cook."), chat("Hello.", "Hi.")]
    assert audit["ignored_keys"] == {"images": 1} and "`images` of 1" in card


def test_weights_thoughts_calls_and_tools_reach_the_rows(workspace: Path, tmp_path: Path) -> None:
    call = {"type": "function", "function": {"name": "look", "arguments": {"word": "go"}}}
    turns = [
        {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
        {"role": "Human", "content": "2+2?"},
        {"role": "model", "content": "Five.", "train": False},
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": None, "tool_calls": [call], "reasoning_content": "A table."},
        {"role": "function", "content": "4"},
        {"role": "assistant", "content": "Four.", "weight": 0.5},
    ]
    jsonl(tmp_path / "talk.jsonl", [{"messages": turns, "tools": [{"type": "function"}]}])
    for flags in ((), ("--filters.roles", "repair", "--filters.control", "repair", "--overwrite")):
        [row] = made(workspace, tmp_path / "talk.jsonl", *flags)[0]
        assert row.messages == [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "2+2?"},
            {"role": "assistant", "content": "Five.", "weight": 0.0},
            {"role": "user", "content": "Look."},
            {"role": "assistant", "content": "", "reasoning": "A table.", "tool_calls": [call]},
            {"role": "tool", "content": "4"},
            {"role": "assistant", "content": "Four.", "weight": 0.5},
        ]
        assert row.tools == [{"type": "function"}]


def test_a_table_of_many_shapes_is_read_row_by_row(workspace: Path, tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [
        {"messages": chat("Is it go?", "Went.")},
        {"text": "Basil reads."},
        {"prompt": "Name a fruit.", "completion": "A pear."},
        {"conversations": [{"from": "human", "value": "Hi."}, {"from": "gpt", "value": "Hello.", "weight": 0.5}]},
    ]
    turn = pyarrow.struct([("role", pyarrow.string()), ("content", pyarrow.string()), ("weight", pyarrow.float64())])
    said = pyarrow.struct([("from", pyarrow.string()), ("value", pyarrow.string()), ("weight", pyarrow.float64())])
    schema = pyarrow.schema(
        [
            ("messages", pyarrow.list_(turn)),
            ("text", pyarrow.string()),
            ("prompt", pyarrow.string()),
            ("completion", pyarrow.string()),
            ("conversations", pyarrow.list_(said)),
            ("images", pyarrow.list_(pyarrow.string())),
            ("label", pyarrow.bool_()),
        ]
    )
    lists = {"messages": [], "conversations": [], "images": []}
    for number, nothing in enumerate(({}, lists)):
        file = tmp_path / f"table{number}.parquet"
        table = pyarrow.Table.from_pylist([nothing | record for record in records], schema=schema)
        pyarrow.parquet.write_table(table, file)
        rows, audit, _ = made(workspace, file, *(("--overwrite",) if number else ()))
        assert [row.messages[-1] for row in rows] == [
            {"role": "assistant", "content": "Went."},
            {"role": "text", "content": "Basil reads."},
            {"role": "assistant", "content": "A pear."},
            {"role": "assistant", "content": "Hello.", "weight": 0.5},
        ]
        assert audit["ignored_keys"] == {}


def test_names_that_are_data_are_counted_up_to_a_number() -> None:
    parts = [Tally(), Tally()]
    for number in range(3 * MAX_NAMES):
        parts[number % 2].ignore(["score", f"x{number:04}"])
    whole = Tally()
    for part in parts:
        assert len(part.ignored_keys) == MAX_NAMES + 1
        whole.add(Tally.from_dict(part.to_dict()))
    assert len(whole.ignored_keys) <= MAX_NAMES + 1 and whole.ignored_keys.total() == 6 * MAX_NAMES
    assert whole.ignored_keys["score"] == 3 * MAX_NAMES and whole.ignored_keys[OTHER_NAMES] > MAX_NAMES
