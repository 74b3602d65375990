"""Optimizers, by the name that a configuration gives them.

To add one, write a function of (groups of parameters, settings) under `@optimizer`; `optim.kind` then takes its name. A
checkpoint keeps whatever tensors an optimizer holds for a parameter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from espalier.command_line.config import Config
from espalier.errors import UserError

if TYPE_CHECKING:  # configurations are read before torch is
    import torch

Groups = list[dict[str, Any]]
"""What torch's optimizers take: `params`, and settings of their own (`weight_decay`)."""
Maker = Callable[[Groups, "OptimSettings"], "torch.optim.Optimizer"]
_MAKERS: dict[str, Maker] = {}


def optimizer(make: Maker) -> Maker:
    """Register an optimizer under its function's name."""
    _MAKERS[make.__name__] = make
    return make


@optimizer
def adamw(groups: Groups, settings: OptimSettings) -> torch.optim.Optimizer:
    """AdamW (Loshchilov & Hutter 2017, arXiv:1711.05101). The fused kernel does a step in one pass."""
    import torch

    return torch.optim.AdamW(groups, lr=settings.lr, betas=settings.betas, eps=settings.eps, fused=True)


@optimizer
def adamw_8bit(groups: Groups, settings: OptimSettings) -> torch.optim.Optimizer:
    """AdamW whose moments are kept in 8 bits, quantised by blocks of 256 (Dettmers et al. 2021, arXiv:2110.02861).

    Parameters of fewer than 4,096 numbers keep theirs in float32.
    """
    from bitsandbytes.optim import AdamW8bit

    return _eight_bit(AdamW8bit, groups, settings)


@optimizer
def paged_adamw_8bit(groups: Groups, settings: OptimSettings) -> torch.optim.Optimizer:
    """The same with moments in memory that a GPU's driver moves to the host when it is short; on a CPU just the same.

    Source: Dettmers et al. 2023, arXiv:2305.14314.
    """
    from bitsandbytes.optim import PagedAdamW8bit

    return _eight_bit(PagedAdamW8bit, groups, settings)


def _eight_bit(make: Any, groups: Groups, settings: OptimSettings) -> torch.optim.Optimizer:
    made: torch.optim.Optimizer = make(groups, lr=settings.lr, betas=settings.betas, eps=settings.eps)
    return made


if TYPE_CHECKING:
    Kind = str
else:
    Kind = Literal[tuple(_MAKERS)]


class OptimSettings(Config):
    """The optimizer."""

    kind: Kind = "adamw"
    """Its name."""
    lr: float = Field(4e-3, gt=0)
    """Peak learning rate."""
    betas: tuple[float, float] = (0.9, 0.95)
    """Decay of the first and the second moment."""
    eps: float = Field(1e-8, gt=0)
    """Added to the denominator."""
    weight_decay: float = Field(0.0, ge=0)
    """Decoupled decay of matrices; vectors such as norms are never decayed."""
    clip: float = Field(1.0, gt=0)
    """Gradients are scaled down to this global norm."""


def make_optimizer(model: torch.nn.Module, settings: OptimSettings) -> torch.optim.Optimizer:
    """The optimizer over the parameters that are trained; only matrices decay. UserError where there are none."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trained:
        raise UserError("nothing in the model is trained: give it an adapter, or train it in full (adapter: null)")
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": settings.weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return _MAKERS[settings.kind]([group for group in groups if group["params"]], settings)
