"""Weights: embeddings that die, explode or all become one, and adapters that have run out of room.

Embeddings are looked at where they are trained, an adapter's updates beside the weights that they change. They are
held to what they were at the looks before: a model grown from random weights is to grow, but not all at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import torch

from espalier.models.adapters import TRAINED
from espalier.signals.records import Severity, Signal
from training.config import TrainConfig
from training.monitors.base import History, Look, MonitorKind

_DEAD = 0.01
"""Of the median length, that below which an embedding is dead."""
_DIED = 0.01
"""Of all embeddings, a share that died since the first look and is worth a warning."""
_GREW = {Severity.WARN: 4.0, Severity.HIGH: 8.0}
"""Times that embeddings grew between two looks."""
_ONE = {Severity.WARN: 0.6}
"""By how much more alike than at the first look all embeddings are, as a cosine. Nothing to stop for: those of a model
that grows from random weights come to share a direction."""
_STRONG = {Severity.WARN: 1.0, Severity.HIGH: 3.0}
"""Lengths of the updates over those of the weights that they change, in the middle of all layers."""
_FULL = 0.9
"""Of an adapter's rank, the share from which it is used up."""
Figures = dict[str, float]


class Weights:
    """The monitor."""

    def __init__(self, config: TrainConfig) -> None:
        self._lengths: dict[str, float] = {}

    @torch.no_grad()
    def look(self, look: Look) -> Iterable[Signal]:
        """Signals `embeddings.…` where they are trained, `adapter.…` where there is one."""
        for number, weight in enumerate(_trained_embeddings(look.step.model)):
            yield from _of_embeddings(f"embeddings{number + 1 if number else ''}", _embeddings(weight), look.history)
        if updates := [self._update(name, module) for name, module in _adapted(look.step.model)]:
            yield from _of_adapter(updates)

    def _update(self, name: str, module: Any) -> tuple[str, float, float]:
        """An adapted layer's name; its update's length over that of its weights, and the share of its rank in use."""
        if name not in self._lengths:
            self._lengths[name] = float(torch.linalg.vector_norm(_plain(module.get_base_layer())))
        down, up = module.lora_A[TRAINED].weight.double(), module.lora_B[TRAINED].weight.double()
        # The singular values of up @ down, from two matrices of the size of the rank.
        reduced = torch.linalg.qr(up)[1] @ torch.linalg.qr(down.T)[1].T
        singular = torch.linalg.svdvals(reduced) * module.scaling[TRAINED]
        shares = singular / singular.sum() if float(singular.sum()) > 0 else torch.ones_like(singular[:1])
        # The exponential of the entropy: as many directions of one strength are as spread (Roy & Vetterli 2007).
        in_use = math.exp(float(torch.special.entr(shares).sum()))
        return name, float(singular.norm()) / (self._lengths[name] or math.inf), in_use / len(singular)


def _trained_embeddings(model: Any) -> Iterator[torch.Tensor]:
    found = {id(each.weight): each.weight for each in model.modules() if isinstance(each, torch.nn.Embedding)}
    yield from (weight for weight in found.values() if weight.requires_grad)


def _embeddings(weight: Any) -> Figures:
    whole = weight.full_tensor() if hasattr(weight, "full_tensor") else weight
    lengths = torch.linalg.vector_norm(whole.float(), dim=1)
    middle = float(lengths.median())
    alive = lengths > _DEAD * middle
    directions = whole.float()[alive] / lengths[alive].unsqueeze(1)
    return {
        "length": middle,
        "longest": float(lengths.max()) / (middle or math.inf),
        "dead": 1 - float(alive.float().mean()),
        "alike": float(directions.mean(0).square().sum()) if bool(alive.any()) else 1.0,
    }


def _of_embeddings(name: str, now: Figures, history: History) -> Iterator[Signal]:
    if not all(map(math.isfinite, now.values())):
        yield Signal(name=f"{name}.length", severity=Severity.HIGH, said=f"{name} are not finite any more")
        return
    before = {key: [value for _, value in history.series(f"weights.{name}.{key}")] for key in now}
    tests = {
        "length": (_GREW, now["length"] / (before["length"][-1] or math.inf) if before["length"] else 0.0),
        "dead": ({Severity.WARN: _DIED}, now["dead"] - before["dead"][0] if before["dead"] else 0.0),
        "alike": (_ONE, now["alike"] - before["alike"][0] if before["alike"] else 0.0),
    }
    told = {
        "length": f"{name} grew {tests['length'][1]:.3g} times as long since the last look",
        "dead": f"{now['dead']:.1%} of the {name} are next to nothing beside the others",
        "alike": f"{name} have become alike: they share one direction by {now['alike']:.2f}",
    }
    for key, value in now.items():
        bounds, found = tests.get(key, ({}, 0.0))
        severity = max((each for each, bound in bounds.items() if found > bound), default=None)
        yield Signal(
            name=f"{name}.{key}",
            value=value,
            severity=severity,
            said=told[key] if severity else "",
            evidence=dict(now) if severity else {},
        )


def _adapted(model: Any) -> Iterator[tuple[str, Any]]:
    for name, module in model.named_modules():
        if TRAINED in getattr(module, "lora_A", {}):
            yield name, module


def _plain(layer: Any) -> torch.Tensor:
    """A layer's weights, whatever they are held in."""
    from peft.utils.integrations import dequantize_module_weight

    weight: torch.Tensor = dequantize_module_weight(layer)
    return weight.float()


def _of_adapter(updates: list[tuple[str, float, float]]) -> Iterator[Signal]:
    middle = sorted(updates, key=lambda each: each[1])[len(updates) // 2][1]
    used = sorted(each[2] for each in updates)[len(updates) // 2]
    severity = max((each for each, bound in _STRONG.items() if middle > bound), default=None)
    said = f"the adapter's updates are {middle:.2f} times as long as the weights that they change" if severity else ""
    longest = sorted(updates, key=lambda each: -each[1])[:3]
    evidence = {"layers": {name: {"strength": one, "rank in use": other} for name, one, other in longest}}
    yield Signal(
        name="adapter.strength", value=middle, severity=severity, said=said, evidence=evidence if severity else {}
    )
    full = used > _FULL and middle > _STRONG[Severity.WARN] / 10
    yield Signal(
        name="adapter.rank",
        value=used,
        severity=Severity.NOTE if full else None,
        said=f"the adapter uses {used:.0%} of its rank: a greater adapter.r would be used too" if full else "",
        evidence=evidence if full else {},
    )


MONITOR = MonitorKind(
    name="weights",
    looks_at="lengths and directions of trained embeddings, and an adapter's updates beside the weights they change",
    evidence="the figures, and the layers that changed most",
    make=Weights,
)
