"""GPT-2 (Radford et al. 2019)."""

from __future__ import annotations

import numpy as np
from gguf import MODEL_ARCH, GGUFWriter

from exports.gguf.architectures.base import Architecture

_TRANSPOSED = ("attn_qkv.weight", "attn_output.weight", "ffn_up.weight", "ffn_down.weight")
"""What GPT-2 keeps with its inputs along the rows."""


class Gpt2(Architecture):
    arch = MODEL_ARCH.GPT2
    activation = "gelu_new"

    def check(self) -> None:
        self.need("activation_function", self.activation)
        self.need("scale_attn_weights", True)
        self.need("scale_attn_by_inverse_layer_idx", False)

    def write_settings(self, writer: GGUFWriter) -> None:
        config = self.config
        writer.add_vocab_size(self.vocab_size)
        writer.add_context_length(config.n_positions)
        writer.add_embedding_length(config.n_embd)
        writer.add_block_count(self.num_layers)
        writer.add_feed_forward_length(config.n_inner or 4 * config.n_embd)
        writer.add_head_count(config.n_head)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)

    def name(self, ours: str) -> str | None:
        if ours.endswith((".attn.bias", ".attn.masked_bias")):  # the causal mask, which old files keep
            return None
        return super().name(ours if ours.startswith(("transformer.", "lm_head.")) else f"transformer.{ours}")

    def shape(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape[::-1] if name.endswith(_TRANSPOSED) else shape

    def convert(self, name: str, tensor: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(tensor.T) if name.endswith(_TRANSPOSED) else tensor
