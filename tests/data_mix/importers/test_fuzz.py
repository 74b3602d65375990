"""Whatever a record holds, it becomes rows or a reason: all formats, on junk and on good records gone wrong."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_mix.importers import IMPORTERS, convert, detect
from data_mix.reading.record import BadRecord
from espalier.text.messages import check_messages
from espalier.text.rows import Row, meta_json, tools_json

USER, ASSISTANT = {"role": "user", "content": "I go."}, {"role": "assistant", "content": "You went?"}
HUMAN, GPT = {"from": "human", "value": "I go."}, {"from": "gpt", "value": "You went?"}
EXCHANGE = {
    "context": "I go.",
    "response": "You went?",
    "rots": ["Be kind."],
    "safety_label": "__casual__",
    "dialogue_id": 7,
    "response_id": 0,
}
TREE = {"role": "prompter", "text": "I go.", "lang": "en", "replies": [
    {"role": "assistant", "text": "I went.", "rank": 1, "replies": []},
    {"role": "assistant", "text": "You went?", "rank": 0, "replies": [{"role": "prompter", "text": "Yes."}]},
]}  # fmt: skip
EXERCISE = {
    "past_convo": ["Fill in the blank.", "Is it the cat?"],
    "tutorResponses": ["It is.", "Yes."],
    "tutorActions": [[False, False, False, True, False], [False] * 5],
    "engPrep": "near",
    "prep": "vicino",
    "engColor": "red",
    "color": "rosso",
    "engObj": "cat",
    "obj": "gatto",
}

GOOD: dict[str, list[Any]] = {
    "messages": [
        {
            "messages": [
                {"role": "system", "content": "Be kind."},
                USER | {"content": [{"type": "text", "text": "I go."}]},
                ASSISTANT | {"weight": 0, "reasoning_content": "A verb.", "tool_calls": [{"name": "look"}]},
                {"role": "tool", "content": "went"},
                ASSISTANT,
            ],
            "meta": {"level": "A1"},
            "tools": [{"type": "function"}],
            "url": "x",
        }
    ],
    "magpie": [
        {"conversations": [HUMAN, GPT], "input_quality": "good", "language": "EN", "instruct_reward": 1.5},
    ],
    "sharegpt": [{"conversations": [HUMAN, GPT], "system": "Be kind."}],
    "lmsys": [
        {
            "conversation_id": "c",
            "model": "parrot-7b",
            "conversation": [USER, ASSISTANT],
            "turn": 1,
            "language": "English",
            "openai_moderation": [{"flagged": True, "categories": {"hate": True, "sexual": False}}],
            "redacted": True,
        }
    ],
    "prosocial": [EXCHANGE, EXCHANGE | {"response_id": 1, "rots": None}],
    "hh": [{"chosen": "\n\nHuman: I go.\n\nAssistant: You went?", "rejected": "\n\nHuman: I go.\n\nAssistant: No."}],
    "preference": [{"conversations": [HUMAN, GPT, HUMAN], "chosen": GPT, "rejected": GPT | {"value": "No."}}],
    "rated": [
        {
            "messages": [USER],
            "reply": "You went?",
            "ratings": {"preferred": 0.75, "guiding": None, "warm": 1},
            "tutor": "Ann",
            "rater": "b",
            "weight": 2,
            "meta": {"level": "A1"},
        }
    ],
    "mrbench": [
        {
            "conversation_id": "7",
            "conversation_history": "Tutor: What is 3^2?\n\xa0Student: 6",
            "Topic": "Powers",
            "Ground_Truth_Solution": "9",
            "anno_llm_responses": {
                "Ann": {"response": "What does the 2 say?", "annotation": {"Actionability": "To some extent"}},
                "Ben": {"response": "It is 9.", "annotation": {"Revealing_of_the_Answer": "Yes (and it is correct)"}},
            },
        }
    ],
    "sgd": [
        {
            "dialogue_id": "1",
            "services": ["Cafes_1"],
            "turns": [{"speaker": "USER", "utterance": "Tea."}, {"speaker": "SYSTEM", "utterance": "Here."}],
        }
    ],
    "taskmaster": [
        {
            "conversation_id": "1",
            "vertical": "Tea",
            "utterances": [{"speaker": "user", "text": "Tea."}, {"speaker": "assistant", "text": "Here."}],
        }
    ],
    "alpaca": [{"instruction": "Translate.", "input": "gato", "output": "cat"}],
    "aya": [{"inputs": "I go.", "targets": "You went?", "language_code": "eng"}],
    "question_answer": [{"question": "How many?", "answer": "Two and two is <<2+2=4>>4.\n#### 4"}],
    "prompt_completion": [
        {"prompt": [USER], "completion": [ASSISTANT | {"weight": 0.5}], "system": "Be kind.", "score": 1}
    ],
    "oasst": [{"message_tree_id": "t", "prompt": TREE}],
    "mathdial": [
        {
            "qid": 1,
            "question": "How many?",
            "student_incorrect_solution": "Five.",
            "conversation": "Teacher: (focus)Why?|EOM|Ann: Two and three.|EOM|Teacher: (telling)Two and two.",
        }
    ],
    "cima": [{"prepDataset": {"0": EXERCISE}, "shapeDataset": {}}],
    "bridge": [
        {
            "c_h": [{"user": "tutor", "text": "How long?"}, {"user": "student", "text": "4 m"}],
            "c_r": [{"user": "tutor", "text": "No."}],
            "c_r_": [{"user": "tutor", "text": "Which unit?"}],
            "lesson_topic": "3.6D.Units",
            "e": "guess",
        }
    ],
    "toefl11": [
        {
            "file": "1.txt",
            "prompt": "P1",
            "l1": "SPA",
            "level": "low",
            "text": "I have a cta. It is red.",
            "misspellings": [{"start": 9, "wrong": "cta", "right": "cat"}],
        }
    ],
    "cowsl2h": [
        {"id": 1, "course": "SPA 31", "l1 language": "Spanish", "essay": "Yo ser alta.", "corrected1": "Soy alta."}
    ],
    "transcript": [{"transcription": "so 我们 go", "language": "mixed", "topic": "sports", "audio": None}],
    "pairs": [{"source": "gato", "target": "cat", "source_language": "es", "target_language": "en"}],
    "text": [{"text": "Basil reads.", "meta": {"level": "A1"}}],
}
"""Of each format the records of one dialogue, made up here."""

NO = ASSISTANT | {"content": "No."}
PREFERENCES: list[dict[str, Any]] = [
    {"prompt": "I go.", "chosen": "You went?", "rejected": "No.", "margin": 1.5},
    {"prompt": [USER], "chosen": [ASSISTANT], "rejected": [NO]},
    {"prompt": "I go.", "messages": [USER, ASSISTANT], "chosen": [USER, ASSISTANT], "rejected": [USER, NO]},
    {"messages": [USER, ASSISTANT], "rejected_response": "No."},
    {"instruction": "I go.", "input": "Now.", "history": [["a", "b"]], "chosen": "You went?", "rejected": "No."},
    {"input": {"messages": [USER]}, "preferred_output": [ASSISTANT], "non_preferred_output": [NO]},
    {"prompt": "I go.", "completion": [ASSISTANT], "label": True},
    {"conversations": [HUMAN, GPT], "kto_tag": False},
    {"prompt": "I go.", "response": "You went?", "ratings": {"preferred": 1}},
    {"prompt": [USER], "reply": [ASSISTANT], "ratings": {"revealing_of_the_answer": 0}},
    {"instruction": "I go.", "output": "You went?", "ratings": {"preferred": 0.5}},
]

KEYS = sorted(
    {key for records in [*GOOD.values(), PREFERENCES] for record in records for key in record}
    | {"role", "content", "from", "value", "speaker", "utterance", "categories", "flagged", "replies", "rank", "lang"}
    | {"type", "parts", "tool_calls", "function_call", "name", "arguments", "weight", "train", "mask", "thinking"}
    | {"images", "history", "tools", "query", "response", "label"}
)


def nested(depth: int) -> Any:
    """Lists in lists, deeper than Python walks by recursion where `depth` is large."""
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


odd = st.sampled_from([
    float("nan"), float("inf"), -0.0, 2**63, "\udc80", "a\0b", " ", "", "|EOM|",
    "\n\nHuman:", "\n\nHuman: x\n\nAssistant:", "####", "__casual__", "user", "assistant", "text", "prompter", "human",
    "tool", "function_call", "<image>", "<|vision_start|>", '{"name": "x"}', "[[",
])  # fmt: skip
long_texts = st.just(5000).map(lambda count: "x" * count)
long_integers = st.sampled_from([400, 5000]).map(lambda digits: 10**digits)  # Python refuses to spell the second
leaves = (
    st.none() | st.booleans() | st.integers() | long_integers | st.floats() | st.text(max_size=8) | long_texts | odd
)
junk = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=20,
) | st.sampled_from([50, 900, 990, 5000]).map(nested)
formats = st.sampled_from(["auto", *IMPORTERS])


def places(value: Any) -> list[tuple[Any, ...]]:
    """The path to everything within a value, down to where records of these formats go."""
    found: list[tuple[tuple[Any, ...], Any]] = [((), value)]
    for path, one in found:
        if len(path) < 8 and isinstance(one, dict | list):
            inner = one.items() if isinstance(one, dict) else enumerate(one)
            found += [((*path, key), within) for key, within in inner]
    return [path for path, _ in found[1:]]


@st.composite
def gone_wrong(draw: st.DrawFn) -> tuple[str, list[Any]]:
    """A format, and good records of it in which a few things were replaced, taken away or come twice."""
    name, good = draw(st.sampled_from([*sorted(GOOD.items()), *(("preference", [one]) for one in PREFERENCES)]))
    records = deepcopy(good)
    for _ in range(draw(st.integers(1, 3))):
        found = places(records)
        if not found:
            break
        *path, last = draw(st.sampled_from(found))
        holder: Any = records
        for step in path:
            holder = holder[step]
        change = draw(st.sampled_from(["replace", "remove", "repeat"]))
        if change == "remove" and holder is not records:
            del holder[last]
        elif change == "repeat" and isinstance(holder, list):
            holder.insert(last, holder[last])
        else:
            holder[last] = draw(junk)
    return name, records


def check(records: list[Any], format: str, ignored: frozenset[str] = frozenset()) -> None:
    """Rows that can be written, or a reason that can be shown."""
    try:
        name, rows = convert(records, format, ignored=ignored)
    except BadRecord as problem:
        assert problem.reason.isidentifier()
        assert 0 < len(problem.detail) < 1000 and problem.detail.isprintable()
        return
    assert name in IMPORTERS and rows
    for row in rows:
        check_messages(row.messages)
        assert row.is_preference or {message["role"] for message in row.messages} & {"assistant", "text"}
        assert json.loads(json.dumps(row.meta, allow_nan=False)) == row.meta
        assert meta_json(row.meta).isascii()
        assert all(name.isprintable() and len(name) < 100 for name in row.unread)
        assert row.tools is None or tools_json(row.tools)
        Row(
            id="a", source="s", split="train", messages=row.messages, meta=row.meta, tools=row.tools, chosen=row.chosen,
            rejected=row.rejected,
        )  # fmt: skip


@given(junk, formats)
def test_junk_becomes_a_row_or_a_reason(record: Any, format: str) -> None:
    check([record], format)


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), junk, max_size=6), min_size=1, max_size=3), formats)
def test_junk_under_known_keys_becomes_a_row_or_a_reason(records: list[Any], format: str) -> None:
    check(records, format)


@settings(max_examples=400)
@given(gone_wrong(), formats)
def test_a_good_record_gone_wrong_becomes_a_row_or_a_reason(found: tuple[str, list[Any]], format: str) -> None:
    name, records = found
    for asked in ("auto", name, format):
        check(records, asked)
        check(records, asked, frozenset(("images", "weight", "label", "text")))


@given(junk | gone_wrong().map(lambda found: found[1][0]))
def test_what_a_record_joins_is_told_of_any_record(record: Any) -> None:
    for importer in IMPORTERS.values():
        if importer.joins is not None:
            key = importer.joins(record)
            assert key is None or (isinstance(key, str) and key)


@pytest.mark.parametrize("name", IMPORTERS)
def test_a_record_of_every_format_is_known_by_its_keys(name: str) -> None:
    for record in GOOD[name]:
        assert detect(record) == name


@pytest.mark.parametrize("name", IMPORTERS)
def test_a_good_record_becomes_rows_and_stays_as_it_was(name: str) -> None:
    records = deepcopy(GOOD[name])
    for _ in range(2):
        assert convert(records, "auto") == convert(GOOD[name], name)
    assert records == GOOD[name]
    check(records, name)


@pytest.mark.parametrize("name", IMPORTERS)
def test_good_records_of_one_dialogue_are_joined(name: str) -> None:
    joins = IMPORTERS[name].joins
    if joins is not None:
        assert len({joins(record) for record in GOOD[name]}) == 1
        assert len(convert(GOOD[name], name)[1]) == 1
    else:
        assert len(GOOD[name]) == 1


@pytest.mark.parametrize("name", IMPORTERS)
@pytest.mark.parametrize("record", ["a text", 7, None, [], {}])
def test_a_forced_format_still_looks(name: str, record: Any) -> None:
    if name == "text" and isinstance(record, str):
        return
    with pytest.raises(BadRecord) as caught:
        convert([record], name)
    assert caught.value.reason in ("not_object", "unknown_shape")
