"""Settings that every training command shares: the model, the adapter, the optimizer, the loop."""

from typing import Literal, Self

from pydantic import Field, model_validator

from espalier.command_line.config import Config


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


class AdapterSettings(Config):
    """LoRA (Hu et al. 2021, arXiv:2106.09685): low-rank updates beside frozen weights."""

    kind: Literal["lora"] = "lora"
    """The adapter's method."""
    r: int = Field(16, ge=1)
    """Rank of the updates."""
    alpha: float = Field(32.0, gt=0)
    """Updates are scaled by alpha / r."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Dropout on the input of the updates."""
    target_modules: list[str] | Literal["all-linear"] = "all-linear"
    """Which linear layers get an update; all but the output layer by default."""
    train_embeddings: Literal["none", "tokens", "all"] = "none"
    """Embeddings trained beside the updates: none, the rows of the template's special tokens, or all of them."""


class OptimSettings(Config):
    """AdamW (Loshchilov & Hutter 2017, arXiv:1711.05101)."""

    lr: float = Field(4e-3, gt=0)
    """Peak learning rate."""
    betas: tuple[float, float] = (0.9, 0.95)
    """Decay of the first and the second moment."""
    eps: float = Field(1e-8, gt=0)
    """Added to the denominator."""
    weight_decay: float = Field(0.0, ge=0)
    """Decoupled decay of matrices; vectors such as norms are never decayed."""
    clip: float = Field(1.0, gt=0)
    """Gradients are scaled down to this global norm."""


class ScheduleSettings(Config):
    """The learning rate over the steps, as a share of its peak."""

    kind: Literal["wsd", "cosine", "linear", "constant"] = "wsd"
    """Warm-up–stable–decay, or warm-up followed by one curve down."""
    warmup: int = Field(100, ge=0)
    """Steps of linear warm-up."""
    decay_fraction: float = Field(0.4, gt=0, le=1)
    """Share of all steps over which wsd decays linearly at the end."""
    final: float = Field(0.0, ge=0, le=1)
    """The share of the peak reached at the last step."""


class LoopSettings(Config):
    """What the training loop needs to know."""

    steps: int = Field(1000, ge=0)
    """Optimizer steps."""
    grad_accum: int = Field(1, ge=1)
    """Micro-batches per step; the loss is averaged over the trained tokens of all of them."""
    optim: OptimSettings = OptimSettings()
    """The optimizer."""
    schedule: ScheduleSettings = ScheduleSettings()
    """The learning-rate schedule."""
    log_every: int = Field(20, ge=1)
    """Steps between lines of metrics.jsonl."""
    checkpoint_every: int = Field(1000, ge=1)
    """Steps between checkpoints; one more is written at the end."""
    keep_checkpoints: int = Field(2, ge=1)
    """Newest checkpoints kept. One is removed only after a newer one was verified."""


class CheckinSettings(Config):
    """What the model is asked while it learns."""

    every: int = Field(500, ge=0)
    """Steps between check-ins; 0 for none. One is held before the first step and one after the last."""
    prompts: list[str] = []
    """What it is asked: openings to be continued where rows are text, the learner's words where they are chats."""
    max_new_tokens: int = Field(40, ge=1)
    """Longest answer."""
    temperature: float = Field(0.7, ge=0)
    """0 always takes the likeliest token."""
    seed: int = 0
    """Of its own random generator; training's is left alone."""


class HeldoutSettings(Config):
    """How loss is measured on rows that are not trained on."""

    every: int = Field(1000, ge=0)
    """Steps between measurements on the split `valid`; 0 for the end only. At the end every split is measured."""
    max_sequences: int = Field(64, ge=1)
    """Packed sequences measured along the way."""
    final_sequences: int | None = Field(4096, ge=1)
    """Packed sequences of each split measured at the end; null for all of them."""
    final_minutes: float | None = Field(10.0, gt=0)
    """How long that may take for each split: what was measured until then counts, and is said. null for no bound."""
    batch_size: int = Field(16, ge=1)
    """Sequences at a time."""
