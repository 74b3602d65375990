"""Keys of a record: read, refused, or counted by name; and null, which is absence."""

from typing import Any

import pytest

from data_mix.importers import IMPORTERS, Imported, convert, detect
from data_mix.importers.parts.keys import DECISIVE, refuse
from data_mix.reading.record import BadRecord
from tests.data_mix.importers.test_fuzz import GOOD

ASK, REPLY = {"role": "user", "content": "Who is it?"}, {"role": "assistant", "content": "A cook."}
CHAT = {"messages": [ASK, REPLY]}


def one(record: Any, *ignored: str, format: str = "auto") -> Imported:
    [row] = convert([record], format, ignored=frozenset(ignored))[1]
    return row


def reason(record: Any, *ignored: str, format: str = "auto") -> BadRecord:
    with pytest.raises(BadRecord) as caught:
        convert([record], format, ignored=frozenset(ignored))
    assert caught.value.detail.isprintable() and len(caught.value.detail) < 500
    return caught.value


@pytest.mark.parametrize("name", IMPORTERS)
def test_a_key_that_is_not_read_is_counted_by_its_name(name: str) -> None:
    records = [record | {"score": 3} for record in GOOD[name]]
    assert "score" in convert(records, name)[1][0].unread
    assert convert([record | {"score": None, "note": "", "tags": []} for record in GOOD[name]], name)[1][
        0
    ].unread.isdisjoint({"score", "note", "tags"})


@pytest.mark.parametrize("name", IMPORTERS)
def test_pictures_are_refused_in_every_shape_unless_allowed(name: str) -> None:
    records = [record | {"images": ["a.jpg"]} for record in GOOD[name]]
    with pytest.raises(BadRecord) as caught:
        convert(records, name)
    assert caught.value.reason == "unread_images" and "ignore_keys: [images]" in caught.value.detail
    found = convert(records, name, ignored=frozenset(["images"]))[1]
    assert "images" in found[0].unread
    assert found[0].messages == convert(GOOD[name], name)[1][0].messages


@pytest.mark.parametrize("key", [*sorted(DECISIVE), "Images", "VIDEO"])
def test_what_decides_what_is_learned_is_refused_in_any_case_of_letters(key: str) -> None:
    with pytest.raises(BadRecord) as caught:
        refuse({key})
    assert caught.value.reason == f"unread_{key.casefold()}" and caught.value.reason.isidentifier()
    refuse({"score", "turns.name"})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("image", "a.jpg"),
        ("images", [{"bytes": "x"}]),
        ("videos", ["a.mp4"]),
        ("audio", {"path": "a.wav"}),
        ("audios", ["a.wav"]),
        ("image_url", "https://example.org/a.jpg"),
        ("pixel_values", [[0.5]]),
        ("multi_modal_data", {"image": "a.jpg"}),
        ("weight", 0.5),
        ("sample_weight", 2),
        ("mask", "User"),
        ("documents", [{"text": "x"}]),
    ],
)
def test_what_a_conversation_cannot_keep_is_refused(key: str, value: Any) -> None:
    assert reason(CHAT | {key: value}).reason == f"unread_{key}"
    row = one(CHAT | {key: value}, key)
    assert row.messages == [ASK, REPLY] and row.unread == {key}
    for nothing in (None, [], {}, ""):
        row = one(CHAT | {key: nothing})
        assert row.messages == [ASK, REPLY] and not row.unread


def test_a_text_has_no_system_and_no_label() -> None:
    for key in ("system", "label", "tools", "history", "winner", "reasoning_content"):
        assert reason({"text": "x", key: "y"}).reason == f"unread_{key}"
        assert one({"text": "x", key: "y"}, key).unread == {key}


def test_a_question_is_not_asked_without_its_choices() -> None:
    quiz = {"question": "Which?", "answer": "B", "options": ["A", "B"]}
    assert reason(quiz).reason == "unread_options"
    assert one(quiz, "options").messages[1]["content"] == "B"


@pytest.mark.parametrize(
    ("content", "rest"),
    [
        ("<image>Who is it?", "Who is it?"),
        ("<image>\nWho is it?", "Who is it?"),
        ("Who is it?\n<image>", "Who is it?\n"),
        ("<video>Who is it?", "Who is it?"),
        ("<audio>\n<audio>Who is it?", "Who is it?"),
        ("<|vision_start|><|image_pad|><|vision_end|>Who is it?", "Who is it?"),
        ("Picture 1: <|vision_start|><|image_pad|><|vision_end|>\nWho is it?", "Picture 1: Who is it?"),
        ("<|image_1|>\nWho is it?", "Who is it?"),
        ("<|image|>Who is it?", "Who is it?"),
        ("<start_of_image>Who is it?", "Who is it?"),
        ("<|audio_bos|><|AUDIO|><|audio_eos|>Who is it?", "Who is it?"),
    ],
)
def test_a_mark_for_a_picture_is_refused_or_taken_out(content: str, rest: str) -> None:
    shown = {"messages": [ASK | {"content": content}, REPLY]}
    assert reason(shown).reason == "unread_images"
    assert one(shown, "images").messages == [ASK | {"content": rest}, REPLY]
    assert one(shown | {"images": ["a.jpg"]}, "images").messages == [ASK | {"content": rest}, REPLY]


