"""How texts become ids in the hands of others: of transformers, or of an engine that opens a GGUF."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from espalier.text.chat import ChatRenderer

Encode = Callable[[str], list[int]]
_SPACE = "▁"


def steps(part: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The steps of a normalizer or pre-tokenizer of the tokenizers library."""
    if part is None:
        return []
    inner = part.get("pretokenizers", part.get("normalizers"))
    return [part] if inner is None else [step for each in inner for step in steps(each)]


def state_of(tokenizer: Any) -> dict[str, Any]:
    """What the tokenizers library keeps of a tokenizer."""
    state: dict[str, Any] = json.loads(tokenizer.backend_tokenizer.to_str())
    return state


def is_byte_level(state: dict[str, Any]) -> bool:
    """Whether tokens are spelled in bytes, as GPT-2's."""
    return any(step["type"] == "ByteLevel" for step in steps(state["pre_tokenizer"]))


def puts_space(state: dict[str, Any]) -> bool:
    """Whether a byte-level tokenizer puts a space before a text that begins without one."""
    return any(step["type"] == "ByteLevel" and step["add_prefix_space"] for step in steps(state["pre_tokenizer"]))


def prepends(state: dict[str, Any]) -> bool:
    """Whether every text gets a space before it, as SentencePiece does."""
    return any(step["type"] == "Prepend" for step in steps(state["normalizer"]))


def found_anywhere(renderer: ChatRenderer, state: dict[str, Any]) -> set[int]:
    """The added tokens that an engine is to find in any text: those that are special, or that nothing else spells.

    In training only the template's own are found, and all others stay letters. So one that letters spell too stays
    that, unless the template prints it and letters would give other ids.
    """
    bare = _tokenizer({**state, "added_tokens": []})
    printed = renderer.template.text
    return {
        added["id"]
        for added in state["added_tokens"]
        if added["special"]
        or added["content"] not in state["model"]["vocab"]
        or (added["content"] in printed and bare(added["content"]) != [added["id"]])
    }


def as_engines_read(renderer: ChatRenderer) -> Encode:
    """Text to ids as llama.cpp does it: added tokens found anywhere, and no space that nobody wrote."""
    state = state_of(renderer.tokenizer)
    found = found_anywhere(renderer, state)
    state["added_tokens"] = [added for added in state["added_tokens"] if added["id"] in found]
    for step in steps(state["pre_tokenizer"]):
        if step["type"] == "ByteLevel":
            step["add_prefix_space"] = False
    return _tokenizer(state)


def _tokenizer(state: dict[str, Any]) -> Encode:
    import tokenizers

    plain = {"post_processor": None, "truncation": None, "padding": None}
    backend = tokenizers.Tokenizer.from_str(json.dumps({**state, **plain}))
    return lambda text: backend.encode(text, add_special_tokens=False).ids


def as_transformers_reads(renderer: ChatRenderer) -> Encode:
    """Text to ids as `apply_chat_template` does it."""
    tokenizer = renderer.tokenizer
    return lambda text: tokenizer.encode(text, add_special_tokens=False)


class Speller:
    """Ids to the text that they spell, every space of it, and what a tokenizer does besides."""

    def __init__(self, renderer: ChatRenderer) -> None:
        state = state_of(renderer.tokenizer)
        self._renderer = renderer
        self._added = {added["id"] for added in state["added_tokens"]}
        self.is_byte_level = is_byte_level(state)
        self.puts_space = puts_space(state)
        self.prepends = prepends(state)

    def __call__(self, ids: Sequence[int]) -> str:
        if self.is_byte_level:
            return self._renderer.decode(ids)
        parts = []
        for token, text in zip(ids, self._renderer.tokenizer.convert_ids_to_tokens(list(ids)), strict=True):
            if token in self._added:
                parts.append(text.encode())
            elif text.startswith("<0x") and len(text) == len("<0x00>"):
                parts.append(bytes([int(text[3:5], 16)]))
            else:
                parts.append(text.replace(_SPACE, " ").encode())
        return b"".join(parts).decode()
