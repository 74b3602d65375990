"""Llama (Touvron et al. 2023, arXiv:2302.13971), to 3.x."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from gguf import MODEL_ARCH

from exports.gguf.architectures.base import Architecture


class Llama(Architecture):
    arch = MODEL_ARCH.LLAMA
    activation = "silu"
    ropes = ("default", "linear", "llama3")

    def convert(self, name: str, tensor: np.ndarray) -> np.ndarray:
        heads = {"attn_q": self.config.num_attention_heads, "attn_k": self.config.num_key_value_heads}
        layer = name.split(".")[-2]
        return interleaved(tensor, heads[layer]) if layer in heads else tensor

    def more(self) -> Iterator[tuple[str, np.ndarray]]:
        if self.rope.get("rope_type") == "llama3":
            yield "rope_freqs.weight", self._slowed()

    def _slowed(self) -> np.ndarray:
        """By how much each frequency is slowed, [head_dim / 2]: Llama 3.1's, as transformers computes it."""
        rope, pi = self.rope, np.pi
        before, factor = rope["original_max_position_embeddings"], rope["factor"]
        low, high = rope["low_freq_factor"], rope["high_freq_factor"]
        waves = 2 * pi * rope["rope_theta"] ** (np.arange(0, self.head_dim, 2, dtype=np.float64) / self.head_dim)
        share = np.clip((before / waves - low) / (high - low), 0, 1)
        slowed: np.ndarray = 1 / ((1 - share) / factor + share)
        return slowed.astype(np.float32)


def interleaved(tensor: np.ndarray, heads: int) -> np.ndarray:
    """Rows of each head in the order in which llama.cpp turns them: pairs side by side, not half a head apart."""
    rows = tensor.reshape(heads, 2, tensor.shape[0] // heads // 2, *tensor.shape[1:])
    return np.ascontiguousarray(rows.swapaxes(1, 2)).reshape(tensor.shape)
