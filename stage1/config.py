"""The configuration of a Stage 1 run: what every training command takes, and a model grown from random weights."""

from pathlib import Path
from typing import ClassVar, Self

from pydantic import Field, model_validator

from espalier.command_line.config import Config
from training.config import TrainConfig

DEFAULT_CONFIG = Path(__file__).parent / "configs" / "basil.yaml"


class ModelSettings(Config):
    """A Llama-architecture model to be grown from random weights."""

    num_layers: int = Field(2, ge=1)
    """Decoder layers."""
    width: int = Field(128, ge=8)
    """Size of the residual stream."""
    feed_forward: int = Field(256, ge=8)
    """Inner size of the feed-forward block."""
    num_heads: int = Field(4, ge=1)
    """Attention heads."""
    num_kv_heads: int | None = None
    """Heads of keys and values; as many as attention heads by default."""
    max_positions: int = Field(512, ge=8)
    """Longest context the model is meant for, in tokens."""
    rope_theta: float = Field(10_000.0, gt=0)
    """Base of the rotary position embedding."""
    init_std: float = Field(0.06, gt=0)
    """Standard deviation of the random weights; 0.02 suits widths near 1,000, small models learn sooner from more."""
    tie_embeddings: bool = True
    """Whether the output layer shares the input embedding's weights."""

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.width % self.num_heads or (self.width // self.num_heads) % 2:
            raise ValueError("width must be an even multiple of num_heads")
        if self.num_heads % (self.num_kv_heads or self.num_heads):
            raise ValueError("num_heads must be a multiple of num_kv_heads")
        return self


class TokenizerSettings(Config):
    """A byte-level BPE tokenizer trained on the mix, for a model grown from random weights."""

    vocab_size: int = Field(1024, ge=300)
    """Tokens, of which 256 are bytes and a few are the chat template's."""
    max_bytes: int = Field(8_000_000, ge=1000)
    """How much text it is trained on, from the beginning of the training split."""
    split_digits: bool = Field(False, exclude_if=lambda given: not given)
    """Each digit is a token of its own, for a model that is to calculate: otherwise what is one token depends on which
    numbers are common."""


class Stage1Config(TrainConfig):
    """One run: what is trained, on which rows, how."""

    model: ModelSettings | None = None
    """Grow a model of this size from random weights, instead of going on from parent or base."""
    tokenizer: TokenizerSettings = TokenizerSettings()
    """Its tokenizer."""

    origins: ClassVar[tuple[str, ...]] = ("model", "parent", "base")

    @model_validator(mode="after")
    def _whole_from_the_start(self) -> Self:
        if self.model and self.adapter:
            raise ValueError(
                "adapter: there is nothing to adapt in a model grown from random weights; give parent or base"
            )
        if self.model and self.seq_len > self.model.max_positions:
            raise ValueError(
                f"seq_len: {self.seq_len} tokens are more than the new model is meant for (model.max_positions: "
                f"{self.model.max_positions})"
            )
        return self
