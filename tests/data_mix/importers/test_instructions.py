"""One instruction and one answer, in the shapes of four corpora."""

from typing import Any

import pytest

from data_mix.importers import convert
from data_mix.importers.parts.exchanges import EXCHANGES
from data_mix.reading.record import BadRecord


def said(record: dict[str, Any], format: str = "auto") -> tuple[str, str, str]:
    """The shape, what the user says and what the assistant says."""
    name, [row] = convert([record], format)
    asked, answered = row.messages
    assert (asked["role"], answered["role"]) == ("user", "assistant")
    return name, asked["content"], answered["content"]


@pytest.mark.parametrize("key", ["output", "response"])
def test_alpaca_puts_the_input_below_the_instruction(key: str) -> None:
    record = {"instruction": "Translate.", "input": "gato", key: "cat"}
    assert said(record) == ("alpaca", "Translate.\n\ngato", "cat")
    for nothing in ("", " ", None):
        assert said(record | {"input": nothing})[1] == "Translate."


def test_magpie_has_labels() -> None:
    labels = {
        "gen_input_configs": {"temperature": 1.0, "top_p": 1.0},
        "language": "EN",
        "input_quality": "good",
        "difficulty": "easy",
        "task_category": "Editing",
        "instruct_reward": 1.5,
        "min_similar_uuid": "x",
    }
    kept = {"language": "en", "quality": "good", "difficulty": "easy", "task": "Editing", "reward": 1.5}
    alone = {"instruction": "Mend it.", "response": "Mended."} | labels
    spoken = {"conversations": [{"from": "human", "value": "Mend it."}, {"from": "gpt", "value": "Mended."}]} | labels
    for record in (alone, spoken, alone | spoken):
        assert said(record) == ("magpie", "Mend it.", "Mended.")
        assert convert([record], "auto")[1][0].meta == kept
    assert convert([alone | {"instruct_reward": float("nan")}], "auto")[1][0].meta.keys() == kept.keys() - {"reward"}
    assert convert([alone | {"language": ["EN"]}], "auto")[1][0].meta.keys() == kept.keys() - {"language"}


def test_aya_names_its_language() -> None:
    record = {"inputs": "¿Qué?", "targets": "Eso.", "language": "Spanish", "language_code": "spa", "user_id": "x"}
    assert said(record) == ("aya", "¿Qué?", "Eso.")
    assert convert([record], "auto")[1][0].meta == {"language": "es"}
    assert convert([record | {"language_code": None}], "auto")[1][0].meta == {"language": "es"}
    assert convert([{"inputs": "a", "targets": "b"}], "auto")[1][0].meta == {}


@pytest.mark.parametrize(
    ("answer", "said_instead"),
    [
        ("Two and two is <<2+2=4>>4.\n#### 4", "Two and two is 4.\nThe answer is 4."),
        ("Half is <<8/2=4>>4,\nso <<4*250=1000>>1,000.\n#### 1,000\n", "Half is 4,\nso 1,000.\nThe answer is 1,000."),
        ("It is 4. \n\n#### 4", "It is 4.\nThe answer is 4."),
        ("#### 4", "The answer is 4."),
        ("It is 4.", "It is 4."),
        ("It is << 4.\nOr >> 5.", "It is << 4.\nOr >> 5."),
        ("#### A heading\nand what is below it.", "#### A heading\nand what is below it."),
        ("Nothing follows.\n####", "Nothing follows.\n####"),
    ],
)
def test_a_worked_answer_is_written_out(answer: str, said_instead: str) -> None:
    assert said({"question": "How many?", "answer": answer}) == ("question_answer", "How many?", said_instead)


def test_a_long_run_of_blanks_takes_no_time() -> None:
    blanks = "x" + " " * 200_000
    assert said({"question": "How many?", "answer": f"{blanks}####{blanks}\n{blanks}y"})[2].endswith("y")


