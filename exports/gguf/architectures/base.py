"""What all architectures share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from gguf import MODEL_ARCH, GGUFWriter, RopeScalingType, get_tensor_name_map

from espalier.errors import UserError

_WRAPPED = re.compile(r"^(model\.)?language_model\.(model\.)?")
"""What stands before the names of a language model inside one that also sees."""


class Architecture:
    """One architecture, for a model's transformers configuration."""

    arch: ClassVar[MODEL_ARCH]
    activation: ClassVar[str]
    """The activation of the feed-forward blocks that llama.cpp computes for it."""
    activation_key: ClassVar[str] = "hidden_act"
    """What its configuration calls that."""
    ropes: ClassVar[tuple[str, ...]] = ("default", "linear")
    """The ways of telling positions that are written for it."""

    def __init__(self, config: Any) -> None:
        self.config = config
        self._names = get_tensor_name_map(self.arch, self.num_layers)

    @property
    def num_layers(self) -> int:
        return int(self.config.num_hidden_layers)

    @property
    def head_dim(self) -> int:
        return int(getattr(self.config, "head_dim", None) or self.config.hidden_size // self.config.num_attention_heads)

    @property
    def vocab_size(self) -> int:
        """Rows of the embedding."""
        return int(self.config.vocab_size)

    def check(self) -> None:
        """UserError where the model has something that llama.cpp does not compute for this architecture."""
        self.need(self.activation_key, self.activation)
        rope = self.rope.get("rope_type", "default")
        if rope not in self.ropes:
            self.refuse(f"rope_type {rope!r}")

    def need(self, key: str, *values: Any) -> None:
        """UserError where a setting has none of these values."""
        found = getattr(self.config, key, None)
        if found not in values:
            self.refuse(f"{key} {found!r}")

    def refuse(self, what: str) -> None:
        """UserError: the model has what llama.cpp does not compute."""
        raise UserError(
            f"llama.cpp does not compute a {self.config.model_type} model with {what} as transformers does; export it "
            "with --to merged"
        )

    @property
    def rope(self) -> dict[str, Any]:
        """How positions are told, as transformers says it: of the layers that see everything, where there are two."""
        found: dict[str, Any] = self.config.rope_parameters or {}
        inner: dict[str, Any] = found.get("full_attention", found)
        return inner

    def write_settings(self, writer: GGUFWriter) -> None:
        """Sizes and constants."""
        config = self.config
        writer.add_vocab_size(self.vocab_size)
        writer.add_context_length(config.max_position_embeddings)
        writer.add_embedding_length(config.hidden_size)
        writer.add_block_count(self.num_layers)
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_head_count(config.num_attention_heads)
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_key_length(self.head_dim)
        writer.add_value_length(self.head_dim)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        writer.add_rope_dimension_count(self.head_dim)
        writer.add_rope_freq_base(self.rope["rope_theta"])
        if self.rope.get("rope_type") == "linear":
            writer.add_rope_scaling_type(RopeScalingType.LINEAR)
            writer.add_rope_scaling_factor(self.rope["factor"])

    def name(self, ours: str) -> str | None:
        """A tensor's name in GGUF; None for one that belongs to no language model.

        Raises UserError for a name that the architecture does not have.
        """
        if re.match(r"^(model\.)?(vision_tower|multi_modal_projector)\.", ours):
            return None
        ours = _WRAPPED.sub("model.", ours)
        found: str | None = self._names.get_name(ours, try_suffixes=(".weight", ".bias"))
        if found is None:
            raise UserError(f"a {self.config.model_type} model has no tensor {ours!r} that GGUF has a name for")
        return found

    def shape(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape in GGUF of a tensor, which goes by its name there."""
        return shape

    def convert(self, name: str, tensor: np.ndarray) -> np.ndarray:
        """What is in a tensor, as GGUF has it, which goes by its name there."""
        return tensor

    def more(self) -> Iterator[tuple[str, np.ndarray]]:
        """Tensors that transformers computes instead of keeping them."""
        yield from ()
