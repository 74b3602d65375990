"""Errands in the shapes of Schema-Guided Dialogue and Taskmaster."""

from typing import Any

import pytest

from data_mix.importers import convert
from data_mix.reading.record import BadRecord


def sgd(*turns: tuple[str, str], **more: Any) -> dict[str, Any]:
    said = [{"frames": [{"actions": []}], "speaker": speaker, "utterance": text} for speaker, text in turns]
    return {"dialogue_id": "1_00000", "services": ["Cafes_1", "Trains_2"], "turns": said} | more


def taskmaster(*turns: tuple[str, str], **more: Any) -> dict[str, Any]:
    said = [{"index": i, "speaker": who, "text": text, "segments": []} for i, (who, text) in enumerate(turns)]
    return {"conversation_id": "dlg-0", "vertical": "Coffee", "instructions": None, "utterances": said} | more


def test_sgd() -> None:
    turns = [
        ("USER", "A table."),
        ("SYSTEM", "For whom?"),
        ("SYSTEM", "And when?"),
        ("USER", "Two."),
        ("SYSTEM", "Done."),
    ]
    name, [row] = convert([sgd(*turns)], "auto")
    assert name == "sgd" and row.meta == {"services": ["Cafes_1", "Trains_2"]}
    assert [(said["role"], said["content"]) for said in row.messages] == [
        ("user", "A table."),
        ("assistant", "For whom?\nAnd when?"),
        ("user", "Two."),
        ("assistant", "Done."),
    ]


@pytest.mark.parametrize(("user", "assistant"), [("user", "assistant"), ("USER", "ASSISTANT")])
def test_taskmaster(user: str, assistant: str) -> None:
    turns = [(user, "One tea."), (user, "Hot."), (assistant, "Here."), (user, "Thanks.")]
    name, [row] = convert([taskmaster(*turns)], "auto")
    assert name == "taskmaster" and row.meta == {"vertical": "Coffee"}
    assert [(said["role"], said["content"]) for said in row.messages] == [
        ("user", "One tea.\nHot."),
        ("assistant", "Here."),
        ("user", "Thanks."),
    ]


def test_odd_labels_are_not_kept() -> None:
    talk = (("USER", "Tea."), ("SYSTEM", "Here."))
    odd = ["", 3, None, "x" * 201, "a\nb", "\udc80", "Cafes_1", ["Cafes_2"]]
    assert convert([sgd(*talk, services=odd)], "auto")[1][0].meta == {"services": ["Cafes_1"]}
    assert convert([sgd(*talk, services="Cafes_1")], "auto")[1][0].meta == {}
    assert len(convert([sgd(*talk, services=["x"] * 100)], "auto")[1][0].meta["services"]) == 8
    for vertical in (None, 3, "x" * 201, ["Coffee"], ""):
        made = convert([taskmaster(("user", "Tea."), ("assistant", "Here."), vertical=vertical)], "auto")
        assert made[1][0].meta == {}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (sgd(("USER", "Tea.")), "no_assistant_turn"),
        (sgd(("USER", "Tea."), ("BARISTA", "Here.")), "bad_messages"),
        (sgd(("USER", "Tea."), ("SYSTEM", "")), "bad_messages"),
        (sgd(("USER", "Tea."), (["SYSTEM"], "Here.")), "bad_messages"),  # type: ignore[arg-type]
        (sgd(("USER", "Tea."), ("SYSTEM", None)), "bad_messages"),  # type: ignore[arg-type]
        (taskmaster(("user", "Tea."), ("barista", "Here.")), "bad_messages"),
        (taskmaster(("user", "Tea."), ("assistant", "\0")), "bad_messages"),
        (sgd(), "bad_messages"),
    ],
)
def test_what_cannot_be_used_has_a_reason(record: Any, reason: str) -> None:
    with pytest.raises(BadRecord) as caught:
        convert([record], "auto")
    assert caught.value.reason == reason and caught.value.detail
