"""What a Stage 1 run's model will be, which may not exist yet: its parent's configuration says it then."""

from __future__ import annotations

from typing import Any

from espalier.command_line.config import load_file
from stage1.config import Stage1Config
from stage1.new_model import architecture
from training.memory.bases import config_of_origin, no_parent


def described(config: Stage1Config) -> Any:
    """The transformers configuration of the run's model. UserError where nothing says what it will be."""
    if config.model:
        return architecture(config.model, vocab_size=config.tokenizer.vocab_size)
    if (found := config_of_origin(config)) is not None:
        return found
    if config.parent_config is None:
        raise no_parent(config)
    return described(load_file(Stage1Config, config.parent_config))
