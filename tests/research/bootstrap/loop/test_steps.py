"""Steps of a round by their real commands, as far as what they are told decides what they make."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openai", reason='needs the extra "endpoints"')

from espalier.artifacts.records import read_jsonl, write_jsonl
from espalier.command_line.config import load
from espalier.loops.pace import Pace
from research.bootstrap import sessions
from research.bootstrap.loop.config import DEFAULT_CONFIG, BootstrapConfig, BootstrapOptions
from research.bootstrap.loop.steps import SESSIONS, Steps
from tests.espalier.endpoints.chat_server import Answer, says, serving

Made = Callable[..., Steps]


@pytest.fixture
def first_round(monkeypatch: pytest.MonkeyPatch) -> Made:
    """The steps of round 0 of the smoke configuration with other keys; its sessions are held in this process."""

    def run(script: str, *words: str) -> int:
        assert script == SESSIONS
        return sessions.main([*words])

    def made(*words: str) -> Steps:
        monkeypatch.setattr("espalier.loops.steps.run_command", run)
        told = ["smoke", "--name", "toy", *words]
        config, _ = load(BootstrapConfig, told, prog="", doc="", default=DEFAULT_CONFIG, options=BootstrapOptions)
        return Steps(config=config, pace=Pace([SESSIONS], None), number=0, band=0)

    return made


def with_a_word_before(body: dict[str, Any], number: int) -> Answer:
    """A model that says what the grammar does, with a word of its own before it."""
    _, _, data = body["messages"][0]["content"].partition("\n{\n")
    asked, _ = json.JSONDecoder().raw_decode("{" + data)
    lines = [{**line, "text": f"Hum, {line['text']}"} for line in asked["lines"]]
    good = asked["a good answer"]
    return says(json.dumps({"lines": lines, "answer": good, "praise": "Hum.", "again": "Hum?", "told": good}))


def test_a_loops_tutor_speaks_in_its_sessions(first_round: Made, workspace: Path) -> None:
    with serving(with_a_word_before) as server:
        tutor = ["--tutor.model", f"openai:m@{server.url}", "--tutor.endpoint.max_retries", "0"]
        name = first_round("--listening.heard", "3", *tutor).heard([])
    assert name is not None
    held = list(read_jsonl(workspace / "corpora" / name / "sessions.jsonl"))
    lines = [line for each in held for line in each["lines"] if line["speaker"] == "Tutor"]
    assert len(held) == 3 and lines and all(line["text"].startswith("Hum, ") for line in lines)


def test_what_was_failed_is_what_is_needed(workspace: Path) -> None:
    graded = [
        {"kind": kind, "band": band, "attempt": attempt, "score": score}
        for kind, band, attempt, score in [
            ("counting", 1, 0, 7), ("counting", 1, 0, 7), ("counting", 1, 1, 0),  # a second try says nothing of need
            ("counting", 2, 0, 1), ("storytime", 7, 0, None),  # nor does a grader that abstains
            ("storytime", 0, 0, 6), ("storytime", 0, 0, 5),
        ]
    ]  # fmt: skip
    write_jsonl(workspace / "corpora" / "g" / "grades.jsonl", graded)
    of_all = 3 / 7  # of five first tries two failed
    assert sessions.needs(["g"]) == {
        "counting": [0, pytest.approx(of_all / 3), pytest.approx((1 + of_all) / 2), 0, 0, 0, 0, 0],
        "storytime": [pytest.approx((1 + of_all) / 3), 0, 0, 0, 0, 0, 0, 0],
    }
    assert sessions.needs([]) == {}
