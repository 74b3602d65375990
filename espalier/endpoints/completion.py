"""A chat completion, as servers of many makes word it, read into one form.

What OpenAI's API leaves open, servers use: contents that are null or lists of parts, thoughts under several names,
reasons to end of their own, an error under status 200, an answer by another model than was asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from espalier.text.reasoning import Spoken, silence, split

Constraint = Literal["schema", "json", "none"]

REASONING = ("reasoning_content", "reasoning", "thinking", "reasoning_details", "thinking_blocks")
"""Under which names servers keep thoughts apart: text, or a list of parts."""
_FINISHES = {
    "stop": ("stop", "eos", "eos_token", "end_turn", "stop_sequence"),
    "length": ("length", "max_tokens", "max_output_tokens", "model_length"),
    "tool_calls": ("tool_calls", "tool_call", "tool_use", "function_call"),
    "content_filter": ("content_filter", "safety", "recitation", "prohibited_content", "blocklist", "sensitive"),
}
"""Why a reply ended, and how servers say it."""
_KNOWN_FINISHES = {said: finish for finish, names in _FINISHES.items() for said in names}
_VERSION = re.compile(r"(?:[-:@](?:latest|v\d[\w.]*|\d{3}[\d-]*))?")
"""What a server may add to the name of a model and still mean the same one: a date or a version."""

_FENCED = re.compile(r"^```(?:json)?\s*\n(.*)\n```$", re.DOTALL)


class NoCompletion(Exception):
    """What came is no chat completion; the text says what it is."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a model answered."""

    content: str
    """Word for word, marks of thoughts included; parts of text joined, and a refusal where there is nothing else."""
    thoughts: str = ""
    """What the server keeps apart as thoughts."""
    model: str
    """The model's name as the server gives it."""
    finish: str
    """`stop`, `length` (cut off), `tool_calls`, `content_filter`, or what else the server says."""
    remarks: tuple[str, ...] = ()
    """What is odd about it and should be counted, in a few words each."""
    prompt_tokens: int | None
    """None: the server reports no usage."""
    completion_tokens: int | None
    """None: the server reports no usage."""
    reasoning_tokens: int = 0
    """Of them those that were thoughts, as far as the server says; it may show none of them."""
    constrained: Constraint
    """How the reply was held to a form."""
    retries: int
    """How often the request had to be sent again."""
    seconds: float
    """From asking to the answer, waiting included."""
    system_fingerprint: str | None = None
    """What the server calls the state it answered in: after a change the same request may get another answer."""

    @cached_property
    def _spoken(self) -> Spoken:
        return split(self.content)

    @property
    def text(self) -> str:
        """What is seen; empty where the model said nothing, or thought to the end."""
        return self._spoken.content

    @property
    def reasoning(self) -> str:
        """What was thought, whether the server kept it apart or it stood before the reply."""
        return "\n\n".join(filter(None, (self.thoughts.strip(), self._spoken.reasoning)))

    @property
    def silence(self) -> str:
        """Why there is nothing to see; empty where there is."""
        if self.finish == "tool_calls" and not self.text.strip():
            return "a tool called instead"
        return silence(self.text, self.finish, thought=bool(self.reasoning or self.reasoning_tokens))


class _Choice(BaseModel):
    message: dict[str, Any]
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)
    completion_tokens_details: dict[str, Any] | None = None


class _Answer(BaseModel):
    model: str = Field(min_length=1)
    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None
    system_fingerprint: Any = None


