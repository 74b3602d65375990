"""Liger kernels (Hsu et al. 2024, arXiv:2410.10989): norms, rotary positions and gates, each in one pass on a GPU.

They keep less for the backward pass than the operations that they take the place of. Their loss is left out: ours forms
no logits either.
"""

from __future__ import annotations

from typing import Any

import torch

from espalier.errors import UserError


def fuse(model: Any, device: torch.device) -> None:
    """Let `model` compute with Liger's kernels, in place.

    UserError without a GPU, without the package liger-kernel, or for an architecture that it does not know.
    """
    if device.type != "cuda":
        raise UserError("memory.liger: its kernels need a GPU; leave it off on a CPU")
    try:
        from liger_kernel.transformers import monkey_patch
    except ImportError as error:
        raise UserError(f'memory.liger needs another package: pip install -e ".[liger]" ({error})') from error
    base = model.get_base_model() if hasattr(model, "peft_config") else model
    kind = base.config.model_type
    if kind not in monkey_patch.MODEL_TYPE_TO_APPLY_LIGER_FN:
        raise UserError(f"memory.liger: liger-kernel knows no models of the kind {kind}; leave it off")
    monkey_patch._apply_liger_kernel_to_instance(model=base, cross_entropy=False, fused_linear_cross_entropy=False)
