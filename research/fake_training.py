"""A training step whose tensors have shapes and no memory, and the most bytes that were alive in it.

The real code is run: transformers' model class, peft's adapter, bitsandbytes' 4-bit layers, our switches, loss and
optimizer; under torch's FakeTensorMode, with every storage counted from its making to its end. So a step of a model of
8 billion parameters is measured on a machine that could not hold one of its layers.

Tensors are fake tensors of the CPU, since a torch that is built for the CPU alone can make fake ones of a GPU but runs
no backward pass on them. What differs from a GPU is named: attention is the CPU's operation, which keeps what
FlashAttention keeps; the products of the loss are rounded to 16 bits in between, which takes half a tile more; and
gradients that meet are summed into a third tensor, as torch does wherever something watches its operations.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

import training.sequences
from espalier.models.rows import rows_apart
from training import adapters
from training.config import TrainConfig
from training.head import cross_entropy, tiles
from training.optimizers import make_optimizer
from training.sequences import Sequences, weighted_loss
from training.switches import apply as applying
from training.switches import offload

Tensor = torch.Tensor
_ROW = 512
"""Tokens of a packed row."""
_SHORT = 64
"""Tokens of the step before, which makes the optimizer's states."""


@dataclass(frozen=True, kw_only=True)
class Peaks:
    """The most bytes alive in each part of a step."""

    forward: int
    """Forward pass and loss."""
    backward: int
    """Backward pass."""
    optimizer: int
    """Clipping and the optimizer's step."""

    @property
    def all(self) -> int:
        """Of the whole step."""
        return max(self.forward, self.backward, self.optimizer)


class Alive(TorchDispatchMode):
    """Counts the bytes of the storages that operations make, as long as somebody refers to them."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self.where = ""
        self._known: dict[int, int] = {}
        self._elsewhere = False

    def add(self, tensor: Tensor) -> None:
        """Count a tensor's storage."""
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._known or tensor.device.type == "meta":
            return
        self._known[key] = 0 if self._elsewhere else storage.nbytes()
        self.now += self._known[key]
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._end, key)

    def _end(self, key: int) -> None:
        self.now -= self._known.pop(key)

    @contextlib.contextmanager
    def elsewhere(self) -> Iterator[None]:
        """What is made meanwhile lies in other memory, and does not count."""
        before, self._elsewhere = self._elsewhere, True
        try:
            yield
        finally:
            self._elsewhere = before

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = function(*args, **(kwargs or {}))
        for tensor in tree_iter(out):
            if isinstance(tensor, Tensor):
                self.add(tensor)
        return out


def peaks(described: Any, config: TrainConfig, *, dtype: torch.dtype, as_cuda: bool = True) -> Peaks:
    """The peaks of a step under `config` of a model that a transformers configuration describes.

    `as_cuda` computes with the tiles of a GPU, and lets what a GPU's driver or host would hold lie elsewhere.
    """
    with _real_tables():
        return _peaks(_meta_model(described, config, dtype), config, dtype, as_cuda)


def _peaks(model: Any, config: TrainConfig, dtype: torch.dtype, as_cuda: bool) -> Peaks:
    alive = Alive()
    with FakeTensorMode(allow_non_fake_inputs=True), contextlib.ExitStack() as stack:
        made = _made_fake(model)
        if config.memory.embedding_on_cpu:
            with alive.elsewhere():
                alive.add(model.get_input_embeddings().weight)
        for tensor in made:
            alive.add(tensor)
        if as_cuda:
            stack.enter_context(_like_a_gpu(alive))
        stack.enter_context(alive)
        applying.apply(model, config.memory, compiled=False)
        optimizer = make_optimizer(model, config.optim)
        model.train()
        _step(model, optimizer, config, _sequences(1, _SHORT), alive, dtype)
        return _step(model, optimizer, config, _sequences(config.micro_batch_size, config.seq_len), alive, dtype)


def _step(
    model: Any, optimizer: Any, config: TrainConfig, sequences: Sequences, alive: Alive, dtype: torch.dtype
) -> Peaks:
    """As training.loop does it, but for what asks a tensor for its numbers."""
    found = []
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for _ in range(config.grad_accum):
        places = torch.arange(sequences.input_ids.numel())
        weights = torch.ones(places.shape)
        alive.peak = alive.now
        autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16)
        with autocast, mock.patch.object(training.sequences, "rows_apart", _rows_apart):
            loss = weighted_loss(model, sequences, places, weights)
        found.append(alive.peak)
        alive.peak = alive.now
        loss.backward()  # type: ignore[no-untyped-call]
        del loss, places, weights
        found.append(alive.peak)
    alive.peak = alive.now
    torch.nn.utils.clip_grad_norm_(parameters, config.optim.clip, foreach=True)
    optimizer.step()
    stepped = alive.peak
    optimizer.zero_grad(set_to_none=True)
    return Peaks(forward=max(found[::2]), backward=max(found[1::2]), optimizer=stepped)


def _rows_apart(model: Any, rows: Tensor) -> Any:
    """Where rows begin is worked out with the numbers of a tensor: with real ones."""
    with torch._subclasses.fake_tensor.unset_fake_temporarily():
        return rows_apart(model, rows)


