"""Which of two replies is the better one, or whether a single one is good, however a corpus writes it."""

from typing import Any

import pytest

from data_mix.importers import Imported, convert
from data_mix.reading.record import BadRecord


def said(*turns: str) -> list[dict[str, str]]:
    """Messages from `s: …`, `u: …` and `a: …`."""
    roles = {"s": "system", "u": "user", "a": "assistant"}
    return [{"role": roles[turn[0]], "content": turn[3:]} for turn in turns]


def shared(*turns: str) -> list[dict[str, str]]:
    """The same as ShareGPT has them."""
    names = {"system": "system", "user": "human", "assistant": "gpt"}
    return [{"from": names[turn["role"]], "value": turn["content"]} for turn in said(*turns)]


def row(record: dict[str, Any], format: str = "auto") -> Imported:
    name, (found,) = convert([record], format)
    assert name in ("hh", "preference")
    return found


U, A, B = "u: A fruit?", "a: Pear.", "a: Dog."
PAIR = (said(U), said(A), said(B))
WITH_SYSTEM = (said("s: Be kind.", U), said(A), said(B))
AFTER_MORE = (said("u: Hi.", "a: Hello.", U), said(A), said(B))
LONG = "Which fruit grows on a pear tree?"

PAIRS: dict[str, tuple[dict[str, Any], Any]] = {
    "texts": ({"prompt": "A fruit?", "chosen": "Pear.", "rejected": "Dog."}, PAIR),
    "a prompt of messages, replies of texts": ({"prompt": said(U), "chosen": "Pear.", "rejected": "Dog."}, PAIR),
    "all of messages": ({"prompt": said(U), "chosen": said(A), "rejected": said(B)}, PAIR),
    "a text, and replies of messages": ({"prompt": "A fruit?", "chosen": said(A), "rejected": said(B)}, PAIR),
    "a text, and whole conversations": ({"prompt": "A fruit?", "chosen": said(U, A), "rejected": said(U, B)}, PAIR),
    "messages, and whole conversations": (
        {"prompt": said("u: Hi.", "a: Hello.", U)}
        | {"chosen": said("u: Hi.", "a: Hello.", U, A), "rejected": said("u: Hi.", "a: Hello.", U, B)},
        AFTER_MORE,
    ),
    "the first question, and whole conversations": (
        {"prompt": "Hi.", "chosen": said("u: Hi.", "a: Hello.", U, A), "rejected": said("u: Hi.", "a: Hello.", U, B)},
        AFTER_MORE,
    ),
    "whole conversations alone": ({"chosen": said(U, A), "rejected": said(U, B)}, PAIR),
    "with a system message": (
        {"chosen": said("s: Be kind.", U, A), "rejected": said("s: Be kind.", U, B), "prompt": "A fruit?"},
        WITH_SYSTEM,
    ),
    "one whole and one not": ({"chosen": said(U, A), "rejected": "Dog."}, PAIR),
    "in the middle of a conversation": (
        {"conversations": shared("u: Hi.", "a: Hello.", U)}
        | {"chosen": {"from": "gpt", "value": "Pear."}, "rejected": {"from": "gpt", "value": "Dog."}},
        AFTER_MORE,
    ),
    "with a system text beside it": (
        {"system": "Be kind.", "conversations": shared(U), "chosen": shared(A), "rejected": shared(B)},
        WITH_SYSTEM,
    ),
    "messages and what is said next": (
        {"messages": said("s: Be kind.", U), "chosen": said(A)[0], "rejected": said(B)[0]},
        WITH_SYSTEM,
    ),
    "a conversation that ends with the better reply": (
        {"messages": said(U, A), "chosen": "Pear.", "rejected": "Dog."},
        PAIR,
    ),
    "messages and the reply that was rejected": ({"messages": said(U, A), "rejected_response": "Dog."}, PAIR),
    "messages and the conversation that was rejected": (
        {"messages": said("s: Be kind.", U, A), "rejected_messages": said("s: Be kind.", U, B)},
        WITH_SYSTEM,
    ),
    "an instruction": ({"instruction": "A fruit?", "input": "", "chosen": "Pear.", "rejected": "Dog."}, PAIR),
    "an instruction after others": (
        {"instruction": "A fruit?", "history": [["Hi.", "Hello."]], "chosen": "Pear.", "rejected": "Dog."},
        AFTER_MORE,
    ),
    "an instruction with its output": ({"instruction": "A fruit?", "output": "Pear.", "rejected": "Dog."}, PAIR),
    "an instruction and responses": (
        {"system": "Be kind.", "instruction": "A fruit?", "chosen_response": "Pear.", "rejected_response": "Dog."},
        WITH_SYSTEM,
    ),
    "a question": ({"system": "Be kind.", "question": "A fruit?", "chosen": "Pear.", "rejected": "Dog."}, WITH_SYSTEM),
    "an input": ({"system": "", "input": "A fruit?", "chosen": "Pear.", "rejected": "Dog."}, PAIR),
    "as an endpoint takes them": (
        {"input": {"messages": said(U)}, "preferred_output": said(A), "non_preferred_output": said(B)},
        PAIR,
    ),
    "a list of one text": ({"prompt": "A fruit?", "chosen": ["Pear."], "rejected": ["Dog."]}, PAIR),
    "transcripts": (
        {"chosen": "\n\nHuman: A fruit?\n\nAssistant: Pear.", "rejected": "\n\nHuman: A fruit?\n\nAssistant: Dog."},
        PAIR,
    ),
    "a transcript as prompt": (
        {"prompt": "\n\nHuman: A fruit?\n\nAssistant:", "chosen": " Pear.", "rejected": " Dog."},
        PAIR,
    ),
    "transcripts that repeat the prompt": (
        {"prompt": "\n\nHuman: A fruit?\n\nAssistant:", "chosen": "\n\nHuman: A fruit?\n\nAssistant: Pear.",
         "rejected": "\n\nHuman: A fruit?\n\nAssistant: Dog."},
        PAIR,
    ),
    "texts that repeat the prompt": (
        {"prompt": LONG, "chosen": f"{LONG} A pear.", "rejected": f"{LONG} A dog."},
        (said(f"u: {LONG}"), said("a: A pear."), said("a: A dog.")),
    ),
    "only one of which repeats the prompt": (
        {"prompt": LONG, "chosen": f"{LONG} A pear.", "rejected": "A dog."},
        (said(f"u: {LONG}"), said(f"a: {LONG} A pear."), said("a: A dog.")),
    ),
    "conversations that part earlier": (
        {"chosen": said("u: Hi.", "a: Hello.", U, A), "rejected": said("u: Hi.", "a: Hello.", "u: A beast?", B)},
        (said("u: Hi."), said("a: Hello.", U, A), said("a: Hello.", "u: A beast?", B)),
    ),
    "one of which goes on": (
        {"chosen": said(U, A), "rejected": said(U, A, "u: More?", B)},
        (said(U), said(A), said(A, "u: More?", B)),
    ),
    "with the message of one who says nothing": (
        {"prompt": said("s:  ", U), "chosen": "Pear.", "rejected": "Dog."},
        PAIR,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("format", ["auto", "messages", "sharegpt", "alpaca", "question_answer"])
def test_a_pair_is_a_prompt_and_two_replies_whatever_it_is_taken_for(name: str, format: str) -> None:
    record, expected = PAIRS[name]
    found = row(record, format)
    assert (found.messages, found.chosen, found.rejected) == expected


LABELLED: dict[str, dict[str, Any]] = {
    "messages": {"messages": said(U, A)},
    "conversations": {"conversations": shared(U, A)},
    "conversation": {"conversation": said(U, A)},
    "texts": {"prompt": "A fruit?", "completion": "Pear."},
    "lists": {"prompt": said(U), "completion": said(A)},
    "a prompt and its response": {"prompt": "A fruit?", "response": "Pear."},
    "an instruction": {"instruction": "A fruit?", "input": "", "output": "Pear."},
    "a question": {"question": "A fruit?", "answer": "Pear."},
    "inputs": {"inputs": "A fruit?", "targets": "Pear."},
    "a transcript": {"prompt": "\n\nHuman: A fruit?\n\nAssistant:", "completion": " Pear."},
}


@pytest.mark.parametrize("name", LABELLED)
@pytest.mark.parametrize("key", ["label", "kto_tag"])
@pytest.mark.parametrize(
    ("label", "good"),
    [(True, True), (False, False), (1, True), (0, False), (1.0, True), ("true", True), ("False", False), ("0", False),
     ("good", True), ("Bad", False), ("chosen", True), ("rejected", False), ("undesirable", False)],
)  # fmt: skip
def test_a_labelled_reply_is_good_or_bad(name: str, key: str, label: Any, good: bool) -> None:
    for format in ("auto", "messages"):
        found = row(LABELLED[name] | {key: label}, format)
        assert found.messages == said(U)
        assert (found.chosen, found.rejected) == ((said(A), None) if good else (None, said(A)))


@pytest.mark.parametrize("label", ["math", "", 3, -1, 0.5, float("nan"), 10**400, [True], {"good": 1}, "yes, and no"])
def test_a_label_that_says_nothing_clear_is_refused_by_name(label: Any) -> None:
    for format in ("auto", "messages"):
        with pytest.raises(
            BadRecord, match=r"label is .*, which does not say whether the reply is a good one"
        ) as caught:
            convert([LABELLED["messages"] | {"label": label}], format)
        assert caught.value.reason == "bad_label"


@pytest.mark.parametrize(
    "record",
    [
        {"messages": said(U, A), "label": None},
        {"messages": said(U, A), "rejected": None, "chosen": None},
        {"messages": said(U, A), "rejected": [], "chosen": [], "label": []},
    ],
)
def test_what_says_nothing_of_a_reply_is_no_preference(record: dict[str, Any]) -> None:
    assert not any(found.is_preference for found in convert([record], "auto")[1])


@pytest.mark.parametrize(
    ("record", "key"),
    [
        ({"messages": said(U, A), "rejected": False}, "rejected"),
        ({"text": "A pear is a fruit.", "label": 1}, "label"),
        ({"source": "pera", "target": "pear", "label": 0}, "label"),
    ],
)
def test_a_label_of_something_else_is_refused_unless_it_is_ignored(record: dict[str, Any], key: str) -> None:
    with pytest.raises(BadRecord) as caught:
        convert([record], "auto")
    assert caught.value.reason == f"unread_{key}"
    [found] = convert([record], "auto", ignored=frozenset([key]))[1]
    assert not found.is_preference and found.unread == {key}


def test_a_reply_that_is_said_to_be_good_needs_no_other() -> None:
    for record in ({"prompt": "A fruit?", "chosen": "Pear."}, {"prompt": said(U), "chosen": said(A), "rejected": None}):
        assert (row(record).messages, row(record).chosen, row(record).rejected) == (said(U), said(A), None)


def test_tools_and_weights_of_a_preference_are_kept_and_pictures_in_its_replies_refused() -> None:
    tools, silent = [{"type": "function"}], said("u: Hi.", "a: Hello.")
    silent[1]["weight"] = 0.0  # type: ignore[assignment]
    for asked in ("A fruit?", said(U)):
        record = {"prompt": asked, "chosen": "Pear.", "rejected": "Dog.", "tools": tools, "system": "Be kind."}
        assert row(record).tools == tools and row(record).messages == said("s: Be kind.", U)
    history = {"prompt": "A fruit?", "history": [["Hi.", "Hello."]], "chosen": "Pear.", "rejected": "Dog."}
    assert row(history).messages == said("u: Hi.", "a: Hello.", U)
    weighed = {"prompt": [*silent, *said(U)], "chosen": "Pear.", "rejected": "Dog.", "score": 3}
    assert row(weighed).messages == [*silent, *said(U)] and row(weighed).unread == {"score"}
    shown = [{"role": "assistant", "content": [{"type": "image"}, {"type": "text", "text": "Dog."}], "mood": "x"}]
    with pytest.raises(BadRecord) as caught:
        convert([{"prompt": "A fruit?", "chosen": "Pear.", "rejected": shown}], "auto")
    assert caught.value.reason == "unread_image"
    [found] = convert(
        [{"prompt": "A fruit?", "chosen": "Pear.", "rejected": shown}], "auto", ignored=frozenset(["image"])
    )[1]
    assert found.rejected == said(B) and found.unread == {"parts.image", "turns.mood"}


def test_what_is_beside_a_preference_is_counted_by_name() -> None:
    record = {"prompt": "A fruit?", "chosen": "Pear.", "rejected": "Dog."}
    beside = {"margin": 1.5, "id": 7, "response": "Plum.", "source": "web"}
    assert row(record | beside).unread == {"response", "source"} and row(record | beside).meta == {"margin": 1.5}
    labelled = {"messages": said(U, A), "label": True, "prompt": "A fruit?", "url": "x"}
    assert row(labelled).unread == {"prompt", "url"}


def test_the_last_reply_of_a_labelled_conversation_is_what_is_meant() -> None:
    found = row({"messages": said("u: Hi.", "a: Hello.", U, A), "label": False})
    assert (found.messages, found.rejected) == (said("u: Hi.", "a: Hello.", U), said(A))
    with pytest.raises(BadRecord, match="does not end with a reply"):
        convert([{"messages": said(U, A, U), "label": True}], "auto")


def test_a_reply_without_another_is_a_labelled_one() -> None:
    good, bad = (
        row({"prompt": "A fruit?", "chosen": "Pear.", "rejected": None}),
        row({"prompt": "A fruit?", "rejected": "Dog."}),
    )
    assert (good.messages, good.chosen, good.rejected) == (said(U), said(A), None)
    assert (bad.messages, bad.chosen, bad.rejected) == (said(U), None, said(B))


def test_scores_and_margins_are_kept() -> None:
    found = row(
        {"prompt": "A fruit?", "chosen": "Pear.", "rejected": "Dog.", "meta": {"level": "A1"}}
        | {"score_chosen": 8.5, "score_rejected": 3, "margin": 5.5, "chosen-rating": 4, "chosen_model": "m" * 300}
    )
    assert found.meta == {"score_chosen": 8.5, "score_rejected": 3, "margin": 5.5, "chosen-rating": 4, "level": "A1"}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"prompt": "A fruit?", "chosen": "Pear.", "rejected": "Pear.\n"}, "equal_replies"),
        ({"chosen": said(U, A), "rejected": said(U, A)}, "equal_replies"),
        ({"messages": said(U, A), "rejected_response": "Pear."}, "equal_replies"),
        ({"prompt": "A fruit?", "chosen": "", "rejected": "Dog."}, "empty_reply"),
        ({"prompt": "A fruit?", "chosen": "Pear.", "rejected": []}, "empty_reply"),
        ({"prompt": "A fruit?", "chosen": said("a: "), "rejected": said(B)}, "empty_reply"),
        ({"prompt": "A fruit?", "completion": " ", "label": True}, "empty_reply"),
        ({"prompt": said(U, A), "chosen": "Yes.", "rejected": "No."}, "prompt_ends_with_reply"),
        ({"conversations": shared(U, A), "chosen": shared(B), "rejected": shared("a: No.")}, "prompt_ends_with_reply"),
        ({"prompt": "A beast?", "chosen": said(U, A), "rejected": said(U, B)}, "prompt_differs"),
        ({"prompt": said("u: A beast?"), "chosen": said(U, A), "rejected": said(U, B)}, "prompt_differs"),
        ({"chosen": said("u: A beast?", A), "rejected": said(U, B)}, "no_prompt"),
        ({"chosen": "Pear.", "rejected": "Dog."}, "no_prompt"),
        ({"prompt": " ", "chosen": "Pear.", "rejected": "Dog."}, "no_prompt"),
        ({"prompt": [], "chosen": "Pear.", "rejected": "Dog."}, "no_prompt"),
        ({"messages": said(A), "label": False}, "no_prompt"),
        ({"prompt": "A fruit?", "messages": said(U), "chosen": "Pear.", "rejected": "Dog."}, "two_prompts"),
        ({"messages": said(U, A), "label": True, "kto_tag": False}, "bad_label"),
        ({"prompt": "A fruit?", "chosen": said(A), "rejected": said("u: Dog.")}, "no_assistant_turn"),
        ({"prompt": "A fruit?", "chosen": ["Pear.", "Plum."], "rejected": "Dog."}, "bad_messages"),
        ({"prompt": "A fruit?", "chosen": 3, "rejected": "Dog."}, "bad_messages"),
        ({"prompt": "A fruit?", "chosen": "Pe\0ar.", "rejected": "Dog."}, "bad_messages"),
        ({"prompt": "A fruit?", "chosen": [{"role": "judge", "content": "x"}], "rejected": "Dog."}, "bad_messages"),
    ],
)
def test_what_compares_nothing_has_a_reason(record: dict[str, Any], reason: str) -> None:
    for format in ("auto", "preference"):
        with pytest.raises(BadRecord) as caught:
            convert([record], format)
        assert caught.value.reason == reason and caught.value.detail.isprintable()


def text(*pieces: str) -> list[dict[str, str]]:
    return [{"role": "text", "content": piece} for piece in pieces]


def test_a_text_and_how_it_goes_on_is_a_preference() -> None:
    asked, better, worse = text("Tutor: A fruit?\n", "Basil:"), text(" A pear.\n"), text(" Pear a.\n")
    found = row({"messages": asked, "chosen": better, "rejected": worse})
    assert (found.messages, found.chosen, found.rejected) == (asked, better, worse)
    assert row({"messages": asked, "rejected": worse}).chosen is None
    with pytest.raises(BadRecord, match="the same reply"):
        row({"messages": asked, "chosen": better, "rejected": better})
    with pytest.raises(BadRecord, match="chosen must be a list of messages of the role text"):
        row({"messages": asked, "chosen": said(A), "rejected": worse})
