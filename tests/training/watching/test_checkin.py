import math
from typing import Any

import pytest
import torch

from espalier.artifacts import records
from espalier.artifacts.run import Run
from espalier.generation.generate import Reply
from espalier.signals.records import Said
from tests import tiny
from training.config import CheckinSettings, LoopSettings
from training.observers import Step
from training.watching.checkin import LOG, Checkin
from training.watching.checkin import ask as ask_now


@pytest.fixture
def run() -> Run:
    return Run.start(
        "r", command="test", config=LoopSettings(), parents={}, seeds={}, device="cpu", threads=1, compile_mode="off"
    )


def ask(run: Run, steps: list[tuple[int, bool]], *, as_chat: bool = False, **settings: Any) -> list[dict[str, Any]]:
    chosen = CheckinSettings(**{"every": 10, "prompts": ["I went", "Who are you?"], "max_new_tokens": 4} | settings)
    observer = Checkin(tiny.renderer(), chosen, run, as_chat=as_chat)
    model = tiny.model()
    for number, last in steps:
        observer(
            Step(number=number, last=last, model=model, loss=math.nan, grad_norm=math.nan, lr=0.0, tokens=0, facts={})
        )
    path = run.folder / LOG
    return list(records.read_jsonl(path)) if path.exists() else []


def test_it_asks_at_the_beginning_every_so_often_and_at_the_end(run: Run) -> None:
    rows = ask(run, [(0, False), (1, False), (10, False), (13, True)])
    assert [(row["step"], row["prompt"]) for row in rows] == [
        (step, prompt) for step in (0, 10, 13) for prompt in ("I went", "Who are you?")
    ]
    journal = (run.folder / "journal.md").read_text()
    assert journal.count("## Step ") == 3 and "Who are you?" in journal


def test_training_does_not_notice(run: Run) -> None:
    state = torch.get_rng_state()
    ask(run, [(0, False)], temperature=1.0)
    assert torch.equal(state, torch.get_rng_state())


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
        (said,) = ask_now(tiny.model(), tiny.renderer(), settings, 3, as_chat=True)
        assert said == Said(asked="Who are you?", reply="I am.", finish="stop", prompt=0, system=system)
    learner = {"role": "user", "content": "Who are you?"}
    assert asked == [[learner], [{"role": "system", "content": "Be kind."}, learner]]


def test_what_cannot_be_asked_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    settings = CheckinSettings(prompts=["I went"], max_new_tokens=10_000)
    (said,) = ask_now(tiny.model(), tiny.renderer(), settings, 0, as_chat=True)
    assert (said.reply, said.finish) == ("", "error")
    assert "not asked: the prompt has" in capsys.readouterr().out


def test_none_are_held_when_none_are_wanted(run: Run) -> None:
    assert ask(run, [(0, False), (10, True)], every=0) == []
    assert ask(run, [(0, False), (10, True)], prompts=[]) == []
