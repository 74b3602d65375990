"""Preferences: which of two replies is the better one, or whether a single one is good.

    prompt + chosen + rejected                  texts, messages, or whole conversations; without a prompt, whole ones
    a conversation + chosen + rejected          `messages` or `conversations`, and what is said next
    instruction, input + chosen + rejected      and `system`, `history`
    a conversation + rejected_response          whose last reply is the better one
    input + preferred_output + non_preferred_output
    any of the shapes of one reply + label      or `kto_tag`: whether its last reply is good
    a text in pieces + chosen + rejected        `messages` and replies of the role `text`: how it goes on

What both replies share is the prompt. What a corpus says of the replies, scores and who wrote them, goes to `meta`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from data_mix.importers.base import Imported, Importer, Messages, one, short, shown
from data_mix.importers.chat import MESSAGES, SHAREGPT, from_messages
from data_mix.importers.hh import is_transcript, transcript
from data_mix.importers.instructions import (
    ALPACA,
    AYA,
    MAGPIE,
    PROMPT_COMPLETION,
    QUESTION_ANSWER,
    from_alpaca,
    from_question_answer,
)
from data_mix.importers.lmsys import LMSYS
from data_mix.importers.parts.around import AROUND, with_surroundings
from data_mix.importers.parts.keys import unread
from data_mix.importers.parts.replies import begins_with, last_reply, shared_prompt
from data_mix.importers.parts.turns import TEXTS_TOO, turns
from data_mix.reading.record import BadRecord
from espalier.text.messages import TEXT_ROLE

_CHOSEN = ("chosen", "chosen_response", "preferred_output")
_REJECTED = ("rejected", "rejected_response", "rejected_messages", "non_preferred_output")
_LABELS = ("label", "kto_tag")
_OWN = {*_CHOSEN, *_REJECTED, *_LABELS}
_VERDICTS: dict[Any, bool] = {
    True: True, "true": True, "1": True, "good": True, "chosen": True, "desirable": True,
    False: False, "false": False, "0": False, "bad": False, "rejected": False, "undesirable": False,
}  # fmt: skip
"""1 and 0 are equal to true and false."""
_OF_REPLIES = ("score", "rating", "model")
_ABOUT = (
    "margin",
    *(f"{reply}{mark}{what}" for reply in ("chosen", "rejected") for mark in "_-" for what in _OF_REPLIES),
    *(f"{what}_{reply}" for reply in ("chosen", "rejected") for what in _OF_REPLIES),
)
_SPOKEN = ("messages", "conversations", "conversation")
_ASKED = ("instruction", "question", "query", "input")
_SHAPES = (LMSYS, MESSAGES, MAGPIE, SHAREGPT, ALPACA, AYA, QUESTION_ANSWER, PROMPT_COMPLETION)
"""Shapes of records that end with one reply, in the order in which they are tried."""
ONE_REPLY = {shape.name for shape in _SHAPES}
_COMPLETIONS = ("completion", "response")
_LONG_PROMPT = 20


def from_preference(record: Any) -> Imported:
    """The prompt, and either both replies to it or the one that a label is about. Raises BadRecord where it is not
    clear what is answered, or what is thought of it."""
    if not isinstance(record, dict) or not _is_preference(record):
        raise BadRecord("unknown_shape", f"has neither a rejected reply ({', '.join(_REJECTED)}) nor a label of one")
    rest = {key: value for key, value in record.items() if key not in _OWN}
    try:
        if _is_text(record.get("messages")):
            found = _continued(record, rest)
        else:
            found = _compared(record, rest) if _is_comparison(record) else _labelled(record, rest)
    except RecursionError:
        raise BadRecord("bad_messages", "nested too deeply") from None
    meta = short(**{key: record.get(key) for key in _ABOUT}) | found.meta
    return replace(found, meta=meta, unread=found.unread.union(*map(_unread_of, record.items())))


def _compared(record: dict[str, Any], rest: dict[str, Any]) -> Imported:
    chosen, rejected = _reply(record, _CHOSEN), _reply(record, _REJECTED)
    shape = _shape(rest) if chosen is None else None
    row = _ended(shape, rest)
    left = unread(rest, shape.keys.union(_ABOUT) if row and shape else _PROMPT_KEYS)
    prompts = {} if row else dict(_prompts(rest))
    chosen = row.messages if row else chosen
    whole = next((said for said in (chosen, rejected) if said and said[0]["role"] != "assistant"), None)
    if whole is None:
        row = _only(prompts)
        prompt = _before_reply(row.messages, chosen)
        chosen, rejected = _without_prompt(prompt, chosen, rejected)
    else:
        row = row or from_messages(rest | {"messages": whole})
        prompt = last_reply(whole)[0]
    better, worse = (
        [*prompt, *said] if said and said[0]["role"] == "assistant" else said for said in (chosen, rejected)
    )
    for key, asked in prompts.items():
        if not any(_agrees(asked.messages, said) for said in (better, worse) if said):
            raise BadRecord("prompt_differs", f"{key} is not what chosen and rejected begin with; take one of them out")
    if better and worse:
        prompt, chosen, rejected = shared_prompt(better, worse)
    else:
        prompt, reply = last_reply(better or worse or [])
        chosen, rejected = (reply, None) if better else (None, reply)
    messages = _with_system(prompt, rest)
    return replace(row, messages=messages, chosen=chosen, rejected=rejected, unread=row.unread | left)


def _continued(record: dict[str, Any], rest: dict[str, Any]) -> Imported:
    """A text, and how it goes on, for better or worse."""
    replies: dict[str, Any] = {}
    for key in ("chosen", "rejected"):
        if (said := record.get(key)) is not None:
            if not _is_text(said):
                raise BadRecord("bad_messages", f"{key} must be a list of messages of the role text, as its prompt is")
            replies[key] = from_messages({"messages": said}).messages
    if len(replies) == 2 and replies["chosen"] == replies["rejected"]:
        raise BadRecord("equal_replies", "chosen and rejected are the same reply, so neither is the better one")
    row = from_messages(rest)
    return replace(row, **replies, unread=row.unread | unread(rest, _PROMPT_KEYS))


def _labelled(record: dict[str, Any], rest: dict[str, Any]) -> Imported:
    verdicts = {_verdict(value, key) for key, value in _labels(record).items()}
    if len(verdicts) > 1:
        raise BadRecord("bad_label", f"{' and '.join(_LABELS)} contradict one another")
    shape = _shape(rest)
    assert shape is not None
    (conversation,) = shape.convert([rest])
    prompt, reply = last_reply(conversation.messages)
    if not reply:
        raise BadRecord("no_assistant_turn", "it does not end with a reply that its label could be about")
    chosen, rejected = (reply, None) if verdicts.pop() else (None, reply)
    left = conversation.unread | unread(rest, shape.keys.union(_ABOUT))
    return replace(conversation, messages=prompt, chosen=chosen, rejected=rejected, unread=left)


def _unread_of(item: tuple[str, Any]) -> frozenset[str]:
    """What is not read of the turns of a reply."""
    key, said = item
    if key not in _CHOSEN + _REJECTED or not isinstance(said, dict | list):
        return frozenset()
    said = [said] if isinstance(said, dict) else said
    return turns(said, speakers=TEXTS_TOO).unread if all(isinstance(turn, dict) for turn in said) else frozenset()


def _completed(record: dict[str, Any]) -> Imported:
    """A `prompt` and its `completion`, each a text or messages."""
    prompt, reply = _only(dict(_prompts(record))), _reply(record, _COMPLETIONS)
    return replace(prompt, messages=_with_system([*prompt.messages, *(reply or ())], record))


def _verdict(value: Any, key: str) -> bool:
    told = value.strip().casefold() if isinstance(value, str) else value
    if isinstance(told, str | int | float) and told in _VERDICTS:
        return _VERDICTS[told]
    what = repr(value) if isinstance(value, int | float) and abs(value) < 2**63 else shown(value)
    raise BadRecord(
        "bad_label",
        f"{key} is {what}, which does not say whether the reply is a good one (true or false, 1 or 0, good or bad); "
        "if it means something else, call it otherwise",
    )


def _prompts(record: dict[str, Any]) -> Iterator[tuple[str, Imported]]:
    """Everything in a record that could be the prompt."""
    for key in ("prompt", *_SPOKEN):
        if isinstance(found := record.get(key), list):
            yield key, _conversation(found, record)
    if _is_said(record.get("prompt")):
        yield "prompt", _text(record["prompt"], record)
    if isinstance(found := record.get("input"), dict) and isinstance(spoken := found.get("messages"), list):
        yield "input", _conversation(spoken, record | found)
    asked_under = next((key for key in _ASKED if _is_said(record.get(key))), None)
    if asked_under == "instruction":
        yield asked_under, _all_but_the_reply(from_alpaca(record | {"output": "-"}))
    elif asked_under == "question":
        yield asked_under, _all_but_the_reply(from_question_answer(record | {"answer": "-"}))
    elif asked_under is not None:
        yield asked_under, _text(record[asked_under], record)


def _ended(shape: Importer | None, record: dict[str, Any]) -> Imported | None:
    """The conversation of a record of another shape, where it ends with a reply."""
    found = shape.convert([record])[0] if shape else None
    return found if found and last_reply(found.messages)[1] else None


def _only(prompts: dict[str, Imported]) -> Imported:
    if not prompts:
        raise BadRecord("no_prompt", "there is no prompt that chosen and rejected answer")
    if len(prompts) > 1:
        raise BadRecord("two_prompts", f"{' and '.join(prompts)} may both be the prompt; take one of them out")
    return next(iter(prompts.values()))


def _all_but_the_reply(row: Imported) -> Imported:
    return replace(row, messages=row.messages[:-1])


def _text(said: str, record: dict[str, Any]) -> Imported:
    messages: Messages = [{"role": "user", "content": said}]
    if is_transcript(said):
        messages = transcript(said, "the prompt", is_prompt=True)
    return with_surroundings(Imported(messages=messages), record)


def _with_system(messages: Messages, record: dict[str, Any]) -> Messages:
    system = next((record[key] for key in ("system", "system_prompt") if _is_said(record.get(key))), None)
    if system is None or (messages and messages[0]["role"] == "system"):
        return messages
    return [{"role": "system", "content": system}, *messages]


def _conversation(found: list[Any], record: dict[str, Any]) -> Imported:
    """What a list of turns says; what stands around it in the record goes with it."""
    return from_messages({key: value for key, value in record.items() if key in AROUND} | {"messages": found})


def _reply(record: dict[str, Any], keys: tuple[str, ...]) -> Messages | None:
    """The turns under the first of the keys that has some."""
    key = next((key for key in keys if record.get(key) is not None), None)
    if key is None:
        return None
    value = record[key]
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        value = value[0]
    if isinstance(value, dict):
        value = [value]
    if isinstance(value, str):
        after_a_name = is_transcript(record.get("prompt"))
        reply = {"role": "assistant", "content": value.strip() if after_a_name else value}
        said = transcript(value, key) if is_transcript(value) else [reply]
    elif isinstance(value, list) and all(isinstance(turn, dict) for turn in value):
        said = _conversation(value, {}).messages if value else []
    else:
        what = "several texts" if isinstance(value, list) else f"of the kind {type(value).__name__}"
        raise BadRecord("bad_messages", f"{key} must be a text, a message or a list of messages, not {what}")
    if not said or _is_empty(said[-1]):
        raise BadRecord("empty_reply", f"{key} is empty")
    if said[-1]["role"] != "assistant":
        raise BadRecord("no_assistant_turn", f"{key} does not end with what the assistant says")
    return said


def _is_text(value: Any) -> bool:
    """Whether a list of turns is a text that nobody speaks."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and value[0].get("role") == TEXT_ROLE