def test_marks_in_the_middle_count_where_the_record_has_pictures() -> None:
    middle = {"messages": [ASK | {"content": "Is <image> him?"}, REPLY]}
    assert one(middle).messages[0]["content"] == "Is <image> him?"
    assert one(middle | {"image": "a.jpg"}, "image").messages[0]["content"] == "Is  him?"


@pytest.mark.parametrize(
    "content", ["What does <image><url>x</url></image> mean?", "a <b> c", "<img>", "In RSS, <image> holds a <url>."]
)
def test_what_only_looks_like_a_mark_stays(content: str) -> None:
    assert one({"messages": [ASK | {"content": content}, REPLY]}).messages[0]["content"] == content
    assert one({"messages": [ASK, REPLY | {"content": f"Write <image> or <|image_pad|>: {content}"}]})
    assert one({"text": "<image> <|vision_start|>"})


def test_a_turn_that_is_nothing_but_a_picture_is_refused() -> None:
    assert reason({"messages": [ASK | {"content": "<image>"}, REPLY]}, "images").reason == "unread_images"


def test_ignored_keys_are_as_if_they_were_not_there() -> None:
    both = CHAT | {"text": "Someone says something.", "tools": [{"name": "look"}], "meta": {"level": "A1"}}
    assert detect(both) == "messages" and one(both).tools
    row = one(both, "messages", "tools")
    assert row.messages == [{"role": "text", "content": "Someone says something."}]
    assert row.unread == {"messages", "tools"} and row.meta == {"level": "A1"}
    loud = {"messages": [ASK, REPLY | {"weight": 0, "train": True}]}
    assert reason(loud).reason == "bad_weight"
    assert one(loud, "weight").messages == [ASK, REPLY] and one(loud, "weight").unread == {"turns.weight"}
    assert one(CHAT, "images", "weight").unread == frozenset()
    assert both.keys() == {"messages", "text", "tools", "meta"}, "the record itself stays"


def test_a_second_conversation_is_counted() -> None:
    assert one(CHAT | {"conversations": [ASK, REPLY]}).unread == {"conversations"}
    assert one(CHAT | {"conversations": []}).unread == frozenset()


def test_what_repeats_is_counted_and_numbers_are_not() -> None:
    numbered = {"id": 7, "uuid": "x", "prompt_id": "y", "index": 0, "conversation_id": 3}
    assert one(CHAT | numbered).unread == frozenset()
    assert one(CHAT | numbered | {"prompt": "Who is it?", "source": "web"}).unread == {"prompt", "source"}


@pytest.mark.parametrize("key", ["system", "system_prompt", "system_message", "systemInstruction"])
def test_a_system_message_stands_beside_a_conversation(key: str) -> None:
    kind = {"role": "system", "content": "Be kind."}
    for said in ("Be kind.", [{"text": "Be kind."}], {"parts": [{"text": "Be kind."}]}):
        assert one(CHAT | {key: said}).messages == [kind, ASK, REPLY]
    own = {"messages": [kind, ASK, REPLY]}
    assert one(own | {key: "Be kind."}) == one(own)
    row = one(own | {key: "Be brief."})
    assert row.messages == own["messages"] and row.unread == {f"{key} beside another"}


# --- null is absence


@pytest.mark.parametrize("nothing", [None, []])
@pytest.mark.parametrize(
    "key", ["messages", "conversations", "conversation", "chat", "instruction", "prompt", "question", "context"]
)
def test_a_column_that_is_empty_is_not_there(key: str, nothing: Any) -> None:
    assert one({key: nothing, "text": "Basil reads."}).messages[0]["content"] == "Basil reads."
    assert one({"text": "Basil reads.", key: nothing}).messages[0]["content"] == "Basil reads."


@pytest.mark.parametrize("name", IMPORTERS)
def test_columns_of_all_shapes_that_are_null_change_nothing(name: str) -> None:
    everything = dict.fromkeys(key for records in GOOD.values() for record in records for key in record)
    records = [everything | record for record in GOOD[name]]
    assert detect(records[0]) == name
    for format in ("auto", name):
        assert convert(records, format) == convert(GOOD[name], name)


def test_empty_lists_of_all_shapes_change_nothing() -> None:
    lists = {"messages": [], "conversations": [], "tools": [], "images": [], "history": [], "chosen": [], "label": []}
    for record in ({"text": "x"}, {"prompt": "x", "completion": "y"}, {"instruction": "x", "output": "y"}):
        assert one(lists | record) == one(record)


def test_a_reason_says_what_is_null() -> None:
    assert "messages (null), text (null)" in reason({"messages": None, "text": None}).detail
    assert "messages holds no turn" in reason({"messages": [], "text": None}).detail
