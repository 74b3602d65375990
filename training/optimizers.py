"""Optimizers, by the name that a configuration gives them.

To add one, write a function of (groups of parameters, settings) under `@optimizer`; `optim.kind` then takes its name. A
checkpoint keeps whatever tensors an optimizer holds for a parameter.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from espalier.command_line import processes
from espalier.command_line.config import Config
from espalier.errors import UserError

if TYPE_CHECKING:  # configurations are read before torch is
    import torch

Groups = list[dict[str, Any]]
"""What torch's optimizers take: `params`, and settings of their own (`weight_decay`). `hidden` says of a group whether
it is of hidden layers' matrices, rather than embeddings, output layer and vectors; `initial_lr`, its own peak rate."""
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

    warnings.filterwarnings("ignore", message="Paged optimizers are not supported on CPU")
    return _eight_bit(PagedAdamW8bit, groups, settings)


@optimizer
def muon(groups: Groups, settings: OptimSettings) -> torch.optim.Optimizer:
    """Muon for the matrices of hidden layers, AdamW for embeddings, output layer and vectors; see training/muon.py."""
    from training.muon import Muon

    if processes.sharded():
        raise UserError("optim.kind: muon takes whole matrices, which FSDP parts among processes; take DDP, or adamw")
    hidden = [{**group, "initial_lr": settings.muon_lr or settings.lr} for group in groups if group["hidden"]]
    others = [group for group in groups if not group["hidden"]]
    return Muon(hidden, others, lr=settings.lr, momentum=settings.muon_momentum, betas=settings.betas, eps=settings.eps)


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
    muon_lr: float | None = Field(None, gt=0)
    """Of kind muon: peak learning rate of hidden matrices, on AdamW's scale; null for the same as `lr`."""
    muon_momentum: float = Field(0.95, ge=0, lt=1)
    """Of kind muon: decay of its momentum."""

    @model_validator(mode="after")
    def _read_by_its_kind(self) -> Self:
        unread = [
            name
            for name in ("muon_lr", "muon_momentum")
            if getattr(self, name) != type(self).model_fields[name].default
        ]
        if self.kind != "muon" and unread:
            raise ValueError(f"{unread[0]}: the optimizer {self.kind} does not read it; kind: muon does")
        return self


def make_optimizer(model: torch.nn.Module, settings: OptimSettings) -> torch.optim.Optimizer:
    """The optimizer over the parameters that are trained; only matrices decay. UserError where there are none."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trained:
        raise UserError("nothing in the model is trained: give it an adapter, or train it in full (adapter: null)")
    hidden = _hidden_matrices(model)
    kinds = [
        ([p for p in trained if p in hidden], True, settings.weight_decay),
        ([p for p in trained if p.ndim >= 2 and p not in hidden], False, settings.weight_decay),
        ([p for p in trained if p.ndim < 2], False, 0.0),
    ]
    groups = [{"params": params, "hidden": of, "weight_decay": decay} for params, of, decay in kinds if params]
    made = _MAKERS[settings.kind](groups, settings)
    for group in made.param_groups:
        group.setdefault("initial_lr", settings.lr)
    return made


def _hidden_matrices(model: torch.nn.Module) -> set[torch.Tensor]:
    """The weights of linear layers but the output layer, which, like an embedding, has a row for each token."""
    from torch.nn import Linear
    from transformers.pytorch_utils import Conv1D

    output: Any = getattr(model, "get_output_embeddings", lambda: None)()
    of_tokens = set() if output is None else set(output.parameters())
    return {module.weight for module in model.modules() if isinstance(module, Linear | Conv1D)} - of_tokens
