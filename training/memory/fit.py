"""The settings with which a training fits: the longest sequences, then the fewest switches, then the largest batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from espalier.errors import UserError
from training.config import TrainConfig
from training.memory.plan import Plan, make_plan
from training.memory.shapes import Shape
from training.memory.sizes import shown
from training.memory.switches import Switch, switches

C = TypeVar("C", bound=TrainConfig)

SHORTEST = 128
"""Tokens of the shortest sequences that are worth a plan."""
_STEP = 128
"""Lengths are multiples of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """What a plan becomes with one switch more."""

    switch: Switch
    """The switch."""
    config: TrainConfig
    """The configuration with it and those before."""
    plan: Plan
    """Its plan."""
    saved: int
    """Bytes that it saves after those before it."""


class Fitting:
    """Plans of one model on one device with so much memory."""

    def __init__(self, shape: Shape, *, device: str, dtype: str, memory: int) -> None:
        self.shape, self.device, self.dtype, self.memory = shape, device, dtype, memory

    def plan(self, config: TrainConfig) -> Plan:
        """The plan of a configuration."""
        return make_plan(self.shape, config, device=self.device, dtype=self.dtype)

    def fits(self, config: TrainConfig) -> bool:
        """Whether its plan does."""
        return self.plan(config).total <= self.memory

    def ladder(self, config: TrainConfig) -> list[Rung]:
        """Switches one after the other, until it fits or none is left; those that save nothing are left out."""
        rungs: list[Rung] = []
        before = self.plan(config)
        while before.total > self.memory and (rung := self._next(config, before)):
            rungs.append(rung)
            config, before = rung.config, rung.plan
        return rungs

    def _next(self, config: TrainConfig, before: Plan) -> Rung | None:
        """The first switch that saves something: of another moment, one may save only once a later one is on."""
        for switch in switches(config, self.shape, self.device):
            changed = switch.turned_on(config)
            plan = self.plan(changed)
            if plan.total < before.total:
                return Rung(switch=switch, config=changed, plan=plan, saved=before.total - plan.total)
        return None

    def smallest(self, config: C) -> C:
        """The configuration with every switch on, at the shortest length."""
        now: C = config.model_copy(update={"seq_len": min(config.seq_len, SHORTEST)})
        for switch in switches(now, self.shape, self.device):
            now = switch.turned_on(now)  # type: ignore[assignment]
        return now

    def longest(self, config: TrainConfig, most: int, *, with_switches: bool) -> int:
        """The longest sequences, up to `most` tokens, that fit as configured or with switches; 0 where none does."""

        def fits(seq_len: int) -> bool:
            one = config.model_copy(update={"seq_len": seq_len})
            rungs = self.ladder(one) if with_switches else []
            return (rungs[-1].plan.total if rungs else self.plan(one).total) <= self.memory

        lengths = sorted({*range(_STEP, most + 1, _STEP), most})
        return _last(lengths, fits)

    def choose(self, config: C, most: int) -> C:
        """The configuration that fits with sequences as long as can be, up to `most` tokens.

        A step keeps its number of tokens as nearly as whole sequences allow. UserError where nothing fits.
        """
        seq_len = self.longest(config, most, with_switches=True)
        if not seq_len:
            raise self.too_small(config)
        per_step = config.seq_len * config.micro_batch_size * config.grad_accum
        sequences = max(1, round(per_step / seq_len))
        alone = {"seq_len": seq_len, "micro_batch_size": 1, "grad_accum": sequences}
        chosen: C = config.model_copy(update=alone)
        for rung in self.ladder(chosen):
            chosen = rung.config  # type: ignore[assignment]
        chosen = self._fewest_checkpoints(chosen, config)
        splits = [size for size in range(1, sequences + 1) if sequences % size == 0]

        def batched(size: int) -> C:
            changed: C = chosen.model_copy(update={"micro_batch_size": size, "grad_accum": sequences // size})
            return changed

        return batched(_last(splits, lambda size: self.fits(batched(size))))

    def too_small(self, config: TrainConfig) -> UserError:
        """That the memory is smaller than the smallest plan."""
        least = self.smallest(config)
        total = self.plan(least).total
        return UserError(
            f"nothing fits: the smallest plan ({least.seq_len} tokens, micro_batch_size 1, every switch on) takes "
            f"{shown(total)}, {shown(total - self.memory)} more than the {shown(self.memory)} there are; choose a "
            "smaller base"
        )

    def _fewest_checkpoints(self, chosen: C, asked: TrainConfig) -> C:
        """`chosen` with as few layers checkpointed as fit, where it was not asked for by number."""
        if chosen.memory.gradient_checkpointing != "all" or asked.memory.gradient_checkpointing == "all":
            return chosen

        def with_fewer(number: int) -> C:
            memory = chosen.memory.model_copy(update={"gradient_checkpointing": number})
            changed: C = chosen.model_copy(update={"memory": memory})
            return changed

        layers = len(self.shape.layers)
        spared = _last(list(range(layers)), lambda fewer: self.fits(with_fewer(layers - fewer)))
        return with_fewer(layers - spared) if spared else chosen


def _last(values: list[int], fits: Callable[[int], bool]) -> int:
    """The last of `values` that fits, where all before it do; 0 where the first does not."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if fits(values[middle]):
            low = middle + 1
        else:
            high = middle
    return values[low - 1] if low else 0
