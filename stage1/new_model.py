"""A model grown from random weights: its architecture, and the tokenizer and chat template that are made for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from espalier.artifacts import records
from espalier.text.chat import ChatRenderer
from espalier.text.rows import read_rows
from stage1.config import ModelSettings, Stage1Config
from stage1.tokenizer import train_tokenizer
from training.together import on_main


def new_model(settings: ModelSettings, renderer: ChatRenderer, seed: int) -> Any:
    """A Llama of random weights (normal, `init_std`) for the renderer's tokenizer, in float32 on the CPU."""
    import torch
    from transformers import LlamaForCausalLM

    tokenizer = renderer.tokenizer
    config = architecture(
        settings,
        vocab_size=len(tokenizer),
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)


def architecture(settings: ModelSettings, **of_tokenizer: int | None) -> Any:
    """The transformers configuration of a new model."""
    from transformers import LlamaConfig

    return LlamaConfig(
        hidden_size=settings.width,
        intermediate_size=settings.feed_forward,
        num_hidden_layers=settings.num_layers,
        num_attention_heads=settings.num_heads,
        num_key_value_heads=settings.num_kv_heads or settings.num_heads,
        max_position_embeddings=settings.max_positions,
        rope_parameters={"rope_type": "default", "rope_theta": settings.rope_theta},
        initializer_range=settings.init_std,
        tie_word_embeddings=settings.tie_embeddings,
        **of_tokenizer,
    )


def shape(settings: ModelSettings | None) -> tuple[int, int] | None:
    """Width and inner size of the feed-forward blocks; None where no model is grown."""
    return (settings.width, settings.feed_forward) if settings else None


def new_renderer(config: Stage1Config, mix: Path, run: Path) -> ChatRenderer:
    """Tokenizer and template for a new model, trained on the mix once and kept in the folder of the run."""
    from transformers import AutoTokenizer

    folder = run / "tokenizer"
    on_main(lambda: _make_tokenizer(config, mix, folder))
    return ChatRenderer(AutoTokenizer.from_pretrained(folder), thinking=config.thinking)


def _make_tokenizer(config: Stage1Config, mix: Path, folder: Path) -> None:
    if not folder.exists():
        made = train_tokenizer(
            read_rows(mix / "train.parquet"),
            vocab_size=config.tokenizer.vocab_size,
            max_bytes=config.tokenizer.max_bytes,
            chat_template=config.chat_template,
            split_digits=config.tokenizer.split_digits,
        )
        with records.staging(folder) as temporary:
            made.tokenizer.save_pretrained(temporary)
