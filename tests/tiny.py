"""Tiny models and tokenizers, two layers deep and eight wide, made in milliseconds."""

from pathlib import Path
from typing import Any

import torch

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


IDS = [[1, 40, 41, 42, 7]]


def trained_a_little(model: Any, lr: float = 0.5) -> Any:
    """A few steps, so that nothing is at its initial value any more."""
    ids = torch.tensor(IDS)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=lr)
    for _ in range(3):
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model.eval()(input_ids=torch.tensor(IDS)).logits
    return found
