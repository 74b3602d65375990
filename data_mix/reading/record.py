"""One record of a file: a JSON value or a text with its place, or the reason why there is none."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import orjson

_DIGITS = bytes(ord("0") if chr(byte) in "0123456789" else 0 for byte in range(256))
_LONG_NUMBER = b"0" * 19
KEY_TWICE = "key_twice"
"""The reason of a record that is JSON but for a key that stands twice in one of its objects."""


class BadRecord(Exception):
    """Why a record cannot be used: a short reason that is counted, and the details for a person."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One record of a file."""

    line: int
    """Where it begins, counted from 1: a line, or in a Parquet file or a hub's shard a row."""
    value: Any
    """A JSON value, a text, or a BadRecord."""


def parse_json(text: str | bytes) -> Any:
    """A JSON value. Raises BadRecord for what is none, NaN and numbers beyond Python's limits among them, and for an
    object that has a key twice: which of the two was meant, nobody knows.

    orjson does it where it does what `json` does. It makes floats of integers beyond 64 bits, so a run of so many
    digits goes to `json`, as does what orjson refuses: halves of surrogate pairs, and what needs a good error.
    """
    try:
        raw = text.encode() if isinstance(text, str) else text
        if _LONG_NUMBER not in raw.translate(_DIGITS) and has_no_key_twice(raw, value := orjson.loads(raw)):
            return value
    except ValueError:
        pass
    try:
        return json.loads(
            decode(text), parse_constant=refuse_constant, parse_float=finite, object_pairs_hook=_with_each_key_once
        )
    except RecursionError:
        raise BadRecord("not_json", "nested too deeply") from None
    except ValueError as error:
        raise BadRecord("not_json", f"not JSON ({error})") from None


def has_no_key_twice(text: str | bytes, value: Any) -> bool:
    """Whether no object in the JSON `text`, from which `value` was read, has a key twice. False also where it cannot be
    told so quickly; `parse_json` then tells.

    Of a key that stands twice readers keep one value and forget the other. Every key brings a colon, and all other
    colons stand in texts; so the colons of what was read are as many as before, unless a key was forgotten.
    """
    escape, colon = ("\\u003", ":") if isinstance(text, str) else (b"\\u003", b":")
    if escape in text:  # type: ignore[operator]
        return False  # a colon may be spelled so, as other characters may
    try:
        return text.count(colon) == orjson.dumps(value).count(b":")  # type: ignore[arg-type]
    except TypeError:  # nested too deeply, integers beyond 64 bits, half characters
        return False


def _with_each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For `object_pairs_hook`."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise BadRecord(KEY_TWICE, f"the key {twice[:40]!r} stands twice in one object; one of the two has to go")
    return found


def decode(raw: str | bytes) -> str:
    """The text of some bytes. Raises BadRecord where they are no UTF-8."""
    try:
        return raw if isinstance(raw, str) else raw.decode()
    except UnicodeDecodeError as error:
        raise BadRecord("not_utf8", f"not UTF-8 ({error.reason} at byte {error.start} of the line)") from None


def refuse_constant(name: str) -> Any:
    """For `parse_constant`: Python would read NaN and Infinity, which are no JSON."""
    raise ValueError(f"{name} is no JSON number")


def finite(number: str) -> float:
    """For `parse_float`: Python would make 1e400 infinite."""
    if math.isinf(value := float(number)):
        raise ValueError(f"{number[:20]} is too large for a number")
    return value