@pytest.mark.parametrize(
    ("record", "format", "reason"),
    [
        ({"instruction": "x", "output": ""}, "auto", "bad_messages"),
        ({"instruction": "x", "input": 3, "output": "y"}, "auto", "bad_messages"),
        ({"instruction": ["x"], "output": "y"}, "auto", "bad_messages"),
        ({"instruction": "x"}, "auto", "no_reply"),
        ({"instruction": "x"}, "alpaca", "unknown_shape"),
        ({"inputs": "x", "targets": None}, "auto", "no_reply"),
        ({"question": "x", "answer": {"y": 1}}, "auto", "no_reply"),
        ({"question": "x", "answer": {"y": 1}}, "question_answer", "bad_messages"),
        ({"response": "x", "input_quality": "good"}, "auto", "unknown_shape"),
        ({"conversations": "x", "input_quality": "good"}, "auto", "bad_messages"),
        ({"conversations": [{"from": "human", "value": "x"}], "input_quality": "good"}, "auto", "no_assistant_turn"),
        ("a text", "alpaca", "not_object"),
    ],
)
def test_what_cannot_be_used_has_a_reason(record: Any, format: str, reason: str) -> None:
    with pytest.raises(BadRecord) as caught:
        convert([record], format)
    assert caught.value.reason == reason and caught.value.detail


def test_a_system_message_and_earlier_exchanges_stand_before_the_question() -> None:
    record = {"instruction": "Q", "output": "A", "system": "Be kind.", "history": [["q", "a"]]}
    [row] = convert([record], "auto")[1]
    assert [(one["role"], one["content"]) for one in row.messages] == [
        ("system", "Be kind."), ("user", "q"), ("assistant", "a"), ("user", "Q"), ("assistant", "A"),
    ]  # fmt: skip
    with pytest.raises(BadRecord, match="history must be a list of pairs"):
        convert([record | {"history": ["q"]}], "auto")


def test_only_worked_answers_lose_their_notes() -> None:
    code = {"question": "How?", "answer": "cout << x << y >> z;"}
    assert convert([code], "auto")[1][0].messages[1]["content"] == code["answer"]
    asked = convert([code | {"context": "In C++."}], "auto")[1][0].messages[0]["content"]
    assert asked == "In C++.\n\nHow?"


def test_conversations_of_role_and_content_are_messages() -> None:
    turns = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]
    for key in ("conversations", "conversation"):
        name, [row] = convert([{key: turns}], "auto")
        assert (name, row.messages) == ("messages", turns)


@pytest.mark.parametrize(("asked", "answered"), [keys for keys in EXCHANGES if keys.asked != "inputs"])
def test_an_exchange_has_many_names(asked: str, answered: str) -> None:
    record = {"id": 7, asked: "How much is 3*7?", answered: "It is 21."}
    assert said(record)[1:] == ("How much is 3*7?", "It is 21.")
    [row] = convert([record | {"system": "Be brief.", "history": [["hi", "Hello."]], "score": 3}], "auto")[1]
    assert row.unread == {"score"}
    assert [turn["content"] for turn in row.messages] == [
        "Be brief.", "hi", "Hello.", "How much is 3*7?", "It is 21.",
    ]  # fmt: skip


USER, ASSISTANT = {"role": "user", "content": "Name a fruit."}, {"role": "assistant", "content": "A pear."}


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": "Name a fruit.", "completion": "A pear."},
        {"prompt": [USER], "completion": [ASSISTANT]},
        {"prompt": [USER], "completion": "A pear."},
        {"prompt": "Name a fruit.", "completion": [ASSISTANT]},
        {"prompt": [USER], "completion": [{"role": "model", "content": ["A pear."]}]},
        {"prompt": [{"from": "human", "value": "Name a fruit."}], "completion": [{"from": "gpt", "value": "A pear."}]},
        {"messages": None, "prompt": "Name a fruit.", "completion": "A pear.", "text": None},
        {"messages": [], "prompt": [USER], "completion": [ASSISTANT]},
    ],
)
def test_prompts_and_completions_are_texts_or_turns(record: dict[str, Any]) -> None:
    name, [row] = convert([record], "auto")
    assert (name, row.messages, row.unread) == ("prompt_completion", [USER, ASSISTANT], frozenset())


