"""Whether a model has an embedding for every token that it will be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from data_mix.packing.pack import Pack
from espalier.command_line.console import say
from espalier.errors import UserError
from espalier.text.chat import ChatRenderer


def check_vocabulary(
    model: Any, renderer: ChatRenderer, packs: Mapping[str, Pack], prompts: Mapping[str, Sequence[str]]
) -> None:
    """UserError where a token of the packs, or of prompts, by the key that they stand under, is beyond the model's
    embeddings.

    A model with more embeddings than its tokenizer has tokens is as it should be: vocabularies are filled up to a round
    number, and what no text is made of stays as it is. One with fewer is used as long as nothing beyond them appears.
    """
    rows = int(model.get_input_embeddings().weight.shape[0])
    known = len(renderer.tokenizer)
    if known <= rows:
        return
    largest = {
        key: max((max(renderer.prompt([{"role": "user", "content": prompt}])) for prompt in asked), default=0)
        for key, asked in prompts.items()
    }
    largest |= {f"the split {name}": int(max(x.inputs.max(), x.labels.max())) for name, x in packs.items() if len(x)}
    for where, token in largest.items():
        if token >= rows:
            word = renderer.tokenizer.convert_ids_to_tokens(token)
            raise UserError(
                f"the tokenizer knows {known:,} tokens, and the model has embeddings for {rows:,}: none for token "
                f"{token}, {word!r}, which is in {where}; take the tokenizer that belongs to the model, or add "
                "embeddings to it (model.resize_token_embeddings)"
            )
    say(f"note: the tokenizer knows {known:,} tokens, the model has embeddings for {rows:,}; no others are used here")
