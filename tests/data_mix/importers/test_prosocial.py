"""ProsocialDialog: exchanges that become one dialogue."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_mix.importers import IMPORTERS, convert
from data_mix.importers.prosocial import LABELS, MAX_RULES
from data_mix.reading.record import BadRecord


def key_of(record: Any) -> str | None:
    joins = IMPORTERS["prosocial"].joins
    assert joins is not None
    return joins(record)


def exchange(number: int, label: str = "needs_caution", **more: Any) -> dict[str, Any]:
    return {
        "context": f"question {number}",
        "response": f"answer {number}",
        "rots": [f"Rule {number}."],
        "safety_label": f"__{label}__",
        "safety_annotations": ["needs caution"],
        "safety_annotation_reasons": ["because"],
        "source": "x",
        "etc": None,
        "dialogue_id": 7,
        "response_id": number,
        "episode_done": False,
    } | more


@given(st.permutations(range(4)))
def test_exchanges_are_put_in_order(order: list[int]) -> None:
    name, [row] = convert([exchange(number) for number in order], "auto")
    assert name == "prosocial"
    expected = [f"{what} {number}" for number in range(4) for what in ("question", "answer")]
    assert [said["content"] for said in row.messages] == expected
    assert [said["role"] for said in row.messages] == ["user", "assistant"] * 4
    assert row.meta == {"language": "en", "safety": "needs_caution", "rots": [f"Rule {number}." for number in range(4)]}


@pytest.mark.parametrize("worst", range(len(LABELS)))
def test_the_worst_label_is_the_dialogues(worst: int) -> None:
    labels = [LABELS[0], LABELS[worst], LABELS[min(1, worst)]]
    [row] = convert([exchange(number, label) for number, label in enumerate(labels)], "auto")[1]
    assert row.meta["safety"] == LABELS[worst]


def test_labels_go_from_the_best_to_the_worst() -> None:
    assert " ".join(LABELS) == ("casual possibly_needs_caution probably_needs_caution needs_caution needs_intervention")


def test_rules_of_thumb_are_few_short_and_different() -> None:
    many = [f"Rule {number}." for number in range(MAX_RULES)]
    exchanges = [exchange(0, rots=["Be kind.", "Be  kind.", " "]), exchange(1, rots=["Be kind.", *many])]
    assert convert(exchanges, "auto")[1][0].meta["rots"] == ["Be kind.", *many[:-1]]
    [long] = convert([exchange(0, rots=["word " * 1000])], "auto")[1][0].meta["rots"]
    assert 290 < len(long) <= 300
    for empty in (None, list[str]()):
        assert "rots" not in convert([exchange(0, rots=empty)], "auto")[1][0].meta


def test_the_dialogues_key() -> None:
    assert key_of(exchange(0)) == "7" and key_of(exchange(0, dialogue_id="d7")) == "d7"
    others: list[Any] = [{}, [], "x", None]
    assert all(key_of(other) is None for other in others)
    for junk in (None, True, "", [7], {7: 7}, 7.0, float("nan"), 10**5000):
        assert key_of(exchange(0, dialogue_id=junk)) is None


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ([1], "response_id 0 is missing before 1"),
        ([0, 2], "response_id 1 is missing before 2"),
        ([0, 3, 1], "response_id 2 is missing before 3"),
        ([0, 1, 1], "response_id 1 comes twice"),
        ([-1], "no number of a turn"),
        ([2**31], "no number of a turn"),
        ([True], "no number of a turn"),
        (["0"], "no number of a turn"),
        ([[0]], "no number of a turn"),
    ],
)
def test_a_dialogue_with_a_gap_is_broken(numbers: list[Any], says: str) -> None:
    with pytest.raises(BadRecord, match=says) as caught:
        convert([exchange(0, response_id=number) for number in numbers], "auto")
    assert caught.value.reason == "broken_dialogue"


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (exchange(1, "needs_prayer"), "bad_labels"),
        (exchange(1, safety_label=None), "unknown_shape"),
        (exchange(1, rots="Be kind."), "bad_labels"),
        (exchange(1, rots=[3]), "bad_labels"),
        (exchange(1, context=" "), "bad_messages"),
        (exchange(1, response=None), "unknown_shape"),
        ({"dialogue_id": 7}, "unknown_shape"),
        ("a text", "unknown_shape"),
        (7, "not_object"),
    ],
)
def test_one_bad_exchange_makes_the_dialogue_bad(second: Any, reason: str) -> None:
    with pytest.raises(BadRecord) as caught:
        convert([exchange(0), second], "auto")
    assert caught.value.reason == reason and caught.value.detail
