"""Replies that were rated: which side they lie on, what is kept of their ratings, and ratings that are none."""

from typing import Any

import pytest

from data_mix.importers import Imported, convert
from data_mix.reading.record import BadRecord

ASK = {"role": "user", "content": "She go home."}
REPLY = [{"role": "assistant", "content": "She goes home! When?"}]


def row(record: Any, format: str = "auto") -> Imported:
    shape, [found] = convert([record], format)
    assert shape == "rated"
    return found


def reason(record: Any, format: str = "auto") -> str:
    with pytest.raises(BadRecord) as caught:
        convert([record], format)
    assert caught.value.detail.isprintable()
    return caught.value.reason


SHAPES: dict[str, dict[str, Any]] = {
    "messages and a reply": {"messages": [ASK], "reply": "She goes home! When?"},
    "a prompt and a response": {"prompt": "She go home.", "response": "She goes home! When?"},
    "lists": {"prompt": [ASK], "reply": REPLY},
    "a conversation": {"messages": [ASK, *REPLY]},
    "ShareGPT's": {
        "conversations": [
            {"from": "human", "value": "She go home."},
            {"from": "gpt", "value": "She goes home! When?"},
        ]
    },
    "an instruction": {"instruction": "She go home.", "output": "She goes home! When?"},
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("format", ["auto", "messages", "sharegpt", "alpaca", "prompt_completion"])
def test_a_rated_reply_is_one_whatever_it_is_taken_for(name: str, format: str) -> None:
    found = row(SHAPES[name] | {"ratings": {"preferred": 0.8, "guiding": 1, "warm": None}}, format)
    assert (found.messages, found.chosen, found.rejected) == ([ASK], None, REPLY)
    assert found.meta["ratings"] == {"preferred": 0.8, "guiding": 1.0}
    assert not found.unread


@pytest.mark.parametrize(
    ("ratings", "good"),
    [
        ({"preferred": 1}, True),
        ({"preferred": 0.999}, False),
        ({"preferred": 1, "guiding": 0.5}, False),
        ({"preferred": 1, "revealing_of_the_answer": 0}, True),
        ({"preferred": 1, "revealing_of_the_answer": 1}, False),
        ({"revealing_of_the_answer": 0.0}, True),
        ({"my_own": 1}, True),
        ({"my_own": 0}, False),
    ],
)
def test_only_what_could_not_be_better_is_a_good_reply(ratings: dict[str, Any], good: bool) -> None:
    found = row({"messages": [ASK], "reply": REPLY, "ratings": ratings})
    assert (found.chosen, found.rejected) == ((REPLY, None) if good else (None, REPLY))


def test_who_wrote_and_rated_it_is_kept_and_what_else_stands_there_is_counted() -> None:
    found = row(
        {
            "messages": [ASK], "reply": REPLY, "ratings": {"preferred": 0.5}, "tutor": "Ann", "rater": "b",
            "weight": 2, "meta": {"level": "A1"}, "language": "en", "seconds": 7,
        }
    )  # fmt: skip
    assert found.meta == {
        "tutor": "Ann", "rater": "b", "weight": 2.0, "level": "A1", "language": "en", "ratings": {"preferred": 0.5},
    }  # fmt: skip
    assert found.unread == {"seconds"}


def test_what_says_which_reply_is_better_comes_before_its_ratings() -> None:
    shape, [found] = convert([{"messages": [ASK], "chosen": REPLY, "ratings": {"preferred": 0.5}}], "auto")
    assert shape == "preference" and found.chosen == REPLY and "ratings" in found.unread


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"ratings": {}}, "bad_ratings"),
        ({"ratings": {"preferred": None}}, "bad_ratings"),
        ({"ratings": {"preferred": 1.1}}, "bad_ratings"),
        ({"ratings": {"preferred": -0.1}}, "bad_ratings"),
        ({"ratings": {"preferred": float("nan")}}, "bad_ratings"),
        ({"ratings": {"preferred": True}}, "bad_ratings"),
        ({"ratings": {"preferred": "0.5"}}, "bad_ratings"),
        ({"ratings": {"Preferred": 0.5}}, "bad_ratings"),
        ({"ratings": {"a b": 0.5}}, "bad_ratings"),
        ({"ratings": {f"c{number}": 0.5 for number in range(65)}}, "bad_ratings"),
        ({"reply": " "}, "empty_reply"),
        ({"reply": []}, "no_reply"),
        ({"reply": None}, "no_reply"),
        ({"response": "Two."}, "two_replies"),
        ({"messages": []}, "no_prompt"),
        ({"messages": [ASK, *REPLY], "reply": "Two."}, "prompt_ends_with_reply"),
        ({"prompt": "Two."}, "two_prompts"),
        ({"weight": -1}, "bad_weight"),
    ],
)
def test_what_is_no_rated_reply_is_refused_with_the_reason(changed: dict[str, Any], expected: str) -> None:
    assert reason({"messages": [ASK], "reply": "One.", "ratings": {"preferred": 0.5}} | changed) == expected


def test_a_list_of_ratings_is_none_and_is_counted() -> None:
    shape, [found] = convert([{"messages": [ASK, *REPLY], "ratings": [5]}], "auto")
    assert shape == "messages" and found.unread == {"ratings"}
