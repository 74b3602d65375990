"""What a model thought is no part of a conversation in the terminal."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from espalier.command_line.conversation import Conversation
from espalier.generation import generate
from espalier.generation.generate import Reply
from tests import tiny


@pytest.fixture
def talks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[str], list[Any]]]:
    """Says lines to a model that gives these replies; what is shown, and what the model was shown each time."""

    def talk(*replies: Reply, **how: Any) -> tuple[list[str], list[Any]]:
        waiting, prompts = list(replies), list[Any]()

        def write(model: Any, renderer: Any, asked: Sequence[Any], **sampling: Any) -> list[Reply]:
            prompts.append(list(asked[0]))
            return [waiting.pop(0)]

        monkeypatch.setattr(generate, "generate", write)
        how = {"system": None, "as_text": False, "max_new_tokens": 9} | how
        conversation = Conversation(tiny.model(), tiny.renderer(), **how)
        return [conversation.answer(f"line {number}") for number in range(len(replies))], prompts

    return talk


def said(text: str, finish: Any = "stop") -> Reply:
    return Reply(text=text, num_tokens=1, finish=finish)


def test_thoughts_are_neither_shown_nor_told_again(talks: Any) -> None:
    shown, prompts = talks(said("<think>Hm.</think>Hi."), said("Yes", "length"))
    assert shown == ["Hi.", "Yes …"]
    assert [message["content"] for message in prompts[1]] == ["line 0", "Hi.", "line 1"]


def test_a_reply_that_is_thoughts_alone_says_so_and_leaves_nothing_behind(talks: Any) -> None:
    shown, prompts = talks(said("<think>Hm", "length"), said("Hi."))
    assert shown == ["(limit spent on reasoning)", "Hi."]
    assert [message["content"] for message in prompts[1]] == ["line 1"]


def test_plain_text_is_continued_word_for_word(talks: Any) -> None:
    assert talks(said("<think>Hm.</think>Hi."), as_text=True)[0] == ["<think>Hm.</think>Hi."]
