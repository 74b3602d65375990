"""A JSON list of any length, one element at a time."""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterator
from typing import Any

from data_mix.reading.record import BadRecord, finite, has_no_key_twice, parse_json, refuse_constant

_CHUNK = 2**20
_SPACE = " \t\r\n"
_AFTER_VALUE = frozenset(f"{_SPACE},]")


class BrokenList(Exception):
    """The list cannot be read on; `line` is where, counted from 1."""

    def __init__(self, line: int, detail: str) -> None:
        super().__init__(detail)
        self.line = line


class ListReader:
    """Iterates over (line, value) of a JSON list in a stream, holding one element and a chunk in memory.

    Bytes that are no UTF-8 become half surrogates in the one element that holds them; an element in which a key stands
    twice is a BadRecord. Raises BrokenList where the text is no JSON, or an element is longer than `max_bytes`: unlike
    JSON lines, a list has no place to go on from.
    """

    def __init__(self, stream: io.BufferedIOBase, *, max_bytes: int) -> None:
        self._stream, self._max_bytes = stream, max_bytes
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape").decode
        self._decoder = json.JSONDecoder(parse_constant=refuse_constant, parse_float=finite)
        self._text, self._at, self._line, self._ended = "", 0, 1, False

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        if self._token() != "[":
            raise BrokenList(self._line, "it does not begin with [")
        self._at += 1
        separator = "]" if self._token() == "]" else ","
        while separator == ",":
            self._token()
            line = self._line
            yield line, self._value()
            separator = self._token()
            if separator not in (",", "]"):
                raise BrokenList(self._line, "a comma or ] is missing")
            self._at += separator == ","
        self._at += 1
        if self._token():
            raise BrokenList(self._line, "something follows its end")

    def _more(self) -> None:
        # As much again as there is, so that a long element is not parsed from its start too often.
        chunk = self._stream.read(max(_CHUNK, len(self._text) - self._at))
        self._ended = not chunk
        self._text, self._at = self._text[self._at :] + self._decode(chunk, final=self._ended), 0

    def _token(self) -> str:
        """Goes to the next character that is no white space and returns it; nothing at the end of the file."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._line += self._text[self._at] == "\n"
                self._at += 1
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._more()

    def _value(self) -> Any:
        while True:
            too_long = len(self._text) - self._at > self._max_bytes
            no_more = self._ended or too_long
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
                if (
                    no_more or self._text[end : end + 1] in _AFTER_VALUE
                ):  # else the next chunk could go on with a number
                    break
            except json.JSONDecodeError as error:
                # Where the text ends in the middle of a value, more of it is wanted; anywhere else it is wrong now.
                if no_more:
                    line = self._line + self._text.count("\n", self._at, error.pos)
                    detail = f"an element longer than {self._max_bytes:,} bytes, or {error.msg}"
                    raise BrokenList(line, detail if too_long and not self._ended else error.msg) from None
            except (ValueError, RecursionError) as error:
                if no_more:
                    raise BrokenList(self._line, str(error)) from None
            self._more()
        text = self._text[self._at : end]
        self._line += text.count("\n")
        self._at = end
        return value if has_no_key_twice(text, value) else _parsed_or_why(text)


def _parsed_or_why(text: str) -> Any:
    try:
        return parse_json(text)
    except BadRecord as problem:
        return problem
