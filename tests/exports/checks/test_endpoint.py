"""A server is known by its answers: what was trained, its base, another template, another end, a lottery."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exports import verify
from exports.checks.trained import NEW_TOKENS, Trained
from exports.config import ExportConfig
from exports.exported import Exported, find_run
from tests.espalier.endpoints.chat_server import Answer, Script, says, serving

Change = Callable[[str, str], tuple[str, str]]
"""(text, finish) -> what is said instead."""


@pytest.fixture
def ours(adapter: Path) -> Trained:
    config = ExportConfig(run=str(adapter), to="merged")
    run, renderer = find_run(config)
    return Trained(Exported(name="served", config=config, folder=run.path, run=run, renderer=renderer))


def script(ours: Trained, *, base: bool = False, more_tokens: int = 0, change: Change | None = None) -> Script:
    """A server that has the model, or its base; its prompts are longer by so many tokens than in training."""
    replies = ours.replies_before if base else ours.replies
    assert replies is not None
    known = {
        json.dumps(messages): (ids, ours.renderer.decode(reply.ids), "stop" if reply.ended else "length")
        for messages, ids, reply in zip(ours.prompts, ours.ids, replies, strict=True)
    }

    def answer(body: dict[str, Any], number: int) -> Answer:
        assert body["temperature"] == 0 and body["max_tokens"] == NEW_TOKENS
        ids, text, finish = known[json.dumps(body["messages"])]
        text, finish = change(text, finish) if change else (text, finish)
        answer = says(text, finish=finish)
        answer.body["usage"] = {"prompt_tokens": len(ids) + more_tokens, "completion_tokens": 1}
        return answer

    return answer


def verdict(adapter: Path, script: Script, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with serving(script) as server:
        code = verify.main(["--endpoint", server.url, str(adapter), "--prompts", "8"])
    return code, capsys.readouterr().out


def test_the_trained_model_is_known(adapter: Path, ours: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = verdict(adapter, script(ours), capsys)
    assert code == 0 and "8 of 8 answers are the trained ones; 100.0% of its tokens" in said, said
    assert "8 of 8 prompts are as long there as in training" in said


def test_its_base_is_told_from_it(adapter: Path, ours: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = verdict(adapter, script(ours, base=True), capsys)
    assert (
        code == 1
        and "this is nearer to what it was trained from than to what was trained: its adapter is not on" in said
    )


def test_lengths_of_prompts_tell_another_template(
    adapter: Path, ours: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = verdict(adapter, script(ours, more_tokens=1, change=lambda text, end: ("no", end)), capsys)
    assert code == 1 and "others by +1 to +1 tokens: its template or tokenizer is another" in said
    code, said = verdict(adapter, script(ours, more_tokens=1), capsys)
    assert code == 0 and "though answers agree" in said


def test_replies_that_run_on_are_told(adapter: Path, ours: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(script(ours, change=lambda text, end: (f"{text} and on", "length"))) as server:
        from exports.checks import endpoint

        settings = verify.VerifyConfig(name="m", endpoint=server.url).at_endpoint
        ours.replies = [type(reply)(reply.ids, True) for reply in ours.replies]
        found = {each.check: each for each in endpoint.check(ours, settings, prompts=8, at_least=0.98)}
    assert not found["ends"].passed and not found["answers"].passed


def test_where_no_reply_ends_in_training_nothing_is_said_of_ends(adapter: Path, ours: Trained) -> None:
    from exports.checks import endpoint

    ours.replies = [type(reply)(reply.ids, False) for reply in ours.replies]
    with serving(script(ours)) as server:
        settings = verify.VerifyConfig(name="m", endpoint=server.url).at_endpoint
        found = {each.check: each for each in endpoint.check(ours, settings, prompts=8, at_least=0.98)}
    assert "not_checked" in found["ends"].figures


def test_a_lottery_is_told(adapter: Path, ours: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    drawn = iter(range(1000))
    code, said = verdict(adapter, script(ours, change=lambda text, end: (f"{text}{next(drawn)}", end)), capsys)
    assert code == 1 and "asked again it answers otherwise" in said


def test_a_name_may_stand_by_itself() -> None:
    assert verify.named(["--endpoint", "http://x/v1", "one", "--prompts", "9"])[2:4] == ["--name", "one"]
