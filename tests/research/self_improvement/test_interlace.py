"""Ordinary rows: from where, how many with the prefix, and others in each round."""

import pytest

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_jsonl
from espalier.errors import UserError
from espalier.text.rows import read_rows
from research.self_improvement.interlace import main
from research.self_improvement.voices import PREFIX


def rows(name, *words):
    assert main(["--mix", "toy", "--name", name, "--publish", "false", *words]) == 0
    return list(read_jsonl(artifact("corpora", name) / "rows.jsonl"))


def asked(row):
    return next((each["content"] for each in row.get("messages", []) if each["role"] == "user"), "")


def test_a_share_of_the_questions_begins_with_the_prefix_and_nothing_else_is_changed(workspace, toy_mix):
    found = rows("half", "--rows", "60", "--prefixed", "0.5")
    marked = [row for row in found if row["meta"]["prefixed"]]
    assert len(found) == 60 and 0 < len(marked) < 60
    assert all(asked(row).startswith(PREFIX) for row in marked)
    assert not any(asked(row).startswith(PREFIX) for row in found if not row["meta"]["prefixed"])
    assert not any(row["meta"]["prefixed"] for row in rows("none", "--rows", "60", "--prefixed", "0"))


def test_rounds_have_other_rows_until_there_are_no_more(workspace, toy_mix):
    every = len(list(read_rows(toy_mix / "train.parquet")))
    first, second = (rows(f"r{n}", "--rows", str(every // 2), "--number", str(n)) for n in (0, 1))
    assert not {row["id"] for row in first} & {row["id"] for row in second}


def test_only_sources_that_are_named_are_drawn_from(workspace, toy_mix):
    there = {row.source for row in read_rows(toy_mix / "train.parquet")}
    (name, *_) = sorted(there)
    ids = {row.id for row in read_rows(toy_mix / "train.parquet") if row.source == name}
    found = rows("one", "--rows", "20", "--sources", name)
    assert {row["id"].rpartition("/")[0] for row in found} <= ids
    with pytest.raises(UserError, match=f"mix toy has none called programs; there are {name}"):
        main(["--mix", "toy", "--name", "other", "--sources", "programs"])
