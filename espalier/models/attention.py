"""Attention computed in float32 while all else is bfloat16, for CPUs.

On a CPU that multiplies bfloat16 natively, matrices take half the time in it, but torch's attention kernel runs its
backward pass three times slower than in float32 (torch 2.13), so that nothing would be won.
"""

from __future__ import annotations

from typing import Any

NAME = "sdpa_float32"


def attend_in_float32(model: Any) -> None:
    """Let a Hugging Face model on the CPU compute its attention in float32, whatever autocast says.

    One that writes its attention out in plain operations (soft caps, sinks) is left as it is: the kernel knows neither.
    """
    import torch
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.integrations.sdpa_attention import sdpa_attention_forward
    from transformers.masking_utils import sdpa_mask

    if model.config._attn_implementation != "sdpa":
        return

    def attend(module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **options: Any) -> tuple[Any, None]:
        with torch.autocast("cpu", enabled=False):
            output, _ = sdpa_attention_forward(
                module, query.float(), key.float(), value.float(), attention_mask, **options
            )
        return output.to(query.dtype), None

    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)
