"""Splits told by what a corpus says of its rows: new problems and new tutors, and nothing of either elsewhere."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from espalier.errors import UserError
from espalier.text.rows import Row, read_rows
from tests.data_mix.making import chat, jsonl, make_splits, recipe

BOTH = "new_problems-and-new_tutors"
HELD = {"new_problems": {"by": "problem", "share": 0.4}, "new_tutors": {"by": "tutor", "values": ["Ann"]}}


def rated(problem: int, tutor: str, **more: Any) -> dict[str, Any]:
    said = {"messages": chat(f"Problem {problem}?"), "reply": f"{tutor} on {problem}."}
    return said | {"ratings": {"preferred": 0.5}, "problem": f"p{problem}", "tutor": tutor} | more


RECORDS = [rated(problem, tutor) for problem in range(20) for tutor in ("Ann", "Ben", "Cy")]


def rows(folder: Path) -> dict[str, list[Row]]:
    return {path.stem: list(read_rows(path)) for path in sorted((folder / "preferences").glob("*.parquet"))}


def test_no_problem_and_no_tutor_is_on_both_sides(tmp_path: Path) -> None:
    make_splits(recipe(jsonl(tmp_path / "a.jsonl", RECORDS), hold_out=HELD, valid_fraction=0.1), tmp_path)
    found = rows(tmp_path)
    assert set(found) == {"train", "valid", "new_problems", "new_tutors", BOTH}
    assert sum(map(len, found.values())) == len(RECORDS)

    def of(key: str, *splits: str) -> set[str]:
        return {row.meta[key] for split in splits for row in found[split]}

    assert of("problem", "new_problems") == of("problem", BOTH)
    assert of("problem", "new_problems").isdisjoint(of("problem", "train", "valid", "new_tutors"))
    assert 4 <= len(of("problem", BOTH)) <= 12
    assert of("tutor", "new_tutors") == of("tutor", BOTH) == {"Ann"}
    assert of("tutor", "train") == of("tutor", "new_problems") == {"Ben", "Cy"}
    assert all(row.split == split for split, held in found.items() for row in held)


def test_what_says_nothing_of_it_is_held_out_by_chance_alone(tmp_path: Path) -> None:
    others = [{"messages": chat(f"Question {n}?", f"Answer {n}."), "meta": {"tutor": ["Ann"]}} for n in range(40)]
    sources = jsonl(tmp_path / "a.jsonl", RECORDS), jsonl(tmp_path / "b.jsonl", others)
    make_splits(recipe(*sources, hold_out=HELD), tmp_path)
    there = {path.stem: len(list(read_rows(path))) for path in tmp_path.glob("*.parquet")}
    assert sum(there.values()) == 40 and set(there) == {"train", "valid"} and min(there.values()) > 0


def test_the_seed_draws_the_share_and_another_key_draws_anew(tmp_path: Path) -> None:
    drawn = []
    for number, (seed, by) in enumerate([(0, "problem"), (0, "problem"), (1, "problem"), (0, "dialogue")]):
        folder = tmp_path / str(number)
        folder.mkdir()
        records = [each | {"dialogue": each["problem"]} for each in RECORDS]
        asked = recipe(
            jsonl(folder / "a.jsonl", records), seed=seed, hold_out={"held": {"by": by, "share": 0.4}}, valid_fraction=0
        )
        make_splits(asked, folder)
        drawn.append(frozenset(row.meta["problem"] for row in rows(folder)["held"]))
    assert drawn[0] == drawn[1] and len({*drawn}) == 3


def test_a_good_reply_is_no_conversation_to_train_where_it_is_held_out(tmp_path: Path) -> None:
    records = [each | {"ratings": {"preferred": 1}} for each in RECORDS]
    make_splits(recipe(jsonl(tmp_path / "a.jsonl", records), hold_out=HELD, valid_fraction=0), tmp_path)
    trained = list(read_rows(tmp_path / "train.parquet"))
    assert trained and all(row.meta["tutor"] != "Ann" for row in trained)


def test_a_split_that_would_hold_nothing_out_is_told(tmp_path: Path) -> None:
    held = {"new_tutors": {"by": "tutor", "values": ["Dee"]}}
    with pytest.raises(UserError, match=r"hold_out\.new_tutors holds nothing out: no row has such a tutor"):
        make_splits(recipe(jsonl(tmp_path / "a.jsonl", RECORDS), hold_out=held), tmp_path)


@pytest.mark.parametrize(
    ("hold_out", "said"),
    [
        ({"held": {"by": "tutor"}}, "either `values` or `share`"),
        ({"held": {"by": "tutor", "values": ["Ann"], "share": 0.5}}, "either `values` or `share`"),
        ({"valid": {"by": "tutor", "values": ["Ann"]}}, "valid: call the split otherwise"),
        ({"a-and-b": {"by": "tutor", "values": ["Ann"]}}, "a-and-b: call the split otherwise"),
        ({"../held": {"by": "tutor", "values": ["Ann"]}}, "cannot be a name"),
        ({"held": {"by": "a b", "values": ["Ann"]}}, "by"),
    ],
)
def test_what_cannot_be_held_out(hold_out: dict[str, Any], said: str) -> None:
    with pytest.raises((ValidationError, UserError), match=said):
        recipe({"path": "a.jsonl"}, hold_out=hold_out)
