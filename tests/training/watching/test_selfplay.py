from collections.abc import Sequence
from typing import Any

import pytest
import torch

from espalier.generation.generate import Reply
from espalier.signals.records import Turn
from espalier.text.chat import ChatRenderer
from espalier.text.chat_template import read_template
from tests import tiny
from training.config import SelfPlaySettings
from training.watching import selfplay

OPENINGS = ["I go.", "Who are you?"]
LLAMA2 = (
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('no') }}{% endif %}"
    "{% if m.role == 'user' %}{{ bos_token + '[INST] ' + m.content + ' [/INST] ' }}"
    "{% else %}{{ m.content + eos_token }}{% endif %}{% endfor %}"
)


def settings(**given: Any) -> SelfPlaySettings:
    return SelfPlaySettings(**{"turns": 4, "dialogues": 3, "max_new_tokens": 5, "temperature": 1.0} | given)


def talk(as_chat: bool = True, seed: int = 7, renderer: ChatRenderer | None = None, **given: Any) -> list[Any]:
    model = tiny.model(init_std=0.6, max_positions=given.pop("context", 256))
    renderer = renderer or tiny.renderer()
    return selfplay.talk(model, renderer, settings(**given), seed, as_chat=as_chat, openings=OPENINGS)


Heard = list[tuple[str, Any]]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """Who was asked to speak, and after what; every reply counts up."""
    found: Heard = []

    def listen(model: Any, renderer: Any, prompts: Sequence[Any], *, speaker: str = "", **_: Any) -> list[Reply]:
        found.extend((speaker, prompt) for prompt in prompts)
        return [Reply(text=f"turn {len(found)}", num_tokens=1, finish="stop") for _ in prompts]

    monkeypatch.setattr(selfplay, "generate", listen)
    return found


def test_two_roles_speak_in_turn_after_the_opening(heard: Heard) -> None:
    (dialogue,) = talk(dialogues=1, system="Be kind.")
    assert [(turn.role, turn.said, turn.finish) for turn in dialogue.turns] == [
        ("user", "I go.", "given"),
        ("assistant", "turn 1", "stop"),
        ("user", "turn 2", "stop"),
        ("assistant", "turn 3", "stop"),
        ("user", "turn 4", "stop"),
    ]
    assert [speaker for speaker, _ in heard] == ["assistant", "user"] * 2
    told = {"role": "system", "content": "Be kind."}
    opening, reply = {"role": "user", "content": "I go."}, {"role": "assistant", "content": "turn 1"}
    assert [messages for _, messages in heard[:2]] == [[told, opening], [told, opening, reply]]
    assert dialogue.system == "Be kind." and dialogue.own[0].said == "turn 1"


@pytest.mark.parametrize("template", [LLAMA2, None])
def test_where_a_users_turn_has_no_end_the_roles_are_exchanged(
    heard: Heard, template: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer = ChatRenderer(tiny.renderer_without_prefix().tokenizer, template)
    if template is None:  # a template that lets the assistant speak first
        monkeypatch.setattr(ChatRenderer, "can_write_as_user", False)
    assert not renderer.can_write_as_user
    (dialogue,) = talk(dialogues=1, turns=2, renderer=renderer)
    assert [turn.role for turn in dialogue.turns] == ["user", "assistant", "user"]
    whole = [{"role": "assistant", "content": "I go."}, {"role": "user", "content": "turn 1"}]
    assert heard[1] == ("assistant", whole[1:] if template else whole)


@pytest.mark.parametrize("as_chat", [True, False])
def test_it_draws_from_its_own_generators_alone(as_chat: bool) -> None:
    state = torch.get_rng_state()
    first = talk(as_chat)
    assert torch.equal(state, torch.get_rng_state())
    assert talk(as_chat) == first
    others = [dialogue.turns[1].said for dialogue in first if dialogue.turns[0].said == "I go."]
    assert len(others) == 2 and others[0] != others[1], "two of one opening are two"


def test_the_seed_decides() -> None:
    model, renderer = tiny.model(init_std=0.6), tiny.renderer()
    found = [
        selfplay.talk(model, renderer, settings(seed=own), seed, as_chat=True, openings=OPENINGS)
        for own, seed in ((0, 7), (0, 8), (1, 7))
    ]
    assert found[0] != found[1] != found[2] != found[0]


def test_silence_ends_a_dialogue(monkeypatch: pytest.MonkeyPatch) -> None:
    replies = iter([["Yes.", ""], ["No."], ["  "]])
    monkeypatch.setattr(
        selfplay,
        "generate",
        lambda *_, **__: [Reply(text=text, num_tokens=1, finish="stop") for text in next(replies)],
    )
    first, second = talk(dialogues=2)
    assert [turn.said for turn in first.turns] == ["I go.", "Yes.", "No.", "  "]
    assert [turn.said for turn in second.turns] == ["Who are you?"]


def test_a_full_context_ends_a_dialogue_and_shows() -> None:
    (dialogue,) = talk(dialogues=1, turns=40, context=32)
    assert len(dialogue.turns) < 20 and dialogue.turns[-1].finish == "error"
    assert dialogue.turns[-1] not in dialogue.own
    (text,) = talk(False, dialogues=1, turns=40, context=32)
    assert all(turn.finish != "error" for turn in text.turns)


def test_lines_of_a_text_are_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    said = " Basil.\n\nTutor: Yes.\nBasil: A"
    asked: list[Any] = []

    def listen(model: Any, renderer: Any, prompts: Any, *, max_new_tokens: int, **_: Any) -> list[Reply]:
        asked.append((prompts, max_new_tokens))
        return [Reply(text=said, num_tokens=9, finish="length") for _ in prompts]

    monkeypatch.setattr(selfplay, "generate", listen)
    (dialogue,) = talk(False, dialogues=1)
    assert asked == [(["I go."], 20)]
    assert list(dialogue.turns) == [
        Turn(role="text", said="I go.", finish="given"),
        Turn(role="text", said=" Basil.", finish="stop"),
        Turn(role="text", said="Tutor: Yes.", finish="stop"),
        Turn(role="text", said="Basil: A", finish="length"),
    ]
    (short,) = talk(False, dialogues=1, turns=1)
    assert [turn.finish for turn in short.turns] == ["given", "stop"]


def test_there_are_none_where_none_are_wanted_or_nothing_opens_them() -> None:
    assert talk(dialogues=0) == []
    model, renderer = tiny.model(), tiny.renderer()
    for as_chat in (True, False):
        assert selfplay.talk(model, renderer, settings(), 0, as_chat=as_chat, openings=[]) == []


@pytest.mark.parametrize("name", ["espalier", "plain"])
def test_real_templates_are_continued(name: str) -> None:
    renderer = ChatRenderer(tiny.renderer_without_prefix().tokenizer, read_template(name))
    assert renderer.can_write_as_user
    dialogues = talk(renderer=renderer)
    assert all(len(dialogue.turns) > 1 for dialogue in dialogues)
    if name == "plain":
        learners = [turn.said for dialogue in dialogues for turn in dialogue.own if turn.role == "user"]
        assert learners and not any("\n" in said for said in learners)
