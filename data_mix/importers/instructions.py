"""One instruction and one answer: Alpaca, Magpie, Aya, questions with worked answers as in GSM8K, and TRL's prompts
with completions, whatever the two are called (`exchanges`)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from data_mix.importers.base import Imported, Importer, Messages, language_of, list_of, one, short, text_of
from data_mix.importers.parts.around import AROUND, NUMBERED, with_surroundings
from data_mix.importers.parts.content import words
from data_mix.importers.parts.exchanges import ANSWERED, ASKED, EXCHANGES, Exchange
from data_mix.importers.parts.turns import THOUGHTS, turns
from data_mix.reading.record import BadRecord

_CALCULATIONS = re.compile(r"<<[^<>\n]*>>")
_FINAL = "####"
_THOUGHTS = frozenset(THOUGHTS)
_MAGPIE_KEYS = ("gen_input_configs", "input_quality", "task_category", "instruct_reward", "gen_input_config")
_MAGPIE_KNOWN = (
    "conversations", "instruction", "response", "language", "input_quality", "difficulty", "task_category",
    "instruct_reward", "llama_guard_2", "gen_input_configs", "gen_input_config", "gen_response_configs",
    "gen_response_config", "pre_query_template", "model", "intent", "knowledge", "quality_explanation",
    "other_task_category", "task_category_generator", "difficulty_generator", "quality_generator", "input_length",
    "response_length", "reward_model", "min_neighbor_distance", "repeat_count", "min_similar_uuid",
    "min_similar_conversation_id",
)  # fmt: skip
_AYA_KNOWN = (
    "inputs", "targets", "language", "language_code", "annotation_type", "user_id", "dataset_name", "sub_dataset_name",
    "task_type", "template_id", "script", "split",
)  # fmt: skip


def from_alpaca(record: Any) -> Imported:
    """One question, its `input` (Dolly's `context`) below it after a blank line, and one answer; after a system message
    and a `history` of earlier exchanges, where the record has them."""
    question = _with_input(record, _with_input(record, text_of(record, "instruction")), "context")
    key = "output" if "output" in record else "response"
    return _exchange(record, question, text_of(record, key), key)


def from_magpie(record: Any) -> Imported:
    """A question that a model made up and its answer, with the labels that were given to both."""
    meta = short(
        language=language_of(record.get("language")),
        quality=record.get("input_quality"),
        difficulty=record.get("difficulty"),
        task=record.get("task_category"),
        reward=record.get("instruct_reward"),
        safety=record.get("llama_guard_2"),
    )
    if "conversations" in record:
        messages, unread = turns(list_of(record, "conversations"))
        return Imported(messages=messages, meta=meta, unread=unread)
    return _pair(text_of(record, "instruction"), text_of(record, "response"), meta)


def from_aya(record: Any) -> Imported:
    """Aya's `inputs` and `targets`."""
    meta = short(language=language_of(record.get("language_code")) or language_of(record.get("language")))
    return _pair(text_of(record, "inputs"), text_of(record, "targets"), meta)


def from_question_answer(record: Any) -> Imported:
    """A `question`, below its `context` where it has one, and its `answer`.

    An answer whose last line is `#### 12`, as in GSM8K, ends in a sentence instead, and its notes for a calculator
    (`<<3*4=12>>`) are taken out.
    """
    question, answer = text_of(record, "question"), text_of(record, "answer")
    worked, _, last = answer.rstrip().rpartition("\n")
    if last.startswith(_FINAL) and (final := last.removeprefix(_FINAL).strip()):
        answer = f"{_CALCULATIONS.sub('', worked).rstrip()}\nThe answer is {final}.".lstrip()
    return _exchange(record, _with_context(record, question), answer, "answer")


def from_prompt_completion(record: Any) -> Imported:
    """A prompt and its completion, each a text or a list of turns, under any of the names in `exchanges`.

    A prompt that is a text is what the user says, and a completion what the assistant answers. TRL trains the
    completion alone, and so does this: an assistant's turns in the prompt have the weight 0. (Of two texts it makes one
    without roles, though; here the chat template stands between them.)
    """
    keys = _exchange_of(record) if isinstance(record, dict) else None
    if keys is None:
        raise BadRecord("unknown_shape", "there are no two keys such as prompt and completion")
    prompt, unread = _turns(record, keys.asked, "user")
    reply, unread_there = _turns(record, keys.answered, "assistant")
    given = [turn | {"weight": 0.0} if turn["role"] == "assistant" else turn for turn in prompt]
    read = {*keys, "input"} if isinstance(record[keys.asked], str) else keys
    others = {key for key in record.keys() & (ASKED | ANSWERED) if key not in read and record[key]}
    _check_others(others, keys.answered)
    row = Imported(messages=[*given, *reply], unread=unread | unread_there | others)
    return with_surroundings(_with_thoughts(row, record), record)


def _exchange_of(record: dict[str, Any]) -> Exchange | None:
    """The keys of what is asked and what is answered, each a text or a list of turns."""
    if ASKED.isdisjoint(record):
        return None
    return next((keys for keys in EXCHANGES if all(_is_said(record.get(key)) for key in keys)), None)


def _is_said(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and bool(value))


def _check_others(others: set[str], answered: str) -> None:
    """Raises BadRecord where another key may be the reply; beside a solution an answer is what it comes to."""
    found = sorted(others & ANSWERED - {answered})
    if found and (answered, *found) != ("solution", "answer"):
        raise BadRecord(
            "two_replies",
            f"{answered} and {' and '.join(found)} may each be the reply; ignore_keys of the source says which is not",
        )


def _turns(record: dict[str, Any], key: str, role: str) -> tuple[Messages, frozenset[str]]:
    said = record[key]
    if isinstance(said, list):
        return turns(said)
    if role == "user":
        said = _with_context(record, said if key == "input" else _with_input(record, said))
    return [{"role": role, "content": said}], frozenset()


def _with_input(record: dict[str, Any], question: str, key: str = "input") -> str:
    given = record.get(key)
    if given is not None and not isinstance(given, str):
        raise BadRecord("bad_messages", f"{key} must be a text, not {type(given).__name__}")
    return f"{question}\n\n{given}" if given and given.strip() else question


def _with_context(record: dict[str, Any], question: str) -> str:
    context = record.get("context")
    return f"{context}\n\n{question}" if isinstance(context, str) and context.strip() else question


def _exchange(record: dict[str, Any], question: str, answer: str, key: str) -> Imported:
    others = ANSWERED.intersection(record)
    if len(others) > 1:
        _check_others({other for other in others if record[other]}, key)
    return with_surroundings(_with_thoughts(_pair(question, answer, {}), record), record)


def _with_thoughts(row: Imported, record: dict[str, Any]) -> Imported:
    """With what stands under a key of thoughts, if it is more than a word (`on`) and there is one reply to have it."""
    if _THOUGHTS.isdisjoint(record):
        return row
    thoughts = {key: said for key in THOUGHTS if (said := words(record.get(key)).strip())}
    *before, last = row.messages
    taken = next((said for said in thoughts.values() if len(said.split()) > 1), None)
    if taken is not None and last["role"] == "assistant" and "reasoning" not in last:
        row = replace(row, messages=[*before, last | {"reasoning": taken}])
    else:
        taken = None
    return replace(row, unread=row.unread.union(key for key, said in thoughts.items() if said != taken))


def _pair(question: str, answer: str, meta: dict[str, Any]) -> Imported:
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return Imported(messages=messages, meta=meta)


def _is_magpie(record: dict[str, Any]) -> bool:
    return ("conversations" in record or "response" in record) and any(key in record for key in _MAGPIE_KEYS)


_AROUND = AROUND | _THOUGHTS
ALPACA = Importer(
    name="alpaca",
    order=140,
    looks_like=lambda record: "instruction" in record and ("output" in record or "response" in record),
    convert=one(from_alpaca),
    keys=_AROUND | {"instruction", "input", "context", "output", "response"},
)
MAGPIE = Importer(
    name="magpie",
    order=70,  # before ShareGPT and Alpaca, whose keys it has too
    looks_like=_is_magpie,
    convert=one(from_magpie),
    keys=NUMBERED | frozenset(_MAGPIE_KNOWN),
)
AYA = Importer(
    name="aya",
    order=150,
    looks_like=lambda record: "inputs" in record and "targets" in record,
    convert=one(from_aya),
    keys=NUMBERED | frozenset(_AYA_KNOWN),
)
QUESTION_ANSWER = Importer(
    name="question_answer",
    order=160,
    looks_like=lambda record: isinstance(record.get("question"), str) and isinstance(record.get("answer"), str),
    convert=one(from_question_answer),
    keys=_AROUND | {"question", "answer", "context"},
)
PROMPT_COMPLETION = Importer(
    name="prompt_completion",
    order=170,
    looks_like=lambda record: _exchange_of(record) is not None,
    convert=one(from_prompt_completion),
    keys=_AROUND | ASKED | ANSWERED | {"context"},
)
