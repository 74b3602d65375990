"""What a client asks, read from the body of a chat completion as OpenAI's API words it.

What would change a reply and is not done here is refused by name: nothing that a client asks for is passed over.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from espalier.text.messages import Message

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
"""Who may speak, and what chat templates call them."""
_PASSED_OVER = {
    "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "stream_options",
}  # fmt: skip
"""Keys that change no reply."""
_KNOWN = {
    "model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "seed", "stop", "stream",
}  # fmt: skip
_NEUTRAL: dict[str, Any] = {
    "n": 1,
    "frequency_penalty": 0,
    "presence_penalty": 0,
    "logprobs": False,
    "top_logprobs": 0,
    "logit_bias": {},
    "tools": [],
    "response_format": {"type": "text"},
    "modalities": ["text"],
}
"""What is not done here, and the value by which it is not asked for."""
_MOST_STOPS = 16
_HOTTEST = 1e6
"""The highest temperature: at it every token is as likely as any other."""
_LIMITS = ("max_tokens", "max_completion_tokens")


class Refusal(Exception):
    """A request that cannot be answered: its status, what is wrong, and where."""

    def __init__(self, status: int, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.param, self.code = status, param, code

    @property
    def body(self) -> dict[str, Any]:
        """As OpenAI words an error."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        return {"error": {"message": str(self), "type": kind, "param": self.param, "code": self.code}}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One reply that is wanted."""

    model: str
    """By the name it is served under."""
    messages: list[Message]
    """What was said so far."""
    max_tokens: int | None
    """Longest reply; None where the client leaves it open."""
    temperature: float
    """0 takes the likeliest token."""
    top_p: float
    """Share of the probability that is drawn from."""
    seed: int | None
    """Of the draws; None for any."""
    stops: tuple[str, ...]
    """Texts before which a reply is cut."""
    streamed: bool
    """Whether it is wanted piece by piece."""
    usage_streamed: bool
    """Whether its size is wanted at the end of the pieces."""


def read_request(body: bytes, models: Collection[str]) -> Asked:
    """What the body of a request asks of one of `models`. Raises Refusal."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(400, "the body is not JSON") from None
    if not isinstance(given, dict):
        raise Refusal(400, "the body is no JSON object")
    _check_keys(given)
    model = _of(given, "model", str, "")
    if model not in models:
        near = difflib.get_close_matches(model, models, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(models)}"
        raise Refusal(404, f"no model {model!r} is served here; {hint}", param="model", code="model_not_found")
    most = [value for key in _LIMITS if (value := _of(given, key, int, None)) is not None]
    if len(set(most)) > 1:
        raise Refusal(400, f"{' and '.join(_LIMITS)} say the same and differ; give one", param="max_tokens")
    options = _of(given, "stream_options", dict, {})
    return Asked(
        model=model,
        messages=_messages(given.get("messages")),
        max_tokens=_within("max_tokens", most[0], 1, None) if most else None,
        temperature=_within("temperature", _of(given, "temperature", float, 0.0), 0, _HOTTEST),
        top_p=_within("top_p", _of(given, "top_p", float, 1.0), 0, 1),
        seed=_seed(given),
        stops=_stops(given.get("stop")),
        streamed=_of(given, "stream", bool, False),
        usage_streamed=bool(options.get("include_usage")),
    )


def _check_keys(given: dict[str, Any]) -> None:
    for key, value in given.items():
        if key in _KNOWN | _PASSED_OVER or value is None:
            continue
        if key not in _NEUTRAL:
            near = difflib.get_close_matches(key, [*_KNOWN, *_NEUTRAL], n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise Refusal(400, f"{key} is not known here{hint}", param=key)
        if value != _NEUTRAL[key]:
            raise Refusal(400, f"{key} is not done here; leave it out", param=key)


def _of(given: dict[str, Any], key: str, kind: type, otherwise: Any) -> Any:
    """A value of that kind; whole numbers are numbers, truth values are none."""
    value = given.get(key)
    if value is None:
        return otherwise
    kinds = (int, float) if kind is float else kind
    if not isinstance(value, kinds) or (isinstance(value, bool) and kind is not bool):
        raise Refusal(400, f"{key} wants {_WORDS[kind]}, not {value!r:.60}", param=key)
    return value


_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", dict: "an object"}


def _within(key: str, value: Any, least: float, most: float | None) -> Any:
    if not least <= value or (most is not None and value > most) or value == float("inf"):
        beyond = f"between {least:g} and {most:g}" if most is not None else f"of at least {least:g}"
        raise Refusal(400, f"{key} wants a number {beyond}, not {value}", param=key)
    return value


def _seed(given: dict[str, Any]) -> int | None:
    seed = _of(given, "seed", int, None)
    return None if seed is None else int(_within("seed", seed, -(2**63), 2**63 - 1))


def _stops(value: Any) -> tuple[str, ...]:
    stops = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(stops, list) or len(stops) > _MOST_STOPS or not all(isinstance(s, str) and s for s in stops):
        raise Refusal(400, f"stop wants a text, or at most {_MOST_STOPS} of them", param="stop")
    return tuple(stops)


def _messages(value: Any) -> list[Message]:
    if not isinstance(value, list) or not value:
        raise Refusal(400, "messages wants a list of what was said", param="messages")
    return [_message(message, f"messages[{place}]") for place, message in enumerate(value)]


def _message(message: Any, where: str) -> Message:
    if not isinstance(message, dict) or message.get("role") not in tuple(_ROLES):
        said = message.get("role") if isinstance(message, dict) else message
        raise Refusal(400, f"{where}: wants a role, which is {', '.join(_ROLES)}, not {said!r:.60}", param=where)
    for key, inner in message.items():
        if key not in ("role", "content", "name", "refusal") and inner:
            raise Refusal(400, f"{where}: {key} is not known here", param=where)
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    found = [part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text"]
    texts = [text for text in found if isinstance(text, str)]
    if len(texts) != len(parts):
        raise Refusal(400, f"{where}: its content wants to be text, or parts that are text", param=where)
    whole = "".join(texts)
    try:
        whole.encode()
    except UnicodeEncodeError:
        raise Refusal(400, f"{where}: its content has half a character in it", param=where) from None
    return {"role": _ROLES[message["role"]], "content": whole}
