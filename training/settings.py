"""Settings that every training command shares: the adapter, the loop, what is measured and asked along the way."""

from typing import Literal

from pydantic import Field

from espalier.command_line.config import Config
from training.optimizers import OptimSettings
from training.schedules import ScheduleSettings


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
