"""Recorded replies: whose they are is never guessed, and what is no reply names its line."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from espalier.artifacts.records import write_manifest
from espalier.errors import UserError
from evaluation.backends.base import Ask
from evaluation.backends.recorded import Recorded
from evaluation.cache import Cache
from evaluation.cases.case import Case, Reply, Turn
from evaluation.play import play

CASES = [
    Case(name="one", messages=[{"role": "user", "content": "Hi"}], script=(Turn(learner="And?"),)),
    Case(name="two", messages=[{"role": "user", "content": "Ho"}]),
]


def write(path: Path, *lines: Any) -> Path:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def replies(backend: Recorded, *wanted: tuple[str, int, int]) -> list[Reply]:
    asks = [
        Ask(case=Case(name=name, messages=[{"role": "user", "content": "Hi"}]), turn=turn, sample=sample, seed=0)
        for name, turn, sample in wanted
    ]
    return [reply for _, reply in sorted(backend.answer(asks), key=lambda found: found[0])]


def test_replies_are_found_by_case_turn_and_sample(tmp_path: Path) -> None:
    file = write(
        tmp_path / "mine.jsonl",
        {"case": "one", "reply": "first"},
        "",
        {"case": "one", "reply": "second turn", "turn": 1, "latency": 3},
        {"case": "one", "reply": "", "sample": 1},
    )
    backend = Recorded.open(f"replies:{file}")
    found = replies(backend, ("one", 0, 1), ("one", 0, 0), ("one", 1, 0), ("two", 0, 0))
    assert [reply.text for reply in found] == ["", "first", "second turn", ""]
    assert [(reply.finish, reply.error) for reply in found] == [("stop", "")] * 3 + [("error", "no recorded reply")]
    assert (backend.name, backend.key(None), backend.ref) == ("mine", None, None)  # type: ignore[arg-type, func-returns-value]
    before = backend.identity
    write(file, {"case": "one", "reply": "other"})
    assert Recorded.open(f"replies:{file}").identity["content_hash"] != before["content_hash"]


@pytest.mark.parametrize(
    "line", [{"name": "one", "output": "Hi"}, {"id": "one", "text": "Hi"}, {"case": "one", "id": 7, "response": "Hi"}]
)
def test_other_tools_names_are_understood(tmp_path: Path, line: dict[str, Any]) -> None:
    assert replies(Recorded.open(f"replies:{write(tmp_path / 'r.jsonl', line)}"), ("one", 0, 0))[0].text == "Hi"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ('{"case": "\\ud800", "reply": ""}', "case"),
        ([], "no JSON object"),
        ({"reply": "Hi"}, "case: field required"),
        ({"case": "one"}, "reply: field required"),
        ({"case": "one", "reply": 7}, "reply: .* no text but int"),
        ({"case": 1, "reply": "Hi"}, "case"),
        ({"case": "one", "reply": "Hi", "turn": -1}, "turn"),
        ({"case": "one", "reply": "Hi", "turn": True}, "turn"),
        ({"case": "one", "reply": "Hi", "sample": "0"}, "sample"),
        ({"case": "one", "reply": "Hi", "finish": "tired"}, "finish"),
        ({"name": "one", "id": "1", "reply": "Hi"}, "name and id.*call it case"),
        ({"case": "one", "text": "Hi", "output": "Ho"}, "output and text.*call it reply"),
        ({"case": "zero", "reply": "again"}, "stands in line 1 already"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: Any, said: str) -> None:
    file = write(tmp_path / "r.jsonl", {"case": "zero", "reply": "Hi"}, "", line)
    with pytest.raises(UserError, match=rf"r\.jsonl:3: .*{said}") as raised:
        Recorded.open(f"replies:{file}")
    assert "\n" not in str(raised.value)


def test_text_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_bytes(b'{"case": "zero", "reply": "Hi"}\n{"case": "\xff"}\n')
    with pytest.raises(UserError, match=r"r\.jsonl:2: not JSON"):
        Recorded.open(f"replies:{tmp_path / 'r.jsonl'}")


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_file_or_none_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "r.jsonl").write_text(content)
    with pytest.raises(UserError, match="holds no replies"):
        Recorded.open(f"replies:{tmp_path / 'r.jsonl'}")
    with pytest.raises(UserError, match="no such file"):
        Recorded.open(f"replies:{tmp_path / 'other.jsonl'}")


def test_of_several_models_one_has_to_be_named(tmp_path: Path) -> None:
    lines = [{"case": "one", "reply": who, "model": who} for who in ("ann", "bob")]
    file = write(tmp_path / "r#1.jsonl", *lines)
    with pytest.raises(UserError, match=r":2: .*ann and bob; say whose: replies:.*#MODEL"):
        Recorded.open(f"replies:{file}")
    bob = Recorded.open(f"replies:{file}#bob")
    assert (bob.name, replies(bob, ("one", 0, 0))[0].text) == ("bob", "bob")
    with pytest.raises(UserError, match="no replies of eve, but of ann, bob"):
        Recorded.open(f"replies:{file}#eve")
    with pytest.raises(UserError, match="no model is named"):
        Recorded.open(f"replies:{file}#")


def test_a_file_for_another_suite_is_an_error(tmp_path: Path) -> None:
    backend = Recorded.open(f"replies:{write(tmp_path / 'r.jsonl', {'case': 'three', 'reply': 'Hi'})}")
    with pytest.raises(UserError, match="'one' here, and 'three' there"):
        list(backend.answer([Ask(case=CASES[0], turn=0, sample=0, seed=0)]))


def test_likelihoods_are_those_of_the_texts_or_none(tmp_path: Path) -> None:
    lines = [
        {"case": "a", "reply": "", "log_likelihoods": [-1.5, -2]},
        {"case": "b", "reply": "", "log_likelihoods": [-1.5]},
        {"case": "c", "reply": "grammatical"},
    ]
    backend = Recorded.open(f"replies:{write(tmp_path / 'r.jsonl', *lines)}")
    pairs = [Ask(case=Case(name=name, messages=[], texts=("x", "y")), turn=0, sample=0, seed=0) for name in "abc"]
    found = [reply for _, reply in backend.answer(pairs)]
    assert found[0].log_likelihoods == (-1.5, -2.0)
    assert [reply.error for reply in found[1:]] == [f"{n} recorded likelihoods, of 2 texts" for n in (1, 0)]


def test_a_scores_folder_is_its_records_played_again(tmp_path: Path) -> None:
    folder = tmp_path / "scores" / "old"
    folder.mkdir(parents=True)
    source = write(
        tmp_path / "r.jsonl",
        {"case": "one", "reply": "a"},
        {"case": "one", "reply": "b", "turn": 1, "finish": "length", "num_tokens": 9},
        {"case": "two", "reply": "", "finish": "error", "error": "out of memory"},
    )
    with Cache() as cache:
        first = play(Recorded.open(f"replies:{source}"), CASES, [], cache=cache, seed=0)
        write(folder / "records.jsonl", *(record.to_json() for record in first))
        backend = Recorded.open(f"replies:{folder}#r")
        again = play(backend, CASES, [], cache=cache, seed=0)
    assert list(map(asdict, again)) == list(map(asdict, first))
    assert [(record.finish, record.num_tokens) for record in again] == [("stop", 0), ("length", 9), ("error", 0)]
    assert Recorded.open(f"replies:{folder}").name == "old"


def test_records_of_finished_scores_that_were_changed_are_refused(tmp_path):
    path = write(tmp_path / "records.jsonl", {"case": "a", "reply": "x"})
    write_manifest(tmp_path, {"kind": "scores"})
    assert Recorded.open(f"replies:{tmp_path}").replies
    write(path, {"case": "a", "reply": "y"})
    with pytest.raises(UserError, match=r"records.jsonl: changed since it was made"):
        Recorded.open(f"replies:{tmp_path}")