def read_completion(body: bytes, *, constrained: Constraint, retries: int, seconds: float) -> Reply:
    """The reply in an answer of status 200; the rest is what is known of the asking. Raises NoCompletion."""
    try:
        answer = _Answer.model_validate_json(body)
    except ValidationError as error:
        raise NoCompletion(_instead(body, error.errors()[0]["msg"])) from None
    choice, usage, mark = answer.choices[0], answer.usage, answer.system_fingerprint
    said = (choice.finish_reason or "unknown").lower()
    if said == "error":
        raise NoCompletion(f"ends with an error: {_words(choice.message.get('content')) or 'it does not say which'}")
    finish = _KNOWN_FINISHES.get(said, said)
    content, thoughts, remarks = read_message(choice.message)
    if choice.message.get("tool_calls") or choice.message.get("function_call"):
        if content.strip():
            remarks.append("called a tool")
        else:
            finish = "tool_calls"
    if finish not in (*_FINISHES, "unknown"):
        remarks.append(f"ended for another reason ({finish})")
    hidden = (usage.completion_tokens_details or {}).get("reasoning_tokens") if usage else None
    return Reply(
        content=content,
        thoughts=thoughts,
        model=answer.model,
        finish=finish,
        remarks=tuple(remarks),
        prompt_tokens=usage.prompt_tokens if usage else None,
        completion_tokens=usage.completion_tokens if usage else None,
        reasoning_tokens=hidden if isinstance(hidden, int) else 0,
        constrained=constrained,
        retries=retries,
        seconds=seconds,
        system_fingerprint=mark if isinstance(mark, str) and mark else None,
    )


def read_json(text: str) -> Any:
    """The JSON value that was asked for, a fence around it passed over. Raises ValueError where it is none."""
    fenced = _FENCED.match(text.strip())
    try:
        return json.loads(fenced[1] if fenced else text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def is_same_model(asked: str, answered: str) -> bool:
    """Whether a server's name of the model means the one that was asked for: folders, dates and versions apart."""
    shorter, longer = sorted((_bare(asked), _bare(answered)), key=len)
    return longer.startswith(shorter) and bool(_VERSION.fullmatch(longer[len(shorter) :]))


def _bare(name: str) -> str:
    return name.casefold().rstrip("/").rpartition("/")[2].removesuffix(".gguf")


def read_message(message: dict[str, Any]) -> tuple[str, str, list[str]]:
    """Content, thoughts and remarks of a message of the form of OpenAI's. Raises NoCompletion for another content."""
    said, thoughts, remarks = list[str](), list[str](), list[str]()
    for kind, text in _parts(message.get("content")):
        if kind == "text":
            said.append(text)
        elif kind == "thoughts":
            thoughts.append(text)
        else:
            remarks.append(f"a part that is no text ({kind}) passed over")
    apart = next((words for name in REASONING if (words := _words(message.get(name)))), "")
    content, refusal = "".join(said), message.get("refusal")
    if isinstance(refusal, str) and refusal:
        remarks.append("marked as a refusal")
        content = content or refusal
    return content, "\n\n".join(filter(None, (apart, *thoughts))), remarks


def _parts(content: Any) -> Iterator[tuple[str, str]]:
    """`text`, `thoughts` or the name of another kind, with the words of each part."""
    for part in content if isinstance(content, list) else [] if content is None else [content]:
        if isinstance(part, str):
            yield "text", part
            continue
        if not isinstance(part, dict):
            raise NoCompletion(f"gives a content that is no text but {type(part).__name__}")
        kind = str(part.get("type", "text"))
        if kind in ("text", "output_text", "refusal"):
            yield "text", _words(part.get("text") or part.get("refusal"))
        elif "think" in kind or "reason" in kind:
            yield "thoughts", _words(part)
        else:
            yield kind, ""


def _words(value: Any) -> str:
    """All text in what a server puts where text is expected: text, parts, or lists of them."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(_words, value))
    if isinstance(value, dict):
        keys = ("text", "thinking", "reasoning", "summary", "content", "value", "message")
        return next((words for key in keys if (words := _words(value.get(key)))), "")
    return ""


def _instead(body: bytes, problem: str) -> str:
    """What an answer is that is no completion, on one line; `problem` is what its form lacks."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    answer = found if isinstance(found, dict) else {}
    said = _words(answer.get("error")) or (_words(answer) if answer.get("object") == "error" else "")
    if said:
        return f"answers with an error, under status 200: {' '.join(said.split())[:300]}"
    if "choices" in answer and not answer["choices"]:
        problem = "no choices in it"
    return f"gives no chat completion ({problem}): {' '.join(body.decode('utf-8', 'replace').split())[:200]!r}"
