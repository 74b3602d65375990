"""Rows read as they are said to, each text stands in one file alone, and nothing vanishes uncounted."""

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from espalier.errors import UserError
from espalier.text.rows import Row
from research.autoresearch.language.controls import controls
from research.autoresearch.language.text import Cut, rendered, write_texts


def text_row(text: str, number: int = 0, **more: Any) -> Row:
    return Row(id=f"r{number}", source="own", split="train", messages=[{"role": "text", "content": text}], **more)


def chat_row(*messages: dict[str, Any], **more: Any) -> Row:
    return Row(id="c", source="own", split="train", messages=list(messages), **more)


def test_a_text_is_what_its_pieces_say() -> None:
    pieces = [{"role": "text", "content": "One, "}, {"role": "text", "content": "two.\n", "weight": 0.0}]
    assert rendered(chat_row(*pieces)) == "One, two.\n\n\n"


def test_a_chat_is_a_line_for_each_turn() -> None:
    row = chat_row(
        {"role": "system", "content": "Help."},
        {"role": "user", "content": "Hi!\nWho are you?"},
        {"role": "assistant", "content": "A tutor."},
    )
    assert rendered(row) == "System: Help.\nUser: Hi!\nWho are you?\nAssistant: A tutor.\n\n"


def test_thoughts_calls_and_tools_are_read_too() -> None:
    call = {"type": "function", "function": {"name": "look", "arguments": {"at": "é"}}}
    row = chat_row(
        {"role": "user", "content": "What is there?"},
        {"role": "assistant", "content": "", "reasoning": "I look.", "tool_calls": [call]},
        {"role": "tool", "content": "a tree"},
        {"role": "assistant", "content": "A tree."},
        tools=[{"name": "look"}],
    )
    assert rendered(row).splitlines() == [
        'Tools: [{"name": "look"}]',
        "User: What is there?",
        "Assistant thinks: I look.",
        'Assistant calls: [{"function": {"arguments": {"at": "é"}, "name": "look"}, "type": "function"}]',
        "Tool: a tree",
        "Assistant: A tree.",
        "",
    ]


def write(rows: list[Row], folder: Path, held_bytes: int, seed: int = 0) -> tuple[bytes, bytes, bytes, Cut]:
    """What the three files hold, and what became of the rows."""
    folder.mkdir(exist_ok=True)
    train, val, second = folder / "train.txt", folder / "val.txt", folder / "second.txt"
    cut = write_texts(rows, train, (val, second), held_bytes=held_bytes, seed=seed)
    assert sorted(path.name for path in folder.iterdir()) == ["second.txt", "train.txt", "val.txt"], (
        "no scratch is left"
    )
    return train.read_bytes(), val.read_bytes(), second.read_bytes(), cut


ROWS = [text_row(f"This is the row of number {number}, and of no other.", number) for number in range(200)]


def test_every_row_is_in_one_file_and_the_cut_ones_are_counted(tmp_path: Path) -> None:
    train, val, second, cut = write(ROWS, tmp_path / "made", 1000)
    assert len(val) == len(second) == 1000
    whole = sum(len(rendered(row).encode()) for row in ROWS)
    assert len(train) == cut.counts["train_bytes"] == whole - 2000 - cut.counts["cut_bytes"]
    lines = [set(text.decode().split("\n\n")) - {""} for text in (train, val, second)]
    assert lines[0] <= {row.messages[0]["content"] for row in ROWS}, "no row is cut for training"
    assert not lines[0] & lines[1] and not lines[0] & lines[2] and not lines[1] & lines[2]
    assert sum(cut.counts[f"{name}_rows"] for name in ("train", "val", "second")) == len(ROWS)


def test_copies_stand_once_and_are_counted(tmp_path: Path) -> None:
    copied = [*ROWS, *(text_row(row.messages[0]["content"], 1000 + place) for place, row in enumerate(ROWS[:50]))]
    *made, cut = write(copied, tmp_path / "made", 1000)
    *plain, _ = write(ROWS, tmp_path / "plain", 1000)
    assert made == plain and cut.counts["copies"] == 50 and cut.counts["read"] == 250


def test_the_order_is_that_of_the_seed_and_of_no_file(tmp_path: Path) -> None:
    first, again, other = (
        write(rows, tmp_path / name, 1000, seed)[:3]
        for rows, name, seed in ((ROWS, "a", 0), (ROWS[::-1], "b", 0), (ROWS, "c", 1))
    )
    assert first == again and first[1] != other[1]


def test_what_the_grammar_knows_is_the_floor(tmp_path: Path) -> None:
    known = [text_row(f"Row number {number:03}.", number, log2_prob=-17.0) for number in range(50)]
    assert write(known, tmp_path / "all", 64)[3].floor == pytest.approx(1.0), "17 bits for 17 bytes"
    assert write([*known, *ROWS], tmp_path / "some", 2000)[3].floor is None


@pytest.mark.parametrize("number", [0, 1, 3])
def test_too_little_text_is_told(number: int, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="too little text"):
        write(ROWS[:number], tmp_path / "made", 100)


@given(st.lists(st.text(min_size=1).filter(lambda text: text.strip() and "\0" not in text), min_size=8, unique=True))
def test_any_text_ends_up_somewhere(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    rows = [text_row(text, number) for number, text in enumerate(texts)]
    train, val, second, cut = write(rows, tmp_path_factory.mktemp("any"), 3)
    whole = sum(len(rendered(row).encode()) for row in rows)
    assert len(train) + len(val) + len(second) + cut.counts["cut_bytes"] == whole


def test_controls_are_in_the_order_of_what_they_know(tmp_path: Path) -> None:
    chance = random.Random(0)
    words = ["".join(chance.choices("etaoinshrdlu", k=6)) for _ in range(1000)]
    said = " ".join(chance.choices(words, k=10_000)).encode()
    (tmp_path / "train.txt").write_bytes(said[:60_000])
    found = controls(tmp_path / "train.txt", said[60_000:])
    assert 3.9 > found["unigram"] > found["xz"] > found["xz_after_train"] > 10 / 7, "a word of a thousand is 10 bits"
    assert found["unigram"] > found["gzip"] > 10 / 7