def test_of_a_prompt_nothing_is_trained() -> None:
    kind = {"role": "system", "content": "Be kind."}
    record = {"prompt": [kind, USER, ASSISTANT, USER], "completion": [ASSISTANT, USER, ASSISTANT]}
    [row] = convert([record], "auto")[1]
    silent = ASSISTANT | {"weight": 0.0}
    assert row.messages == [kind, USER, silent, USER, ASSISTANT, USER, ASSISTANT]


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": "Name a fruit."},
        {"prompt": [USER]},
        {"prompt": "Name a fruit.", "completion": None},
        {"prompt": "Name a fruit.", "score": 3},
        {"query": "Name a fruit."},
        {"question": "Name a fruit.", "id": 7},
    ],
)
def test_a_prompt_alone_has_no_reply(record: dict[str, Any]) -> None:
    with pytest.raises(BadRecord, match=r"alone: there is no reply to learn from \(its keys: ") as caught:
        convert([record], "auto")
    assert caught.value.reason == "no_reply"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"prompt": "x", "completion": ""}, "bad_messages"),
        ({"prompt": "", "completion": "y"}, "bad_messages"),
        ({"prompt": [], "completion": "y"}, "bad_messages"),
        ({"prompt": [USER], "completion": [USER]}, "no_assistant_turn"),
        ({"prompt": [3], "completion": "y"}, "bad_messages"),
        ({"prompt": "x", "completion": "y", "response": "z"}, "two_replies"),
        ({"question": "x", "answer": "y", "response": "z"}, "two_replies"),
        ({"instruction": "x", "output": "y", "response": "z"}, "two_replies"),
        ({"instruction": "x", "output": "y", "answer": "z"}, "two_replies"),
    ],
)
def test_what_is_no_exchange_has_a_reason(record: Any, reason: str) -> None:
    with pytest.raises(BadRecord) as caught:
        convert([record], "auto")
    assert caught.value.reason == reason


def test_one_of_two_replies_may_be_ignored() -> None:
    record = {"question": "x", "answer": "y", "response": "z"}
    for ignored, reply in (("answer", "z"), ("response", "y")):
        [row] = convert([record], "auto", ignored=frozenset([ignored]))[1]
        assert row.messages[1]["content"] == reply and row.unread == {ignored}


def test_a_solution_says_what_its_answer_says_too() -> None:
    [row] = convert([{"problem": "3*7?", "solution": "Seven and seven and seven: 21.", "answer": "21"}], "auto")[1]
    assert row.messages[1]["content"].startswith("Seven") and row.unread == {"answer"}


def test_dollys_context_and_another_input_stand_below_the_question() -> None:
    for record in (
        {"instruction": "Who fell?", "context": "Ann fell.", "response": "Ann.", "category": "qa"},
        {"prompt": "Who fell?", "input": "Ann fell.", "completion": "Ann."},
    ):
        [row] = convert([record], "auto")[1]
        assert row.messages[0]["content"] == "Who fell?\n\nAnn fell."
    [row] = convert([{"query": "Who fell?", "context": "Ann fell.", "response": "Ann."}], "auto")[1]
    assert row.messages[0]["content"] == "Ann fell.\n\nWho fell?"


@pytest.mark.parametrize("key", ["reasoning", "reasoning_content", "thinking"])
def test_thoughts_beside_an_exchange_stand_before_its_reply(key: str) -> None:
    for record in (
        {"question": "3*7?", "answer": "21."},
        {"prompt": "3*7?", "completion": "21."},
        {"instruction": "3*7?", "output": "21."},
    ):
        [row] = convert([record | {key: "three sevens"}], "auto")[1]
        assert row.messages[1] == {"role": "assistant", "content": "21.", "reasoning": "three sevens"}
    [row] = convert([{"input": [USER], "output": "A pear.", "reasoning": "on"}], "auto")[1]
    assert row.messages == [USER, ASSISTANT] and row.unread == {"reasoning"}


@pytest.mark.parametrize(
    "history", [[["hi", "Hello."]], [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello."}],
                [{"query": "hi", "response": "Hello."}]]
)  # fmt: skip
def test_earlier_exchanges_come_in_three_forms(history: Any) -> None:
    [row] = convert([{"query": "Name a fruit.", "response": "A pear.", "history": history}], "auto")[1]
    assert [turn["content"] for turn in row.messages] == ["hi", "Hello.", "Name a fruit.", "A pear."]


def test_the_system_message_of_a_conversation_stands_before_earlier_exchanges() -> None:
    kind = {"role": "system", "content": "Be kind."}
    [row] = convert([{"messages": [kind, USER, ASSISTANT], "history": [["hi", "Hello."]]}], "auto")[1]
    assert [turn["content"] for turn in row.messages] == ["Be kind.", "hi", "Hello.", "Name a fruit.", "A pear."]


def test_exchanges_may_be_listed() -> None:
    for pair in ({"input": "Name a fruit.", "output": "A pear."}, {"user": "Name a fruit.", "assistant": "A pear."}):
        [row] = convert([{"conversation": [pair | {"score": 1}, pair], "source": "web"}], "auto")[1]
        assert row.messages == [USER, ASSISTANT] * 2 and row.unread == {"turns.score", "source"}
