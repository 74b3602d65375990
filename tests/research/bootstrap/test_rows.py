"""Rows of the sessions of several rounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from espalier.artifacts import records
from espalier.artifacts.corpus import Corpus
from espalier.artifacts.paths import artifact
from espalier.errors import UserError
from research.bootstrap import rows
from tests.research.bootstrap.classroom.test_play import held


def made(name: str, file: str, lines: list[dict[str, object]], number: int = 1) -> None:
    with Corpus.open(name, {"number": number}, parents={}, about="", command="research/bootstrap/rows.py") as corpus:
        corpus.finish({file: lines}, about="", counts={})


def graded(scores: list[int | None]) -> None:
    """A session of three turns, of which the second says nothing, and their grades."""
    session, _ = held([" score 7", "", " score 5"])
    turns = [at for at, line in enumerate(session.lines) if line.turn]
    made("a-r01-sessions", "sessions.jsonl", [session.facts])
    marks = [{"session": session.id, "line": at, "score": score} for at, score in zip(turns, scores, strict=False)]
    made("a-r01-grades", "grades.jsonl", marks)


def counted(*words: str) -> dict[str, int]:
    told = ["--sessions", "a-r01-sessions", "--grades", "a-r01-grades", "--number", "1", "--publish", "false"]
    assert rows.main([*told, *words]) == 0
    return dict(records.read_json(artifact("corpora", "rows") / "manifest.json")["counts"])


def test_what_was_said_and_graded_is_learned_and_counted(workspace: Path) -> None:
    graded([7, 1, 5])
    assert counted("--threshold", "null", "--negatives", "true") == {
        "trunk": 1, "attempts": 2, "present": 2, "pairs": 0, "forgotten": 0,
    }  # fmt: skip
    (row,) = records.read_jsonl(artifact("corpora", "rows") / "trunk.jsonl")
    assert [each["content"] for each in row["messages"] if each["weight"] == 0.25] == [" score 7\n", " score 5\n"]


def test_what_is_heard_without_the_pupil_is_learned_by_the_trunk_alone(workspace: Path) -> None:
    session, _ = held([], tasks=2, demonstrations=1.0)
    made("a-r01-heard", "sessions.jsonl", [session.facts, session.facts])
    assert rows.main(["--heard", "a-r01-heard", "--number", "1", "--tutor_weight", "0.5", "--publish", "false"]) == 0
    counts = records.read_json(artifact("corpora", "rows") / "manifest.json")["counts"]
    assert (counts["trunk"], counts["attempts"], counts["forgotten"]) == (2, 0, 0)
    row, _ = records.read_jsonl(artifact("corpora", "rows") / "trunk.jsonl")
    assert [each["weight"] for each in row["messages"]] == [0.5, 1, 0.5, 1]
    with pytest.raises(UserError, match="--sessions: is missing"):
        rows.main([])


def test_of_what_the_grader_says_nothing_nothing_is_learned(workspace: Path) -> None:
    graded([None, 1, 5])
    assert counted("--threshold", "3")["attempts"] == 1


def test_a_turn_without_a_grade_is_refused(workspace: Path) -> None:
    graded([7, 1])
    with pytest.raises(UserError, match="no grade for line .* of session .*, a-r01-sessions"):
        counted()
    with pytest.raises(UserError, match="grades: 0 corpora, for 1 of sessions"):
        rows.main(["--sessions", "a-r01-sessions"])
