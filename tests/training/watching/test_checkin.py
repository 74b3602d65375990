from typing import Any

import pytest

from espalier.artifacts import records
from espalier.artifacts.run import Run
from espalier.generation.generate import Reply
from espalier.signals.records import Said
from tests import tiny
from training.config import CheckinSettings, LoopSettings
from training.watching.checkin import LOG, ask, keep


def test_answers_are_kept() -> None:
    settings = CheckinSettings(prompts=["I went", "Who are you?"], max_new_tokens=4)
    with Run.start(
        "r", command="test", config=LoopSettings(), parents={}, seeds={}, device="cpu", threads=1, compile_mode="off"
    ) as run:
        for step in (0, 10):
            keep(ask(tiny.model(), tiny.renderer(), settings, step, as_chat=False), step, run)
        rows = list(records.read_jsonl(run.folder / LOG))
        assert [(row["step"], row["prompt"]) for row in rows] == [
            (step, prompt) for step in (0, 10) for prompt in ("I went", "Who are you?")
        ]
        assert [(each.step, each.said.reply) for each in run.signals.answers()] == [
            (row["step"], row["reply"]) for row in rows
        ]
        journal = (run.folder / "journal.md").read_text()
    assert journal.count("## Step ") == 2 and "Who are you?" in journal


def test_a_chat_is_asked_as_a_learner_would_and_told_what_the_configuration_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    def listen(model: Any, renderer: Any, prompts: list[Any], **_: Any) -> list[Reply]:
        asked.extend(prompts)
        return [Reply(text="I am.", num_tokens=2, finish="stop") for _ in prompts]

    monkeypatch.setattr("training.watching.checkin.generate", listen)
    for system in (None, "Be kind."):
        settings = CheckinSettings(prompts=["Who are you?"], system=system)
        (said,) = ask(tiny.model(), tiny.renderer(), settings, 3, as_chat=True)
        assert said == Said(asked="Who are you?", reply="I am.", finish="stop", prompt=0, system=system)
    learner = {"role": "user", "content": "Who are you?"}
    assert asked == [[learner], [{"role": "system", "content": "Be kind."}, learner]]


def test_what_cannot_be_asked_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    settings = CheckinSettings(prompts=["I went"], max_new_tokens=10_000)
    (said,) = ask(tiny.model(), tiny.renderer(), settings, 0, as_chat=True)
    assert (said.reply, said.finish) == ("", "error")
    assert "not asked: the prompt has" in capsys.readouterr().out
