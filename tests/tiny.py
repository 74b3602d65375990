"""Tiny models and tokenizers, two layers deep and eight wide, made in milliseconds."""

from pathlib import Path
from typing import Any

from espalier.models.loading import save_model
from espalier.text.chat import ChatRenderer
from espalier.text.rows import Row
from stage1.config import ModelSettings
from stage1.new_model import new_model
from stage1.tokenizer import train_tokenizer

TEXTS = ["I went to the market. You went to the market?", "Sophie says: I saw a house.", "Anna ate the cake."]


def text_row(number: int, content: str, **facts: Any) -> Row:
    facts = {"source": "test", "split": "train"} | facts
    return Row(id=f"text-{number}", messages=[{"role": "text", "content": content}], **facts)


def chat_row(number: int, *contents: str, **facts: Any) -> Row:
    roles = ["user", "assistant"] * len(contents)
    messages = [{"role": role, "content": content} for role, content in zip(roles, contents, strict=False)]
    facts = {"source": "test", "split": "train"} | facts
    return Row(id=f"chat-{number}", messages=messages, **facts)


def renderer() -> ChatRenderer:
    rows = [text_row(number, text) for number, text in enumerate(TEXTS)]
    return train_tokenizer(rows, vocab_size=320, max_bytes=10_000, chat_template=None)


def renderer_without_prefix() -> ChatRenderer:
    """The same with a tokenizer that puts nothing before a content, as most pretrained ones."""
    from tokenizers.pre_tokenizers import ByteLevel

    tokenizer = renderer().tokenizer
    tokenizer.backend_tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    return ChatRenderer(tokenizer)


def settings(**changes: Any) -> ModelSettings:
    return ModelSettings(**{"num_layers": 2, "width": 8, "feed_forward": 16, "num_heads": 2, "init_std": 0.3} | changes)


def model(seed: int = 0, **changes: Any) -> Any:
    return new_model(settings(**changes), renderer(), seed)


def saved(folder: Path, seed: int = 0, **changes: Any) -> Path:
    """A folder with a tiny model, as a base to be adapted."""
    folder.mkdir(parents=True)
    save_model(model(seed, **changes), renderer(), folder, None)
    return folder
