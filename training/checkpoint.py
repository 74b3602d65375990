"""Checkpoints that can be trusted: written aside, read back, renamed; resumed bit for bit, or not at all.

`checkpoints/step-000100/` holds what `save_model` writes (so that it can be chatted with: `basil-core@step-000100`),
`optimizer.safetensors`, `random.safetensors`, `state.json` and, written last, a manifest with every file's hash.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.distributed.tensor import DTensor, distribute_tensor

from espalier.artifacts import records
from espalier.command_line import processes
from espalier.errors import UserError
from espalier.models.adapters import Grown
from espalier.models.loading import ModelRef, save_model, saved_weights, weights_file
from espalier.models.sharded import put_together
from espalier.text.chat import ChatRenderer
from training.together import gathered, on_main


@dataclass(kw_only=True, slots=True)
class Progress:
    """How far a run is: all of the loop's state that is neither weights, optimizer nor random states.

    The place in the data is the step itself: which sequences a step takes is a pure function of seed and step.
    """

    step: int = 0
    """Optimizer steps done."""
    tokens: int = 0
    """Tokens the model has read, padding not counted."""
    seconds: float = 0.0
    """Time spent in steps, over all processes that took part."""
    window_loss: float = 0.0
    """Sum of the losses of the steps since metrics were last logged."""
    window_steps: int = 0
    """How many steps those are."""
    window_facts: dict[str, float] = field(default_factory=dict)
    """Sums of the objective's facts over them."""

    def count(self, loss: float, facts: Mapping[str, float], *, num_tokens: int) -> None:
        """One more step is done."""
        self.step += 1
        self.tokens += num_tokens
        self.window_loss += loss
        self.window_steps += 1
        for name, value in facts.items():
            self.window_facts[name] = self.window_facts.get(name, 0.0) + value

    def close_window(self) -> dict[str, float]:
        """Means over the steps since this was last asked: the loss, and the objective's facts."""
        sums = {"loss": self.window_loss, **self.window_facts}
        means = {name: value / self.window_steps for name, value in sums.items()}
        self.window_loss, self.window_steps, self.window_facts = 0.0, 0, {}
        return means


def save_checkpoint(
    folder: Path,
    progress: Progress,
    *,
    model: Any,
    renderer: ChatRenderer,
    base: ModelRef | None,
    optimizer: torch.optim.Optimizer,
    keep: int,
    grown: Grown | None = None,
) -> Path:
    """Write `step-NNNNNN` into `folder`, and only then remove all but the newest `keep` checkpoints.

    Where several processes train together, all have to ask; the first writes the files that one alone would write.
    """
    target = folder / f"step-{progress.step:06d}"
    weights = saved_weights(model)
    state = _optimizer_tensors(model, optimizer)
    randomness = {name: value for each in gathered(_random_tensors()) for name, value in each.items()}

    def write() -> None:
        with records.staging(target, replace=True) as temporary:
            save_model(model, renderer, temporary, base, weights, grown)
            _write(temporary, progress, state, randomness)
            _read_back(temporary / weights_file(model), weights)
            records.write_manifest(temporary, {"kind": "checkpoint", "step": progress.step})
        for old in list_checkpoints(folder)[:-keep]:
            records.remove_folder(old)

    on_main(write)
    return target


def _write(
    folder: Path, progress: Progress, state: dict[str, torch.Tensor], randomness: dict[str, torch.Tensor]
) -> None:
    """Progress, optimizer and random states, and read back what was written."""
    save_file(state, folder / "optimizer.safetensors")
    save_file(randomness, folder / "random.safetensors")
    version, words, gauss = random.getstate()
    legacy = np.random.get_state(legacy=False)
    records.write_json(
        folder / "state.json",
        {
            "progress": asdict(progress),
            "python_random": [version, list(words), gauss],
            "numpy_random": legacy | {"state": {"key": legacy["state"]["key"].tolist(), "pos": legacy["state"]["pos"]}},
        },
    )
    _read_back(folder / "optimizer.safetensors", state)
    _read_back(folder / "random.safetensors", randomness)


