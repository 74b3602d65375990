"""Splits are stable and keep equal conversations together; every record is accounted for."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_mix.card import audit
from data_mix.dedup.duplicates import content_key
from data_mix.mixing.split import SPLITS, split_of
from data_mix.mixing.tally import Tally
from espalier.errors import UserError
from espalier.text.rows import Row, read_rows, write_rows
from tests.data_mix.making import chat, jsonl, make_splits, recipe

words = st.text(st.sampled_from("aBcé \n\t"), min_size=1, max_size=12).filter(str.strip)


@given(words, words, st.integers(0, 5))
def test_spacing_and_case_do_not_change_the_side(question: str, answer: str, seed: int) -> None:
    plain = chat(question, answer)
    dressed = chat(f"  {question.swapcase()}\n", answer.replace(" ", " \t "))
    assert content_key(plain) == content_key(dressed)
    options: dict[str, Any] = {"valid_fraction": 0.5, "seed": seed}
    assert split_of(content_key(plain), **options) == split_of(content_key(dressed), **options)


@given(st.lists(words, min_size=1, max_size=4))
def test_where_one_message_ends_and_who_speaks_matters(contents: list[str]) -> None:
    whole = content_key(chat(*contents))
    assert whole != content_key(chat(*contents, "x"))
    assert whole != content_key([{**message, "role": "system"} for message in chat(*contents)])


def test_the_fraction_is_met_and_a_larger_one_only_adds_to_valid() -> None:
    rows = [chat(f"question {number}", "answer") for number in range(4000)]

    def valid(fraction: float, seed: int = 0) -> set[int]:
        keys = map(content_key, rows)
        return {n for n, key in enumerate(keys) if split_of(key, valid_fraction=fraction, seed=seed) == "valid"}

    assert valid(0) == set()
    assert len(valid(0.1)) == pytest.approx(400, abs=60)
    assert valid(0.1) < valid(0.2)
    assert valid(0.1) != valid(0.1, seed=1)


def test_the_split_is_pinned() -> None:
    sides = [split_of(content_key(chat(f"question {n}", "answer")), valid_fraction=0.3, seed=0) for n in range(12)]
    assert "".join(side[0] for side in sides) == "ttttttvtvtvt"


record = st.one_of(
    st.builds(lambda text: {"text": text}, words),
    st.builds(lambda question, answer: {"messages": chat(question, answer)}, words, words),
    st.builds(lambda question, answer: {"instruction": question, "output": answer}, words, words),
    st.sampled_from([{"messages": chat("alone")}, {"x": 1}, [], 3, {"text": ""}]),
)


@given(st.lists(record, max_size=25), st.integers(1, 30))
def test_every_record_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, records: list[Any], limit: int
) -> None:
    folder = tmp_path_factory.mktemp("mix")
    source = jsonl(folder / "a.jsonl", records) | {"on_bad_row": "drop", "rows": limit}
    try:
        tallies, decided = make_splits(recipe(source), folder)
    except UserError as error:
        assert "mix would be empty" in str(error) or "held-out split" in str(error) or "train on" in str(error)
        return
    tally = tallies["a"]
    rows = {split: list(read_rows(folder / f"{split}.parquet")) for split in SPLITS}
    assert tally.read == tally.kept.total() + tally.dropped.total() <= len(records)
    assert tally.kept == {split: len(rows[split]) for split in SPLITS if rows[split]}
    assert tally.kept.total() <= limit
    keys = {split: {content_key(row.messages) for row in rows[split]} for split in SPLITS}
    assert not keys["train"] & keys["valid"]
    ids = [row.id for split in SPLITS for row in rows[split]]
    assert len(ids) == len(set(ids))
    assert decided["duplicates"]["valid"]["in_train"] == 0
    audit.audit(tallies, audit.measure(folder))


def test_a_tally_that_does_not_add_up_is_a_bug() -> None:
    tally = Tally(read=3, split_off=1, copies=1, joined=1)
    tally.kept["train"] = 2
    tally.dropped["empty"] = 1
    with pytest.raises(ValueError, match="5 records came in and 4 are accounted for"):
        tally.check("a")
    tally.dropped["too_long"] = 1
    tally.check("a")


def test_the_audit_compares_with_the_files(tmp_path: Path) -> None:
    source = jsonl(tmp_path / "a.jsonl", [{"text": f"row {number}"} for number in range(30)])
    tallies, _ = make_splits(recipe(source), tmp_path)
    tallies["a"].kept["train"] -= 1
    tallies["a"].joined += 1
    with pytest.raises(ValueError, match="split train: .* rows of a were counted"):
        audit.audit(tallies, audit.measure(tmp_path))


def test_rows_remember_where_they_come_from(tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "one.txt").write_text("First.\n\nSecond.\n")
    chats = jsonl(tmp_path / "chats.jsonl", [{"messages": chat("a", "b"), "meta": {"level": "A1"}}])
    make_splits(
        recipe({"path": str(tmp_path / "books")}, chats | {"name": "talk", "weight": 2}, valid_fraction=0), tmp_path
    )
    rows = list(read_rows(tmp_path / "train.parquet"))
    assert [(row.id, row.source, row.weight, row.meta) for row in rows] == [
        ("books/one.txt:1", "books", 1.0, {}),
        ("books/one.txt:3", "books", 1.0, {}),
        ("talk/chats.jsonl:1", "talk", 2.0, {"level": "A1"}),
    ]
    assert list(read_rows(tmp_path / "valid.parquet")) == []


def test_entropy_is_all_bits_over_all_bytes(tmp_path: Path) -> None:
    def row(number: int, bits: float, reply: str) -> Row:
        return Row(
            id=str(number), source="curriculum", split="train", messages=chat("four", reply),
            meta={"error": "tense", "strategy": "recast"}, log2_prob=-bits, assistant_log2_prob=-bits / 4,
        )  # fmt: skip

    def measured(*rows: Row) -> audit.Split:
        write_rows(tmp_path / "train.parquet", rows)
        return audit.measure(tmp_path)["train"]

    found = audit.entropy(measured(row(0, 12.0, "four"), row(1, 4.0, "four" * 7)))["dialogue"]
    assert found["bits_per_byte"] == pytest.approx(16 / 40)
    assert found["assistant_bits_per_byte"] == pytest.approx(4 / 32)
    assert found["bits_per_row"] == 8 and found["bytes_per_row"] == 20
    assert found["standard_error"] > 0
    same = audit.entropy(measured(row(0, 8.0, "four"), row(1, 8.0, "four")))["dialogue"]
    assert same["standard_error"] == 0
