"""Where an export's tensors come from: the files of a model, one tensor at a time, or a model merged in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.models.references import ModelRef

INDEX = "model.safetensors.index.json"


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Tensors by their names in transformers."""

    shapes: dict[str, tuple[int, ...]]
    """The shape of each."""
    read: Callable[[str], np.ndarray]
    """One of them, in float32."""


@contextmanager
def open_weights(run: ModelRef, merged: Callable[[], Any]) -> Iterator[Weights]:
    """The tensors of a model; of one that is an adapter, or has random weights, those of what `merged` gives.

    Whole models are read from their files, so that never more than one tensor is in memory.
    """
    if run.random_seed is None and not (run.path / "adapter_config.json").exists():
        with ExitStack() as stack:
            yield _of_files(run.path, stack)
        return
    model = merged()
    tied = getattr(model, "all_tied_weights_keys", {})
    state = {name: tensor for name, tensor in model.state_dict().items() if name not in tied}
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    yield Weights(shapes=shapes, read=lambda name: _float32(state[name]))


def _of_files(folder: Path, stack: ExitStack) -> Weights:
    from safetensors import safe_open

    if (folder / INDEX).is_file():
        names = sorted(set(records.read_json(folder / INDEX)["weight_map"].values()))
    else:
        names = ["model.safetensors"]
    place: dict[str, Any] = {}
    for name in names:
        if Path(name).name != name or not (folder / name).is_file():
            raise UserError(f"{folder}: its weights are not there as safetensors ({name})")
        opened = stack.enter_context(safe_open(folder / name, framework="pt"))
        place |= dict.fromkeys(opened.keys(), opened)
    shapes = {name: tuple(file.get_slice(name).get_shape()) for name, file in place.items()}
    return Weights(shapes=shapes, read=lambda name: _float32(place[name].get_tensor(name)))


def _float32(tensor: Any) -> np.ndarray:
    found: np.ndarray = tensor.detach().float().contiguous().numpy()
    return found
