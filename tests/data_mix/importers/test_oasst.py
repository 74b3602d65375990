"""Of a tree of replies, the best conversation."""

from typing import Any

import pytest

from data_mix.importers import IMPORTERS, convert
from data_mix.reading.record import BadRecord


def tree(text: str, role: str = "prompter", replies: Any = (), **more: Any) -> dict[str, Any]:
    return {"text": text, "role": role, "replies": list(replies), **more}


def contents(root: dict[str, Any]) -> list[str]:
    return [message["content"] for message in convert([root], "auto")[1][0].messages]


def test_the_best_ranked_chain_of_a_tree_is_followed_to_its_last_answer() -> None:
    root = tree("Q", replies=[
        tree("worse", "assistant", rank=1),
        tree("best", "assistant", rank=0, replies=[
            tree("nobody answered", rank=None),
            tree("more?", replies=[
                tree("deleted", "assistant", rank=0, deleted=True),
                tree("rejected", "assistant", rank=1, review_result=False),
                tree("unranked", "assistant"),
                tree("more", "assistant", rank=2, replies=[tree("thanks")]),
            ]),
        ]),
    ])  # fmt: skip
    for record in ({"message_tree_id": "t", "prompt": root}, root):
        name, [row] = convert([record], "auto")
        assert name == "oasst"
        assert [message["content"] for message in row.messages] == ["Q", "best", "more?", "more"]
        assert [message["role"] for message in row.messages] == ["user", "assistant"] * 2


def test_without_ranks_the_order_of_the_file_decides() -> None:
    assert contents(tree("Q", replies=[tree("a", "assistant"), tree("b", "assistant")])) == ["Q", "a"]


@pytest.mark.parametrize("rank", [float("nan"), True, "0", [0], 10**400, None])
def test_a_rank_that_is_no_number_is_none(rank: Any) -> None:
    assert contents(tree("Q", replies=[tree("a", "assistant", rank=rank), tree("b", "assistant", rank=3)]))[1] == "b"


def test_a_tree_may_be_deep() -> None:
    root = node = tree("0")
    for depth in range(1, 20_000):
        node["replies"] = [tree(str(depth), "assistant" if depth % 2 else "prompter")]
        node = node["replies"][0]
    assert contents(root) == [str(depth) for depth in range(20_000)]


def test_the_language_is_a_code() -> None:
    answered = [tree("A", "assistant", lang="de")]
    assert convert([tree("Q", replies=answered, lang="pt-BR")], "auto")[1][0].meta == {"language": "pt"}
    assert convert([tree("Q", replies=answered)], "auto")[1][0].meta == {}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"prompt": tree("Q")}, "no_assistant_turn"),
        ({"prompt": tree("Q", replies=["x"])}, "bad_messages"),
        (tree("Q") | {"replies": {"x": 1}}, "bad_messages"),
        ({"prompt": tree("Q", "moderator")}, "bad_messages"),
        ({"prompt": {"role": "prompter"}}, "unknown_shape"),
        ({"prompt": tree("Q", replies=[tree(" ", "assistant")])}, "bad_messages"),
        ({"prompt": tree("Q", replies=[tree("x", ["assistant"])])}, "bad_messages"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_used_has_a_reason(record: Any, reason: str) -> None:
    with pytest.raises(BadRecord) as caught:
        convert([record], "auto")
    assert caught.value.reason == reason and caught.value.detail


def test_messages_of_a_tree_that_are_records_of_their_own_are_joined() -> None:
    def message(name: str, parent: str | None, role: str, **more: Any) -> dict[str, Any]:
        return {"message_id": name, "parent_id": parent, "message_tree_id": "t", "text": name, "role": role, **more}

    records = [
        message("question", None, "prompter", lang="en"),
        message("worse", "question", "assistant", rank=1),
        message("better", "question", "assistant", rank=0),
        message("thanks", "better", "prompter"),
    ]
    assert {IMPORTERS["oasst"].joins(record) for record in records} == {"t"}  # type: ignore[misc]
    name, [row] = convert(records, "auto")
    assert (name, [one["content"] for one in row.messages]) == ("oasst", ["question", "better"])
    assert row.meta == {"language": "en"}
    with pytest.raises(BadRecord, match="a tree of 3 messages has 0 roots"):
        convert(records[1:], "auto")