def _sequences(count: int, seq_len: int) -> Sequences:
    """Packed rows of one length. Their numbers are real, for attention asks where they begin."""
    with torch._subclasses.fake_tensor.unset_fake_temporarily():
        rows = (torch.arange(seq_len) // _ROW).repeat(count, 1)
    ids = torch.zeros((count, seq_len), dtype=torch.int64)
    return Sequences(input_ids=ids, labels=ids.clone(), position_ids=ids.clone(), rows=rows)


def _meta_model(described: Any, config: TrainConfig, dtype: torch.dtype) -> Any:
    """The model to be trained, on the meta device."""
    from transformers import AutoModelForCausalLM
    from transformers.initialization import no_init_weights

    kind = dtype if config.adapter else torch.float32
    with torch.device("meta"), no_init_weights():
        model = AutoModelForCausalLM.from_config(described, dtype=kind)
        model.tie_weights()
        if config.adapter is None:
            return model.requires_grad_(True)
        if config.load_in_4bit:
            _in_4_bits(model, dtype)
        model.requires_grad_(False)
        # Where the embedding lies, no meta tensor can say: it is counted as lying elsewhere.
        with mock.patch.object(applying, "keep_embedding_on_cpu"):
            applying.apply_to_base(model, config.memory)
        renderer: Any = None  # is asked for a template's tokens alone
        return adapters.add_adapter(model, config.adapter, renderer, "path:none", 0)


def _in_4_bits(model: Any, dtype: torch.dtype) -> None:
    """bitsandbytes' layers in the place of linear ones, as loading in 4 bits leaves them.

    Their weights are plain parameters with the attributes of bitsandbytes' own, which no fake tensor can become.
    """
    import bitsandbytes
    from bitsandbytes import functional

    output = model.get_output_embeddings()
    for name, layer in list(model.named_modules()):
        if not isinstance(layer, torch.nn.Linear) or layer is output:
            continue
        made = bitsandbytes.nn.Linear4bit(
            layer.in_features,
            layer.out_features,
            bias=layer.bias is not None,
            compute_dtype=dtype,
            compress_statistics=True,
            quant_type="nf4",
        )
        packed, state = functional.quantize_4bit(layer.weight.data, quant_type="nf4", compress_statistics=True)
        weight = torch.nn.Parameter(packed, requires_grad=False)
        for key, value in (("quant_state", state), ("compress_statistics", True), ("quant_type", "nf4")):
            setattr(weight, key, value)
        weight.quant_storage = torch.uint8  # type: ignore[attr-defined]
        del made.weight
        made.weight = weight
        made.compute_type_is_set = True
        model.set_submodule(name, made)
    model.is_loaded_in_4bit = True


@contextlib.contextmanager
def _real_tables() -> Iterator[None]:
    """bitsandbytes works out its tables of 8-bit numbers with the values of tensors: those are real."""
    from bitsandbytes import functional

    make = functional.create_dynamic_map

    def made(*args: Any, **kwargs: Any) -> Tensor:
        with torch._subclasses.fake_tensor.unset_fake_temporarily(), torch.device("cpu"):
            table: Tensor = make(*args, **kwargs)
        return table

    with (
        mock.patch.object(functional, "create_dynamic_map", made),
        mock.patch.dict(functional.name2qmap, {"dynamic": made()}),
    ):
        yield


def _made_fake(model: Any) -> list[Tensor]:
    """Fake tensors in the place of a meta model's, tied where they were; returns them."""
    made: dict[int, tuple[Tensor, Tensor]] = {}

    def fake(tensor: Tensor) -> Tensor:
        if id(tensor) not in made:
            made[id(tensor)] = (tensor, torch.empty(tensor.shape, dtype=tensor.dtype))
        return made[id(tensor)][1]

    parameters: dict[int, tuple[Tensor, Tensor]] = {}
    for module in model.modules():
        for name, old in list(module._parameters.items()):
            if old is None:
                continue
            if id(old) not in parameters:
                parameters[id(old)] = (old, _fake_parameter(old, fake))
            module._parameters[name] = parameters[id(old)][1]
        for name, old in list(module._buffers.items()):
            if old is not None:
                module._buffers[name] = fake(old)
    return [tensor for _, tensor in made.values()]


def _fake_parameter(old: Any, fake: Any) -> Tensor:
    new: Any = torch.nn.Parameter(fake(old), requires_grad=old.requires_grad)
    state = getattr(old, "quant_state", None)
    if state is not None:
        for part in (state, state.state2):
            part.absmax, part.code = fake(part.absmax), fake(part.code)
        state.offset = fake(state.offset)
        for key in ("quant_state", "compress_statistics", "quant_type", "quant_storage"):
            setattr(new, key, getattr(old, key))
    return new


@contextlib.contextmanager
def _like_a_gpu(alive: Alive) -> Iterator[None]:
    """Decisions that code makes by a tensor's device are those of a GPU."""
    enabled, take = torch.is_autocast_enabled, offload.Offload._take

    def taken(self: Any, like: Tensor) -> Tensor:
        with alive.elsewhere():
            return take(self, like)

    with (
        mock.patch.object(cross_entropy, "CPU_TILE", tiles.GPU_TILE),
        mock.patch.object(torch, "is_autocast_enabled", lambda kind="cpu": enabled(kind)),
        mock.patch.object(offload.Offload, "_take", taken),
    ):
        yield
