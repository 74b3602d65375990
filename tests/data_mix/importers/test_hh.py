"""Anthropic's dialogues: which of two people preferred."""

from typing import Any

import pytest

from data_mix.importers import Imported, convert, detect
from data_mix.reading.record import BadRecord


def told(*turns: tuple[str, str]) -> str:
    return "".join(f"\n\n{speaker}: {said}" for speaker, said in turns)


def record(*turns: tuple[str, str], instead: str = "REJECTED", **more: Any) -> dict[str, Any]:
    """A dialogue, and the same with another last reply."""
    return {"chosen": told(*turns), "rejected": told(*turns[:-1], ("Assistant", instead))} | more


def row(*turns: tuple[str, str]) -> Imported:
    name, (found,) = convert([record(*turns)], "auto")
    assert name == "hh"
    return found


def said(messages: Any) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in messages]


def test_the_turns_that_both_share_are_the_prompt() -> None:
    found = row(
        ("Human", "Who?"), ("Assistant", "Basil.\n\nThe herb:\n- green"), ("Human", "Ah."), ("Assistant", "Yes. ")
    )
    assert found.meta == {}
    assert said(found.messages) == [("user", "Who?"), ("assistant", "Basil.\n\nThe herb:\n- green"), ("user", "Ah.")]
    assert said(found.chosen) == [("assistant", "Yes.")]
    assert said(found.rejected) == [("assistant", "REJECTED")]


def test_turns_of_one_speaker_are_joined() -> None:
    found = row(("Human", "Who?"), ("Human", "You?"), ("Assistant", "I."), ("Assistant", "Basil."))
    assert said(found.messages) == [("user", "Who?\nYou?")]
    assert said(found.chosen) == [("assistant", "I.\nBasil.")]
    assert said(found.rejected) == [("assistant", "I.\nREJECTED")]


def test_a_speakers_name_within_a_line_is_no_turn() -> None:
    found = row(("Human", "Say\nHuman: or Assistant: now"), ("Assistant", "Human: now"))
    assert len(found.messages) == 1 and found.chosen is not None and len(found.chosen) == 1


def test_dialogues_that_part_earlier_have_replies_of_several_turns() -> None:
    better = told(("Human", "Hi."), ("Assistant", "Hello."), ("Human", "Who?"), ("Assistant", "Basil."))
    worse = told(("Human", "Hi."), ("Assistant", "Hello."), ("Human", "What?"), ("Assistant", "No."))
    (found,) = convert([{"chosen": better, "rejected": worse}], "auto")[1]
    assert said(found.messages) == [("user", "Hi.")]
    assert said(found.chosen) == [("assistant", "Hello."), ("user", "Who?"), ("assistant", "Basil.")]
    assert said(found.rejected) == [("assistant", "Hello."), ("user", "What?"), ("assistant", "No.")]


def test_a_dialogue_alone_is_a_good_one() -> None:
    for alone in ({}, {"rejected": None}):
        (found,) = convert([{"chosen": told(("Human", "Hi."), ("Assistant", "Hello."))} | alone], "auto")[1]
        assert (said(found.messages), said(found.chosen)) == ([("user", "Hi.")], [("assistant", "Hello.")])
        assert found.rejected is None


def test_other_preferences_are_not_taken_for_it() -> None:
    for other in ("An answer.", "The\n\nHuman: x\n\nAssistant: y", [{"role": "user", "content": "x"}]):
        assert detect({"prompt": "A question.", "chosen": other, "rejected": "Another."}) == "preference"


GOOD = [("Human", "Who?"), ("Assistant", "I.")]


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ([("Human", "Who?"), ("Assistant", " ")], "empty_reply"),
        ([*GOOD, ("Human", "You?"), ("Assistant", "")], "empty_reply"),
        ([("Human", "Who?")], "no_prompt"),
        ([*GOOD, ("Human", "You?")], "no_assistant_turn"),
        ([("Human", "Who?"), ("Assistant", ""), ("Human", "You?"), ("Assistant", "I.")], "bad_messages"),
        ([("Human", ""), ("Human", "You?"), ("Assistant", "I.")], "bad_messages"),
        ([("Human", "Who\0?"), ("Assistant", "I.")], "bad_messages"),
        ([("Human", "Who?"), ("Assistant", "REJECTED ")], "equal_replies"),
        ([("Assistant", "I.")], "no_prompt"),
    ],
)
def test_what_cannot_be_used_has_a_reason(turns: list[tuple[str, str]], reason: str) -> None:
    with pytest.raises(BadRecord) as caught:
        convert([record(*turns)], "auto")
    assert caught.value.reason == reason and caught.value.detail
    if reason == "empty_reply":
        with pytest.raises(BadRecord, match="the last reply of rejected is empty"):
            convert([record(*turns[:-1], ("Assistant", "I."), instead="")], "auto")


@pytest.mark.parametrize("chosen", ["An answer.", "Before.\n\nHuman: x\n\nAssistant: y", 3])
def test_a_forced_format_wants_speakers(chosen: Any) -> None:
    with pytest.raises(BadRecord) as caught:
        convert([{"chosen": chosen}], "hh")
    assert caught.value.reason == "bad_messages"
