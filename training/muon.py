"""Muon: steps as long in every direction of a weight matrix (Jordan et al. 2024, kellerjordan.github.io/posts/muon).

The momentum of a matrix's gradient is made orthogonal by Newton–Schulz iterations: all its singular values become about
one, so that what is rare in the data moves the weights as far as what is common. torch's own (`torch.optim.Muon`) goes
through the matrices one by one, in bfloat16. Here those of one shape go together, on a CPU in float32: twice as fast.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import torch

_A, _B, _C = 3.4445, -4.7750, 2.0315
"""Jordan's polynomial a·x + b·x³ + c·x⁵, which brings singular values near one, to between about 0.7 and 1.2."""
_ITERATIONS = 5
_RMS = 0.2
"""The size of an entry of AdamW's usual step, in learning rates."""
_AT_ONCE = 1 << 24
"""Entries that are made orthogonal together, so that large models need no second copy of all their gradients."""


class Muon(torch.optim.Optimizer):
    """Muon for `matrices`, fused AdamW for `others`: groups of parameters each, one optimizer with one state.

    Learning rates are AdamW's: an entry of Muon's step is 0.2 · lr in the quadratic mean, whatever the matrix's shape,
    as AdamW's are (Liu et al. 2025, arXiv:2502.16982), and weight decay shrinks by lr · weight_decay in both. A rate R
    in Jordan's convention (R · √max(1, rows / columns)) is R / (0.2 · √columns) here: his 0.02 is 0.009 where a layer
    has 128 inputs.
    """

    def __init__(
        self,
        matrices: list[dict[str, Any]],
        others: list[dict[str, Any]],
        *,
        lr: float,
        momentum: float,
        betas: tuple[float, float],
        eps: float,
    ) -> None:
        super().__init__([*matrices, *others], {"lr": lr, "weight_decay": 0.0})
        self._momentum = momentum
        self._matrices = self.param_groups[: len(matrices)]
        rest = self.param_groups[len(matrices) :]
        self._adamw = torch.optim.AdamW(rest, lr=lr, betas=betas, eps=eps, fused=True) if rest else None
        if self._adamw:
            # Learning rates are set in the same groups, and a checkpoint finds all there is to keep in one place.
            self._adamw.state = self.state
            self._adamw.param_groups = rest

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self._matrices:
            for matrices in _alike([matrix for matrix in group["params"] if matrix.grad is not None]):
                self._move(matrices, group["lr"], group["weight_decay"])
        if self._adamw:
            self._adamw.step()

    def _move(self, matrices: list[torch.Tensor], lr: float, weight_decay: float) -> None:
        """One step of matrices of one shape, with Nesterov's momentum."""
        gradients = [matrix.grad for matrix in matrices if matrix.grad is not None]
        for matrix in matrices:
            if "momentum_buffer" not in self.state[matrix]:
                self.state[matrix]["momentum_buffer"] = torch.zeros_like(matrix)
        momenta = [self.state[matrix]["momentum_buffer"] for matrix in matrices]
        torch._foreach_lerp_(momenta, gradients, 1 - self._momentum)
        ahead = torch.stack(list(torch._foreach_lerp(gradients, momenta, self._momentum)))
        moves = orthogonal(ahead).to(ahead.dtype)
        torch._foreach_mul_(matrices, 1 - lr * weight_decay)
        torch._foreach_add_(matrices, list(moves.unbind()), alpha=-lr * _RMS * max(ahead.shape[1:]) ** 0.5)


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """(n, rows, columns), each with its singular values brought near one and its singular vectors kept.

    In bfloat16 on a GPU, in float32 on a CPU, where that is faster.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x.float() if x.device.type == "cpu" else x.bfloat16()
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)  # no singular value is above one
    for _ in range(_ITERATIONS):
        squares = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(squares, squares, squares, beta=_B, alpha=_C), x, beta=_A)
    return x.mT if tall else x


def _alike(matrices: list[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """The matrices by shape, device and dtype, not too many at once; in the same order every time."""
    kinds: dict[Any, list[torch.Tensor]] = defaultdict(list)
    for matrix in matrices:
        kinds[matrix.shape, matrix.device, matrix.dtype].append(matrix)
    for (shape, *_), found in kinds.items():
        count = max(1, _AT_ONCE // shape.numel())
        yield from (found[start : start + count] for start in range(0, len(found), count))
