"""Gemma 3 (Gemma Team 2025, arXiv:2503.19786), what reads and writes text of it."""

from __future__ import annotations

import numpy as np
from gguf import MODEL_ARCH, GGUFWriter

from exports.gguf.architectures.base import Architecture

_LARGEST = 62
"""Layers of the 27B model, whose attention alone is scaled by the width of a head as it would be if it were equal."""


class Gemma3(Architecture):
    arch = MODEL_ARCH.GEMMA3
    activation = "gelu_pytorch_tanh"
    activation_key = "hidden_activation"

    def check(self) -> None:
        super().check()
        config = self.config
        self.need("attention_bias", False)
        self.need("attn_logit_softcapping", None)
        self.need("final_logit_softcapping", None)
        self.need("use_bidirectional_attention", False, None)
        width = config.hidden_size // config.num_attention_heads if self.num_layers == _LARGEST else self.head_dim
        self.need("query_pre_attn_scalar", width)
        if [self._is_full(layer) for layer in range(self.num_layers)] != [
            kind == "full_attention" for kind in config.layer_types
        ]:
            self.refuse("windows that do not come in one rhythm")

    @property
    def _period(self) -> int:
        """Every so many layers, the last sees everything."""
        kinds: list[str] = self.config.layer_types
        return kinds.index("full_attention") + 1 if "full_attention" in kinds else len(kinds) + 1

    def _is_full(self, layer: int) -> bool:
        return layer % self._period == self._period - 1

    def write_settings(self, writer: GGUFWriter) -> None:
        super().write_settings(writer)
        writer.add_sliding_window(self.config.sliding_window)
        writer.add_sliding_window_pattern(self._period)
        writer.add_rope_freq_base_swa(self.config.rope_parameters["sliding_attention"]["rope_theta"])

    def convert(self, name: str, tensor: np.ndarray) -> np.ndarray:
        # transformers keeps a norm's weights as their distance from 1.
        return tensor + 1 if name.endswith("norm.weight") else tensor
