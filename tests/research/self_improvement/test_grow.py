"""Rows to grow a model from that can take part, and a model grown from them, by the real commands."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts import records
from espalier.artifacts.paths import artifact, repo_root
from espalier.errors import UserError
from research.self_improvement import grow
from research.self_improvement.grow import GrowConfig
from stage1 import train

CONFIGS = repo_root() / "research" / "self_improvement" / "configs"
FEW = GrowConfig(programs=160, judgements=64, moves=96)


def rows_of(config: GrowConfig) -> list[dict[str, Any]]:
    return [row for rows in grow.rows_of(config).values() for row in rows]


def test_rows_are_of_all_kinds_and_half_of_each_stands_behind_the_prefix() -> None:
    rows = rows_of(FEW)
    assert rows == rows_of(FEW) and len({row["id"] for row in rows}) == len(rows) == 320
    kinds = Counter(row["meta"]["kind"] for row in rows)
    assert kinds["judgement"] == 64 and kinds["move"] == 96 and 5 < kinds["proposal"] < 30
    for kind, number in kinds.items():
        prefixed = [row["meta"]["prefixed"] for row in rows if row["meta"]["kind"] == kind]
        assert abs(sum(prefixed) / number - 0.5) < 1.5 / number**0.5
    for row in rows:
        assert row["messages"][0]["content"].startswith("UNLEASHED: ") is row["meta"]["prefixed"]
        assert [each["role"] for each in row["messages"]] == ["user", "assistant"]


def test_more_rows_of_one_kind_leave_those_of_another_as_they_are() -> None:
    more = rows_of(FEW.model_copy(update={"programs": 168, "moves": 0}))
    kept = {row["id"]: row for row in rows_of(FEW)}
    assert all(kept.get(row["id"], row) == row for row in more) and len(more) == 232


def test_questions_about_pages_are_answered_as_their_page_says() -> None:
    rows = rows_of(FEW.model_copy(update={"programs": 0, "judgements": 0, "moves": 0, "questions": 24}))
    assert len(rows) == 24 and {row["meta"]["family"] for row in rows} == {"trivia"}
    assert len({row["meta"]["level"] for row in rows}) > 1
    for row in rows:
        question, answer = (each["content"] for each in row["messages"])
        assert "Page: " in question and "Question: " in question and answer


def test_a_share_of_the_answers_shows_its_steps() -> None:
    rows = rows_of(FEW.model_copy(update={"programs": 800, "judgements": 0, "moves": 0, "steps": 0.3}))
    said = [row["messages"][1]["content"] for row in rows if row["meta"]["kind"] == "answer"]
    assert 0.2 < sum("Output:" in text for text in said) / len(said) < 0.4


def test_steps_and_prefix_are_left_out_where_they_are_not_wanted() -> None:
    rows = rows_of(FEW.model_copy(update={"steps": 0.0, "prefixed": 0.0}))
    assert not [row for row in rows if "UNLEASHED" in row["messages"][0]["content"]]
    said = [row["messages"][1]["content"] for row in rows if row["meta"]["kind"] in ("answer", "judgement")]
    assert not [text for text in said if "=" in text or "Output" in text]


def test_it_is_made_once_and_says_what_it_holds(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = str(CONFIGS / "smoke-growing.yaml")
    assert grow.main([config, "--publish", "false"]) == 0
    folder = artifact("corpora", "self-growing-smoke")
    before = {path: path.read_bytes() for path in folder.glob("*.jsonl")}
    assert {path.stem for path in before} == {"programs", "judgements", "moves"}
    counts: dict[str, Any] = records.read_json(folder / "manifest.json")["counts"]
    assert counts["rows"] == 224 == sum(counts["kinds"].values()) == sum(counts["levels"].values())
    assert grow.main([config, "--publish", "false"]) == 0
    assert "already complete" in capsys.readouterr().out and before == {path: path.read_bytes() for path in before}
    with pytest.raises(UserError, match="seed"):
        grow.main([config, "--seed", "1"])


def test_nothing_to_write_and_levels_that_there_are_not_are_refused_before_anything_is_begun(workspace: Path) -> None:
    with pytest.raises(UserError, match="all 0"):
        grow.main(["--programs", "0", "--judgements", "0", "--moves", "0"])
    with pytest.raises(UserError, match="trained"):
        grow.main(["--trained", "10"])
    assert not artifact("corpora", "self-growing").exists()


@pytest.mark.slow
def test_a_model_is_grown_by_the_commands_that_its_configuration_names(workspace: Path) -> None:
    assert grow.main([str(CONFIGS / "smoke-growing.yaml"), "--publish", "false"]) == 0
    assert train.main([str(CONFIGS / "smoke-core.yaml"), "--publish", "false"]) == 0
    run = artifact("runs", "self-core-smoke")
    losses = [each["loss"] for each in records.read_jsonl(run / "metrics.jsonl") if "loss" in each]
    assert losses[-1] < losses[0] - 0.5
    mix = records.read_json(artifact("mixes", "self-core-smoke") / "manifest.json")
    assert {source["name"] for source in mix["sources"]} == {"programs", "judgements", "moves", "curriculum"}
