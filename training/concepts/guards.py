"""What holds a subspace: the parts of weights that may not change, and the gradient that does not go through a state.

A part is U'W (what a matrix writes into U) or WV (what it makes of V). Its gradient is projected out as it comes, and
after each step the part is put back: an optimizer that scales each number by itself, as Adam does, turns even a
projected gradient into the subspace, and decay knows nothing of it.
"""

from __future__ import annotations

from typing import Any

import torch

Tensor = torch.Tensor


class Part:
    """A part of a parameter that stays what it is when this is made."""

    def __init__(
        self, parameter: torch.nn.Parameter, *, left: Tensor | None = None, right: Tensor | None = None
    ) -> None:
        """`left` (rows, r), `right` (columns, r): orthonormal; one of them. A vector has rows only."""
        assert (left is None) != (right is None)
        self.parameter = parameter
        self._left = None if left is None else left.to(parameter.device, torch.float32)
        self._right = None if right is None else right.to(parameter.device, torch.float32)
        with torch.no_grad():
            self.kept = self.of(parameter)

    def of(self, value: Tensor) -> Tensor:
        """What of a value of the parameter's shape the part is."""
        value = value.float()
        if self._left is not None:
            return self._left.T @ value
        assert self._right is not None
        return value @ self._right

    def _back(self, part: Tensor) -> Tensor:
        if self._left is not None:
            return self._left @ part
        assert self._right is not None
        return part @ self._right.T

    def project(self, gradient: Tensor) -> Tensor:
        """A gradient of the parameter without what would change the part."""
        return gradient - self._back(self.of(gradient)).to(gradient)

    @torch.no_grad()
    def restore(self) -> None:
        """Put the part back to what it was."""
        self.parameter.add_(self._back(self.kept - self.of(self.parameter)))

    @torch.no_grad()
    def clear(self) -> None:
        """Take the part away, and keep it so."""
        self.kept.zero_()
        self.restore()


class _Blocked(torch.autograd.Function):
    """A state as it is, through which no gradient goes in a subspace."""

    @staticmethod
    def forward(context: Any, hidden: Tensor, basis: Tensor) -> Tensor:
        context.save_for_backward(basis)
        return hidden.view_as(hidden)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (basis,), (gradient,) = context.saved_tensors, gradients
        basis = basis.to(gradient)
        return gradient - (gradient @ basis) @ basis.T, None


def block(reader: torch.nn.Module, basis: Tensor) -> None:
    """Let no training go through what `reader` reads of a subspace (width, r) of its input.

    Only in training: a model that is looked at, or held to its examples, is left alone.
    """

    def blocked(module: torch.nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...] | None:
        hidden, *others = arguments
        if not (module.training and torch.is_grad_enabled()):
            return None
        return _Blocked.apply(hidden, basis), *others  # type: ignore[no-untyped-call]

    reader.register_forward_pre_hook(blocked)
