from typing import Any

import pytest

from espalier.generation.generate import Reply
from espalier.signals.records import Said
from tests import tiny
from training.config import CheckinSettings
from training.watching.checkin import ask


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