def _is_said(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_empty(message: dict[str, Any]) -> bool:
    content = message["content"]
    return not message.get("tool_calls") and (content is None or (isinstance(content, str) and not content.strip()))


def _before_reply(prompt: Messages, chosen: Messages | None) -> Messages:
    """The prompt without the better reply, where that stands at its end too."""
    said, reply = last_reply(prompt)
    if not reply:
        return prompt
    if chosen and len(chosen) == len(reply) and begins_with(reply, chosen):
        return said
    raise BadRecord("prompt_ends_with_reply", "the prompt ends with what the assistant says")


def _without_prompt(
    prompt: Messages, chosen: Messages | None, rejected: Messages | None
) -> tuple[Messages | None, Messages | None]:
    """The replies; without the prompt where both repeat all of it before they begin, as some corpora write them."""
    asked = prompt[-1]["content"] if len(prompt) == 1 else None
    if not isinstance(asked, str) or len(asked.strip()) < _LONG_PROMPT or not chosen or not rejected:
        return chosen, rejected
    texts = [said[0]["content"] for said in (chosen, rejected)]
    if not all(isinstance(text, str) and text.startswith(asked) and text[len(asked) :].strip() for text in texts):
        return chosen, rejected
    better, worse = (
        [said[0] | {"content": said[0]["content"][len(asked) :].strip()}, *said[1:]] for said in (chosen, rejected)
    )
    return better, worse


def _agrees(asked: Messages, said: Messages) -> bool:
    """Whether a conversation has a prompt in it: from the beginning on, or, of a single question, as one of its turns.
    A system message that only one of them has does not count."""
    asked, said = ([turn for turn in each if turn["role"] != "system"] for each in (asked, said))
    return begins_with(said, asked) or (len(asked) == 1 and any(begins_with([turn], asked) for turn in said))


def _is_comparison(record: dict[str, Any]) -> bool:
    return any(isinstance(value := record.get(key), str | list | dict) and value != [] for key in _CHOSEN + _REJECTED)


def _shape(record: dict[str, Any]) -> Importer | None:
    """The shape of a record that ends with one reply."""
    if isinstance(record.get("prompt"), str | list) and any(record.get(key) is not None for key in _COMPLETIONS):
        return _COMPLETION
    return next((shape for shape in _SHAPES if shape.looks_like(record)), None)


def _is_preference(record: dict[str, Any]) -> bool:
    if _OWN.isdisjoint(record):
        return False
    if _is_comparison(record):
        return True
    return bool(_labels(record)) and _shape(record) is not None


def _labels(record: dict[str, Any]) -> dict[str, Any]:
    """What labels say; an empty list is how a table of many shapes says nothing."""
    return {key: value for key in _LABELS if (value := record.get(key)) is not None and value != []}


_PROMPT_KEYS = AROUND.union(("prompt", "context", *_SPOKEN, *_ASKED, *_ABOUT))
_COMPLETION = Importer(
    name="completion",
    looks_like=lambda record: "completion" in record,
    convert=one(_completed),
    keys=_PROMPT_KEYS.union(_COMPLETIONS),
)
PREFERENCE = Importer(
    name="preference",
    order=20,  # before all that it could be taken for, were it not said what is thought of its replies
    looks_like=_is_preference,
    convert=one(from_preference),
    keys=frozenset(_OWN).union(_COMPLETION.keys, *(shape.keys for shape in _SHAPES)),
)
