"""Where the updates of an adapter begin.

LoRA begins at random, with a second factor of zero; PiSSA with the principal directions of the weights; EVA with those
of what the layers read. Each of them begins as the base does, and leaves the base as it is: an adapter is one file that
any tool puts on the base that its user has, in 4 bits or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch.nn import functional as F

from data_mix.packing.pack import Pack
from espalier.command_line import processes
from espalier.errors import UserError
from espalier.models.adapters import TRAINED
from training.batches import Batch, PackBatches
from training.config import TrainConfig
from training.sequences import logits_at

Tensor = torch.Tensor

_EVA_TOKENS = 4096
"""Trained tokens that EVA looks at, if there are as many: some tens for each direction that it is to find."""
_EVA_AT_ONCE = 512
"""And how many of a batch, so that no layer holds more of them."""
_SMALL = 512
"""Matrices of no more rows or columns are decomposed exactly; of larger ones the principal part is iterated towards."""


class Departure(torch.nn.Module):
    """A factor of an update that is measured from where it began: beside the part that is trained, a frozen one.

    PiSSA (Meng et al. 2024, arXiv:2404.02948) trains the principal part of the weights, A and B, and freezes the rest,
    W - s·B₀A₀. Here W is frozen as it is, and the update is s·(BA - B₀A₀): the same model, written as LoRA of twice the
    rank with the factors [A; A₀] and [B, -B₀]. So it is computed as it will be wherever it is loaded, bit for bit.
    """

    frozen: Tensor

    def __init__(self, factor: torch.nn.Linear, dim: int) -> None:
        """`factor` of twice the rank, which is its dimension `dim`; the first half of it will be trained."""
        super().__init__()
        self._dim = dim
        trained, frozen = factor.weight.detach().chunk(2, dim)
        self.trained = torch.nn.Parameter(trained.clone())
        self.register_buffer("frozen", frozen.clone(), persistent=False)

    @property
    def weight(self) -> Tensor:
        """Both parts."""
        return torch.cat([self.trained, self.frozen], self._dim)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight)

    def begin(self, value: Tensor, sign: int) -> None:
        """Begin at `value`, with `sign` · `value` for the frozen part."""
        self.trained.data.copy_(value)
        self.frozen.copy_(sign * value)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        destination[f"{prefix}weight"] = self.weight.detach()

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *_: Any) -> None:
        if f"{prefix}weight" not in state_dict:
            return
        trained, frozen = state_dict[f"{prefix}weight"].chunk(2, self._dim)
        self.trained.data.copy_(trained)
        self.frozen.copy_(frozen)


def measure_from_beginning(model: Any) -> None:
    """Make the updates of an adapted model, which have twice their rank, be measured from where they begin (PiSSA).

    UserError where processes share the weights: they part what is trained, and a frozen half beside it they would not.
    """
    if processes.sharded():
        raise UserError("adapter.init: pissa cannot be parted among processes (FSDP); take DDP, or adapter.init: eva")
    for _, layer in _updates(model):
        layer.lora_A[TRAINED] = Departure(layer.lora_A[TRAINED], 0)
        layer.lora_B[TRAINED] = Departure(layer.lora_B[TRAINED], 1)


@torch.no_grad()
def begin(model: Any, config: TrainConfig, pack: Pack) -> None:
    """Set the updates of an adapted model to where a run is to begin; its random states are left as they are.

    The same settings, weights and rows give the same beginning, on the same machine. UserError where EVA is to learn
    from fewer tokens than an update has ranks.
    """
    adapter = config.adapter
    assert adapter is not None
    if adapter.init == "pissa":
        for _, layer in _updates(model):
            _begin_principal(layer, adapter.r, config.seed)
    elif adapter.init == "eva":
        found = _directions(model, _examples(pack, config), adapter.r, config.seed)
        for name, layer in _updates(model):
            layer.lora_A[TRAINED].weight.copy_(found[name])


def _updates(model: Any) -> Iterator[tuple[str, Any]]:
    from peft.tuners.lora import LoraLayer

    layers = ((name, module) for name, module in model.named_modules() if isinstance(module, LoraLayer))
    return ((name, layer) for name, layer in layers if TRAINED in layer.lora_A)  # a parent's may be elsewhere too


def _begin_principal(layer: Any, r: int, seed: int) -> None:
    from peft.utils.integrations import dequantize_module_weight

    weight = dequantize_module_weight(layer.get_base_layer()).float()
    left, values, right = _principal(weight.T if layer.fan_in_fan_out else weight, r, seed)
    root = (values / layer.scaling[TRAINED]).sqrt()
    layer.lora_A[TRAINED].begin(root[:, None] * right, 1)
    layer.lora_B[TRAINED].begin(left * root, -1)


def _principal(weight: Tensor, r: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """The r largest singular values (r,) of `weight` (rows, columns) with their vectors (rows, r) and (r, columns)."""
    if min(weight.shape) <= _SMALL:
        left, values, right = torch.linalg.svd(weight, full_matrices=False)
        return left[:, :r], values[:r], right[:r]
    # Subspace iteration (Halko et al. 2009, arXiv:0909.4061), with a few directions more than are wanted.
    with _drawn_by(seed, weight.device):
        left, values, right = torch.svd_lowrank(weight, q=min(r + 16, *weight.shape), niter=8)
    return left[:, :r], values[:r], right.T[:r]


def _directions(model: Any, examples: Iterator[Batch], r: int, seed: int) -> dict[str, Tensor]:
    """The r principal directions (r, inputs) of what every adapted layer reads at trained tokens, by its name.

    EVA (Paischer et al. 2024, arXiv:2410.07170) with as many directions for every layer (ρ = 1).
    """
    readers = {name: _Reader(r, seed) for name, _ in _updates(model)}
    wanted: list[Tensor] = []
    with ExitStack() as hooks:
        shared: dict[str, tuple[Tensor, _Reader]] = {}
        for name, layer in _updates(model):
            hooks.callback(layer.register_forward_pre_hook(_shown_to(readers, name, wanted, shared)).remove)
        for batch in examples:
            moved = batch.each(lambda tensor: tensor.to(model.device))
            places = torch.nonzero(moved.weights.flatten() > 0).squeeze(1)
            wanted[:] = [places[:: -(-len(places) // _EVA_AT_ONCE)]]
            logits_at(model, moved.sequences, places[:1])
    for name, reader in readers.items():
        if reader.directions is None:
            raise UserError(
                f"adapter.init: eva looks at what layers read, and found fewer than {r} trained tokens for {name}; "
                "give more rows, a smaller adapter.r, or another beginning"
            )
    return {name: reader.directions for name, reader in readers.items() if reader.directions is not None}


def _shown_to(
    readers: dict[str, _Reader], name: str, wanted: list[Tensor], shared: dict[str, tuple[Tensor, _Reader]]
) -> Callable[..., None]:
    """A hook that shows a layer's reader what the layer reads; layers of a block that read the same share a reader."""
    block = name.rpartition(".")[0]

    def hook(_: Any, arguments: tuple[Tensor, ...]) -> None:
        x = arguments[0]
        if block in shared and shared[block][0] is x:
            readers[name] = shared[block][1]
        else:
            readers[name].read(x, wanted[0])
            shared.clear()  # what the block before read is let go
            shared[block] = x, readers[name]

    return hook