def list_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in `folder`, oldest first. One being written has another name and is not among them."""
    return sorted(folder.glob("step-*"), key=lambda path: int(path.name.removeprefix("step-")))


def find_checkpoint(folder: Path, chosen: str | None = None) -> Path | None:
    """The checkpoint to go on from: the newest, or the `chosen` one; None where there is none yet.

    Raises UserError when it is damaged. Falling back to an earlier one silently would hide that a disk is failing, so
    that is left to the user.
    """
    kept = list_checkpoints(folder)
    if chosen:
        path = next((path for path in kept if path.name == chosen), None)
        if path is None:
            names = ", ".join(path.name for path in kept) or "none"
            raise UserError(f"resume_from: there is no checkpoint {chosen!r} in {folder}; it holds {names}")
    elif not kept:
        return None
    else:
        path = kept[-1]
    try:
        records.verify_manifest(path)
    except UserError as error:
        earlier = [other.name for other in kept if other != path]
        advice = f"go on from an earlier one with --resume_from {earlier[-1]}" if earlier else "there is no earlier one"
        reason = str(error).partition(";")[0]
        raise UserError(
            f"checkpoint {path.name} is damaged: {reason}; {advice}, "
            f"or begin again after espalier rm {folder.parent.name}"
        ) from error
    return path


def remove_later(path: Path) -> None:
    """Remove the checkpoints after `path`, which training goes on from: they belong to a future that will differ."""
    for other in list_checkpoints(path.parent):
        if int(other.name.removeprefix("step-")) > int(path.name.removeprefix("step-")):
            records.remove_folder(other)


def restore(path: Path, *, model: Any, optimizer: torch.optim.Optimizer) -> Progress:
    """Put optimizer and random states of a checkpoint back; returns how far it is. Its weights are in `model` already.

    It may have been written by another number of processes: those that it knows nothing of draw what they would draw
    at the beginning of a run.
    """
    _restore_optimizer(model, optimizer, load_file(path / "optimizer.safetensors"))
    state = records.read_json(path / "state.json")
    version, words, gauss = state["python_random"]
    random.setstate((version, tuple(words), gauss))
    np.random.set_state(state["numpy_random"])
    randomness = load_file(path / "random.safetensors")
    for name, value in randomness.items():
        owner, _, device = name.rpartition("/")
        if owner == _owner() and device == "cpu":
            torch.set_rng_state(value)
        elif owner == _owner():
            torch.cuda.set_rng_state(value, device)
    return Progress(**state["progress"])


def _owner() -> str:
    """What stands before the names of this process's random states: nothing for the first."""
    return "" if processes.is_main() else f"process-{processes.rank()}"


def _random_tensors() -> dict[str, torch.Tensor]:
    devices: Iterable[int] = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    if devices and processes.count() > 1:
        devices = [torch.cuda.current_device()]  # to look at another's would take memory on it
    found = {"cpu": torch.get_rng_state()} | {f"cuda:{index}": torch.cuda.get_rng_state(index) for index in devices}
    return {f"{_owner()}/{name}".removeprefix("/"): value for name, value in found.items()}


def _optimizer_tensors(model: Any, optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """The optimizer's state by parameter name: `NAME/exp_avg` and so on. The learning rate is the schedule's.

    A whole number that is no tensor, as which bitsandbytes counts its steps, is kept as an int64 of no dimension.
    """
    state = put_together(
        (f"{name}/{key}", torch.as_tensor(value))
        for name, parameter in model.named_parameters()
        for key, value in optimizer.state.get(parameter, {}).items()
    )
    return {name: value.cpu().contiguous().clone() for name, value in state.items()}


def _restore_optimizer(model: Any, optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    parameters = dict(model.named_parameters())
    optimizer.state.clear()
    for name, value in tensors.items():
        parameter_name, _, key = name.rpartition("/")
        parameter = parameters[parameter_name]
        if value.ndim == 0 and value.dtype == torch.int64:
            optimizer.state[parameter][key] = value.item()
            continue
        if getattr(optimizer, "is_paged", False) and key in ("state1", "state2"):
            # Memory that the driver may move to the host is had only from the optimizer itself.
            paged: Any = optimizer
            optimizer.state[parameter][key] = paged.get_state_buffer(parameter, dtype=value.dtype).copy_(value)
            continue
        # The step counter stays where AdamW made it: on the CPU, unless the fused kernel wants it beside the weights.
        value = value.to(parameter.device)
        if isinstance(parameter, DTensor) and value.shape == parameter.shape:
            value = distribute_tensor(value, parameter.device_mesh, parameter.placements)
        optimizer.state[parameter][key] = value


def _read_back(path: Path, expected: dict[str, torch.Tensor]) -> None:
    found = load_file(path)
    same = found.keys() == expected.keys() and all(torch.equal(found[n].cpu(), expected[n].cpu()) for n in expected)
    if not same:
        raise UserError(f"{path}: reading it back gave something else than was written; check the disk")
