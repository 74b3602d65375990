"""A forward and a backward pass on sizes alone: what each operation takes, keeps and gives back, and the most held.

An operation is told as torch does it: what it allocates, which tensors its backward pass wants kept, and what room that
needs. Tensors are counted references as in Python: what nobody holds any more is free.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

KEPT, GRADIENT, WORK = "activations", "gradients", "room to compute in"
WEIGHTS = "weights' gradients"


@dataclass(eq=False, slots=True)
class Tensor:
    """Bytes that are held as long as somebody refers to them."""

    size: int
    kind: str
    references: int = 1


@dataclass(eq=False, slots=True)
class _Node:
    out: Tensor
    inputs: Sequence[Tensor]
    kept: Sequence[Tensor]
    back_work: int
    passes: bool
    weight_grad: int


@dataclass(slots=True)
class Tape:
    """Records a forward pass, and plays it backwards."""

    held: Counter[str] = field(default_factory=Counter)
    """Bytes now, by kind."""
    peak: int = 0
    """The most bytes so far."""
    at_peak: Counter[str] = field(default_factory=Counter)
    """What they were."""
    sums_in_place: bool = True
    """Whether gradients that meet are summed into the first, as torch does unless something watches its operations."""
    keeping: bool = True
    """Whether anything is kept for a backward pass."""
    _nodes: list[_Node] = field(default_factory=list)

    def new(self, size: int, kind: str = KEPT) -> Tensor:
        """A tensor of `size` bytes, with one reference to it."""
        self.held[kind] += size
        self._look()
        return Tensor(size, kind)

    def drop(self, *tensors: Tensor) -> None:
        """One reference less to each."""
        for tensor in tensors:
            tensor.references -= 1
            if tensor.references == 0:
                self.held[tensor.kind] -= tensor.size
            assert tensor.references >= 0, "dropped more often than held"

    def op(
        self,
        inputs: Sequence[Tensor],
        size: int,
        *,
        keeps: Sequence[Tensor] = (),
        keeps_out: bool = False,
        work: int = 0,
        back_work: int = 0,
        passes: bool = False,
        weight_grad: int = 0,
    ) -> Tensor:
        """An operation on tensors that a gradient flows to; returns its result of `size` bytes.

        `keeps` are the tensors that its backward pass needs, `keeps_out` its own result among them; `work` is room that
        it needs beside, `back_work` the same going back. It `passes` on the gradient as it is: additions and views do.
        `weight_grad` bytes of a weight's gradient stay when it has gone back.
        """
        with_work = self.new(work, WORK)
        out = self.new(size)
        self.drop(with_work)
        if not self.keeping:
            return out
        kept = [*keeps, *([out] if keeps_out else [])]
        for tensor in kept:
            tensor.references += 1
        self._nodes.append(_Node(out, list(inputs), kept, back_work, passes, weight_grad))
        return out

    def backward(self, out: Tensor, gradient: Tensor) -> dict[Tensor, Tensor]:
        """Play it back from the gradient of `out`, which is used up; returns the gradients of what no operation made.

        Operations go back in the reverse of their order, as torch's engine does where it has the choice.
        """
        waiting = {out: gradient}
        while self._nodes:
            node = self._nodes.pop()
            arrived = waiting.pop(node.out, None)
            if arrived is None:  # nothing depends on it
                self.drop(*node.kept)
                continue
            work = self.new(node.back_work, WORK)
            if node.passes:
                given = [arrived] * len(node.inputs)
                arrived.references += len(given)
            else:
                given = [self.new(tensor.size, GRADIENT) for tensor in node.inputs]
            self.new(node.weight_grad, WEIGHTS)
            self.drop(work, arrived, *node.kept)
            for tensor, gradient in zip(node.inputs, given, strict=True):
                self._add(waiting, tensor, gradient)
        return waiting

    def _add(self, waiting: dict[Tensor, Tensor], tensor: Tensor, given: Tensor) -> None:
        """Sum what arrives for one tensor: into the first where nobody else has it, as torch does."""
        before = waiting.get(tensor)
        if before is None:
            waiting[tensor] = given
        elif before.references == 1 and self.sums_in_place:
            self.drop(given)
        else:
            waiting[tensor] = self.new(given.size, GRADIENT)
            self.drop(before, given)

    def _look(self) -> None:
        total = self.held.total()
        if total > self.peak:
            self.peak, self.at_peak = total, Counter(self.held)
