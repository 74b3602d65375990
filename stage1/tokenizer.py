"""A tokenizer for a model grown from random weights: byte-level BPE (Sennrich et al. 2016), trained on the mix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from espalier.text.chat import ChatRenderer
from espalier.text.chat_template import read_template
from espalier.text.rows import Row

BEGIN, END, PAD = "<|begin|>", "<|end|>", "<|pad|>"
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")


def train_tokenizer(
    rows: Iterable[Row], *, vocab_size: int, max_bytes: int, chat_template: str | None, split_digits: bool = False
) -> ChatRenderer:
    """A renderer whose tokenizer is trained on the contents of `rows`, up to `max_bytes` of them.

    The same rows give the same tokenizer. Any text can be encoded, since all 256 bytes are tokens. The chat
    template's tokens are there from the start, so that a trunk and its cores share one tokenizer. With `split_digits`
    each digit is a token of its own, the same wherever it stands.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    if split_digits:
        # As SmolLM's, so that llama.cpp reads it too. A space before a text would be put before each of its pieces.
        digits = pre_tokenizers.Digits(individual_digits=True)
        backend.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    else:
        # A word is one token wherever it stands, also at the beginning: a name that opens a sentence is then copied
        # like any other, and a small vocabulary is not spent on two forms of each word.
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[BEGIN, END, PAD, *ROLES],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator(_contents(rows, max_bytes), trainer)
    tokenizer: Any = PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token=BEGIN, eos_token=END, pad_token=PAD, additional_special_tokens=list(ROLES)
    )
    return ChatRenderer(tokenizer, read_template(chat_template or "espalier"))


def _contents(rows: Iterable[Row], max_bytes: int) -> Iterator[str]:
    left = max_bytes
    for row in rows:
        for message in row.messages:
            yield message["content"]
            left -= len(message["content"].encode())
        if left <= 0:
            return
