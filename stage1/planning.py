"""The plan of a Stage 1 run, whose model may not exist yet: its parent's configuration says what it will be."""

from __future__ import annotations

from typing import Any

from espalier.artifacts.paths import artifact
from espalier.command_line.config import load_file
from espalier.errors import UserError
from stage1.config import Stage1Config
from stage1.new_model import architecture
from training.config import TrainOptions
from training.memory.bases import config_of
from training.memory.command import planned


def plan(config: Stage1Config, options: TrainOptions) -> Stage1Config:
    """Print the plan of the run; returns its configuration, as --fit chose where that was asked for."""
    return planned(config, options, _described(config))


def _described(config: Stage1Config) -> Any:
    """The transformers configuration of the run's model. UserError where nothing says what it will be."""
    if config.model:
        return architecture(config.model, vocab_size=config.tokenizer.vocab_size)
    if config.base:
        return config_of(config.base, trust_remote_code=config.trust_remote_code)
    assert config.parent is not None
    if (artifact("runs", config.parent) / "final").is_dir():
        return config_of(f"run:{config.parent}", trust_remote_code=config.trust_remote_code)
    if config.parent_config is None:
        raise UserError(
            f"there is no complete run {config.parent!r}, so nothing says how large its model is; train it first, or "
            "name its --parent_config"
        )
    return _described(load_file(Stage1Config, config.parent_config))
