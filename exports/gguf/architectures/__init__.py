"""What GGUF says of each architecture: its settings, and how its tensors lie."""

from __future__ import annotations

from typing import Any

import transformers

from espalier.errors import UserError
from exports.gguf.architectures.base import Architecture
from exports.gguf.architectures.gemma3 import Gemma3
from exports.gguf.architectures.gpt2 import Gpt2
from exports.gguf.architectures.llama import Llama
from exports.gguf.architectures.qwen3 import Qwen3

KNOWN: dict[str, type[Architecture]] = {"llama": Llama, "qwen3": Qwen3, "gemma3_text": Gemma3, "gpt2": Gpt2}
"""By transformers' `model_type`."""


def architecture_of(config: Any) -> Architecture:
    """What is known of the architecture that a transformers configuration names.

    UserError for one that is not known, or a form of it that llama.cpp does not compute.
    """
    config = config.get_text_config()
    if config.model_type not in KNOWN:
        raise UserError(
            f"the architecture {config.model_type!r} is not known to the GGUF writer, which knows {', '.join(KNOWN)}: "
            "export it with --to merged, and convert that with llama.cpp's convert_hf_to_gguf.py (transformers "
            f"{transformers.__version__})"
        )
    found = KNOWN[config.model_type](config)
    found.check()
    return found