class _Reader:
    """Finds the principal directions of the vectors that it is shown, some hundreds at a time."""

    def __init__(self, r: int, seed: int) -> None:
        from peft.utils.incremental_pca import IncrementalPCA

        self._pca = IncrementalPCA(r, lowrank=True, lowrank_seed=seed)
        self._waiting: list[Tensor] = []
        self._r = r

    @property
    def directions(self) -> Tensor | None:
        """(r, width), orthonormal; None where it was shown fewer vectors than that."""
        return getattr(self._pca, "components_", None)

    def read(self, x: Tensor, places: Tensor) -> None:
        vectors = x.flatten(0, -2)
        self._waiting.append(vectors[places] if len(vectors) > int(places.max()) else vectors)
        if sum(len(part) for part in self._waiting) >= self._r:
            shown = torch.cat(self._waiting).float()
            self._waiting.clear()
            self._pca.lowrank = 2 * self._r <= min(shown.shape)
            self._pca.partial_fit(shown)


def _examples(pack: Pack, config: TrainConfig) -> Iterator[Batch]:
    """The first micro-batches that the run trains on, of one process; enough of them for EVA."""
    batches = PackBatches(pack, micro_batch_size=config.micro_batch_size, grad_accum=1, seed=config.seed)
    seen = 0
    for number in range(-(-len(pack) // config.micro_batch_size)):
        if seen >= _EVA_TOKENS:
            return
        (batch,) = batches(number)
        trained = int((batch.weights > 0).sum())
        if trained:
            seen += min(trained, _EVA_AT_ONCE)
            yield batch


@contextmanager
def _drawn_by(seed: int, device: torch.device) -> Iterator[None]:
    """Random numbers drawn inside are those of `seed`, and none after it are changed."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
