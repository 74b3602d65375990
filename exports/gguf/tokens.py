"""A tokenizer in GGUF: which of llama.cpp's tokenizers is the same, and the tokens, merges and scores that it reads.

llama.cpp does not read how a tokenizer splits a text before it merges: it is told by a name which of those that it has
built in is meant. One that is not known by its very pattern is refused; a wrong name would give other ids in silence.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any, NamedTuple

from gguf import GGUFWriter, TokenType

from espalier.errors import UserError
from espalier.text.chat import ChatRenderer
from exports.templates.reading import found_anywhere, is_byte_level, prepends, state_of, steps

_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_ENGLISH = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


class _Split(NamedTuple):
    """How llama.cpp's tokenizers of one name split a text."""

    pattern: str
    single_digits: bool
    ignores_merges: bool


_PRE = {
    # The pattern of GPT-2, under the name of one that has it and leaves spaces before marks when it decodes.
    "trillion": _Split(_GPT2, False, False),
    "smollm": _Split(_GPT2, True, False),
    "qwen2": _Split(_ENGLISH + r"\p{N}" + _REST, False, False),
    "llama-bpe": _Split(_ENGLISH + r"\p{N}{1,3}" + _REST, False, True),
}
"""`tokenizer.ggml.pre`, as llama.cpp's llama-vocab.cpp reads it."""
_UNREACHABLE = -1e9
"""Score of a token that no merge makes."""


def write_tokenizer(writer: GGUFWriter, renderer: ChatRenderer, num_rows: int) -> None:
    """Tokens for every row of the embedding, and how texts become them.

    UserError where llama.cpp has no tokenizer that is the same.
    """
    state = state_of(renderer.tokenizer)
    if state["model"]["type"] != "BPE":
        raise UserError(f"a tokenizer of the kind {state['model']['type']} is not known to the GGUF writer, only BPE")
    if len(renderer.tokenizer) > num_rows:
        raise UserError(
            f"the tokenizer has {len(renderer.tokenizer)} tokens, and the model's embedding {num_rows} rows"
        )
    if is_byte_level(state):
        _write_byte_level(writer, state)
    else:
        _write_sentencepiece(writer, state, num_rows)
    texts, types = _tokens(state, num_rows, found_anywhere(renderer, state))
    writer.add_token_list(texts)
    writer.add_token_types(types)
    _write_special(writer, renderer)


def _write_byte_level(writer: GGUFWriter, state: dict[str, Any]) -> None:
    model = state["model"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_name_of(_split_of(state)))
    writer.add_token_merges([pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]])


def _name_of(split: _Split) -> str:
    for name, known in _PRE.items():
        if known == split:
            return name
    raise UserError(
        f"llama.cpp has no tokenizer known here that splits texts by {split.pattern!r}"
        f"{' and digits one by one' if split.single_digits else ''}"
        f"{', takes whole words before merges' if split.ignores_merges else ''}; it would give other ids"
    )


def _split_of(state: dict[str, Any]) -> _Split:
    """How a byte-level tokenizer splits. UserError where it does so in another way than by one pattern, and digits."""
    pattern, digits = "", False
    for step in steps(state["pre_tokenizer"]):
        match step:
            case {"type": "ByteLevel", "use_regex": uses}:
                pattern = pattern or (_GPT2 if uses else "")
            case {"type": "Digits", "individual_digits": True} if not pattern:
                digits = True
            case {"type": "Split", "pattern": {"Regex": found}, "behavior": "Isolated", "invert": False} if not pattern:
                pattern = found
            case _:
                raise UserError(f"llama.cpp has no tokenizer known here that splits texts by {json.dumps(step)}")
    for step in steps(state["normalizer"]):
        if step["type"] != "NFC":  # which texts are in as they are typed; a check tells where one is not
            raise UserError(
                f"llama.cpp has no tokenizer that changes texts by {json.dumps(step)} before it splits them"
            )
    return _Split(pattern, digits, bool(state["model"].get("ignore_merges")))


def _write_sentencepiece(writer: GGUFWriter, state: dict[str, Any], num_rows: int) -> None:
    """As SentencePiece's BPE, whose merges go by the score of what they make."""
    model = state["model"]
    normal = steps(state["normalizer"])
    if not model.get("byte_fallback") or {"String": " "} not in [step.get("pattern") for step in normal]:
        raise UserError("llama.cpp has no tokenizer known here like this one: neither bytes nor SentencePiece's spaces")
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_add_space_prefix(prepends(state))
    writer.add_token_scores(_scores(model, num_rows))


def _scores(model: dict[str, Any], num_rows: int) -> list[float]:
    """Scores by which merging the best first is merging in the order of the merges. UserError where none are."""
    made = ["".join(pair) if isinstance(pair, list) else pair.replace(" ", "", 1) for pair in model["merges"]]
    order = list(dict.fromkeys(made))
    changes = sum(before != after for before, after in pairwise(made))
    if changes + bool(made) != len(order):
        raise UserError("the tokenizer's merges are in no order that llama.cpp's scores of tokens can tell")
    scores = [_UNREACHABLE] * num_rows
    for rank, text in enumerate(order):
        scores[model["vocab"][text]] = -float(rank)
    return scores


def _tokens(state: dict[str, Any], num_rows: int, found: set[int]) -> tuple[list[str], list[TokenType]]:
    """Text and type of each row's token; rows without one get an unused token."""
    texts = [f"[unused {row}]" for row in range(num_rows)]
    types = [TokenType.UNUSED] * num_rows
    is_bytes = bool(state["model"].get("byte_fallback"))
    for text, token in state["model"]["vocab"].items():
        texts[token], types[token] = text, TokenType.NORMAL
        if is_bytes and len(text) == 6 and text.startswith("<0x") and text.endswith(">"):
            types[token] = TokenType.BYTE
    for added in state["added_tokens"]:
        token, text = added["id"], added["content"]
        texts[token] = text
        if added["special"]:
            types[token] = TokenType.CONTROL
        elif token in found:
            types[token] = TokenType.USER_DEFINED
    unknown = state["model"].get("unk_token")
    if unknown in state["model"]["vocab"]:
        types[state["model"]["vocab"][unknown]] = TokenType.UNKNOWN
    return texts, types


def _write_special(writer: GGUFWriter, renderer: ChatRenderer) -> None:
    """The tokens that begin a text, end a turn and end a text."""
    tokenizer = renderer.tokenizer
    writer.add_eos_token_id(tokenizer.eos_token_id)
    ends = sorted(renderer.stop_ids - {tokenizer.eos_token_id})
    writer.add_eot_token_id(ends[0] if ends else tokenizer.eos_token_id)
    for add, token in (
        (writer.add_bos_token_id, tokenizer.bos_token_id),
        (writer.add_unk_token_id, tokenizer.unk_token_id),
        (writer.add_pad_token_id, tokenizer.pad_token_id),
    ):
        if token is not None:
            add(token)
    writer.add_add_bos_token(begins(renderer))
    writer.add_add_eos_token(False)


def begins(renderer: ChatRenderer) -> bool:
    """Whether every conversation begins with the token that begins a text."""
    prompt = renderer.prompt([{"role": "user", "content": "x"}])
    return renderer.tokenizer.bos_token_id is not None and prompt[0] == renderer.tokenizer.bos_token_id
