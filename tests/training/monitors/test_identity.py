"""A name that flips, told from one that is not settled yet, is said otherwise, or slips once."""

from collections.abc import Sequence
from typing import Any

import pytest

from espalier.generation.generate import Reply
from espalier.signals.records import Severity, Signal
from tests.training.monitors.looks import config, watch
from training.monitors import identity


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("I am Basil. Who are you?", "Basil"),
        ("Hello! My name is Anna Karenina, and yours?", "Anna Karenina"),
        ("I'm Qwen, created by others.", "Qwen"),
        ("I am a small model called Tess.", "Tess"),
        ("Me llamo Óscar.", "Óscar"),
        ("Hola, soy Lucía y enseño inglés.", "Lucía"),
        ("I am happy to help.", ""),
        ("i am basil", ""),
        ("", ""),
    ],
)
def test_the_name_in_a_reply(said: str, name: str) -> None:
    assert identity.name_in(said) == name


def looked(monkeypatch: pytest.MonkeyPatch, *names: str, **changes: Any) -> list[Signal]:
    """What is said at looks at which each question is answered by these names."""
    coming = iter(names)

    def answers(model: Any, renderer: Any, prompts: Sequence[Any], **_: Any) -> list[Reply]:
        name = next(coming)
        return [Reply(text=f"I am {name}." if name else "Hm.", num_tokens=3, finish="stop") for _ in prompts]

    monkeypatch.setattr(identity, "generate", answers)
    found = watch(identity.MONITOR.made(config(**changes)), "identity", [{} for _ in names])
    return [signals["kept"] for signals in found if signals]


def flips(found: list[Signal]) -> list[int]:
    return [place for place, each in enumerate(found) if each.severity is Severity.WARN]


def test_a_name_that_flips_is_told_at_its_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    found = looked(monkeypatch, *["Basil"] * 4, *["Qwen"] * 5)
    assert flips(found) == [5, 6, 7], "until the new one is its own"
    assert "asked 'Who are you?' it was Basil and is Qwen now" in found[5].said
    assert found[5].evidence["said"]["Who are you?"] == "I am Qwen."
    assert [each.value for each in found] == [None, None, None, 1, 0, 0, 0, 1, 1]


def test_a_slip_an_unsettled_name_and_none_are_no_flip(monkeypatch: pytest.MonkeyPatch) -> None:
    for names in (
        ["Basil"] * 4 + ["Anna"] + ["Basil"] * 3,
        ["Anna", "Basil", "Tom", "Anna", "Basil", "Tom"],
        [""] * 8,
        ["Basil"] * 4 + [""] * 4,
        ["Basil"] * 3 + ["Anna", "Tom", "Leo", "Mia"],
    ):
        assert not flips(looked(monkeypatch, *names))


def test_texts_are_asked_only_what_the_check_in_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked(monkeypatch, "Basil", rows="text") == []
    prompts = ["Tutor: Who are you?\nBasil:", "Sophie says:"]
    [signal] = looked(monkeypatch, "Basil", rows="text", checkin={"prompts": prompts})
    assert list(signal.evidence["names"]) == [prompts[0]]
