"""Qwen3 (Qwen Team 2025, arXiv:2505.09388), the dense models."""

from __future__ import annotations

from gguf import MODEL_ARCH

from exports.gguf.architectures.base import Architecture


class Qwen3(Architecture):
    arch = MODEL_ARCH.QWEN3
    activation = "silu"

    def check(self) -> None:
        super().check()
        self.need("attention_bias", False)
        if "sliding_attention" in self.config.layer_types:
            self.refuse("a sliding window")
