import random
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from espalier.errors import UserError
from espalier.models.loading import restore_weights
from tests import tiny
from training.checkpoint import Progress, find_checkpoint, list_checkpoints, remove_later, restore, save_checkpoint
from training.optimizers import OptimSettings, make_optimizer

IDS = torch.tensor([[1, 40, 41, 42, 7]])


def steps(model: Any, optimizer: Any, count: int) -> None:
    for _ in range(count):
        model(input_ids=IDS, labels=IDS).loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def pair(seed: int = 0, kind: str = "adamw") -> tuple[Any, Any]:
    model = tiny.model(seed, width=16)  # an embedding of more than 4,096 numbers, less than which 8 bits do not begin
    return model, make_optimizer(model, OptimSettings(kind=kind, lr=0.01, weight_decay=0.1))


def save(folder: Path, model: Any, optimizer: Any, step: int, keep: int = 2) -> Path:
    progress = Progress(step=step, tokens=7 * step, seconds=0.1 + 0.2, window_loss=1 / 3, window_steps=2)
    return save_checkpoint(
        folder, progress, model=model, renderer=tiny.renderer(), base=None, optimizer=optimizer, keep=keep
    )


@pytest.mark.parametrize("kind", get_args(OptimSettings.model_fields["kind"].annotation))
def test_training_goes_on_as_if_nothing_had_happened(tmp_path: Path, kind: str) -> None:
    model, optimizer = pair(kind=kind)
    steps(model, optimizer, 3)
    path = save(tmp_path, model, optimizer, 3)
    expected_draws = (random.random(), np.random.random(), torch.rand(3).tolist())
    steps(model, optimizer, 3)

    other, other_optimizer = pair(seed=9, kind=kind)
    steps(other, other_optimizer, 1)
    restore_weights(other, path)
    progress = restore(path, model=other, optimizer=other_optimizer)
    assert (random.random(), np.random.random(), torch.rand(3).tolist()) == expected_draws
    assert progress == Progress(step=3, tokens=21, seconds=0.1 + 0.2, window_loss=1 / 3, window_steps=2)
    steps(other, other_optimizer, 3)
    for mine, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    eight_bit = any(value.dtype == torch.uint8 for value in load_file(path / "optimizer.safetensors").values())
    assert eight_bit == kind.endswith("8bit")


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    model, optimizer = pair()
    steps(model, optimizer, 1)
    for step in (5, 10, 1_000_000, 1_000_005):
        save(tmp_path, model, optimizer, step)
    assert [path.name for path in list_checkpoints(tmp_path)] == ["step-1000000", "step-1000005"]
    assert find_checkpoint(tmp_path) == tmp_path / "step-1000005"


def test_the_last_good_one_outlives_a_failed_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, optimizer = pair()
    steps(model, optimizer, 1)
    save(tmp_path, model, optimizer, 1, keep=1)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("training.checkpoint.save_file", full)
    with pytest.raises(OSError, match="No space left"):
        save(tmp_path, model, optimizer, 2, keep=1)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.glob("*step*")] == ["step-000001"]
    assert find_checkpoint(tmp_path) == tmp_path / "step-000001"


def test_what_the_disk_garbled_is_not_taken_for_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, optimizer = pair()
    steps(model, optimizer, 1)
    from safetensors.torch import save_file

    def garbled(tensors: dict[str, torch.Tensor], path: Path) -> None:
        save_file({name: value + (1 if value.is_floating_point() else 0) for name, value in tensors.items()}, path)

    monkeypatch.setattr("training.checkpoint.save_file", garbled)
    with pytest.raises(UserError, match="something else than was written"):
        save(tmp_path, model, optimizer, 1)
    assert list_checkpoints(tmp_path) == []


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "random.safetensors", "state.json"])
def test_one_flipped_bit_is_found_and_the_way_out_named(tmp_path: Path, name: str) -> None:
    model, optimizer = pair()
    steps(model, optimizer, 1)
    save(tmp_path, model, optimizer, 1)
    path = save(tmp_path, model, optimizer, 2)
    content = bytearray((path / name).read_bytes())
    content[len(content) // 2] ^= 4
    (path / name).write_bytes(content)
    with pytest.raises(UserError, match=rf"step-000002 is damaged: .*{name}.*--resume_from step-000001"):
        find_checkpoint(tmp_path)
    earlier = find_checkpoint(tmp_path, "step-000001")
    assert earlier is not None
    remove_later(earlier)
    assert find_checkpoint(tmp_path) == earlier


def test_a_checkpoint_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    assert find_checkpoint(tmp_path) is None
    model, optimizer = pair()
    steps(model, optimizer, 1)
    save(tmp_path, model, optimizer, 4)
    with pytest.raises(UserError, match="no checkpoint 'step-3' .* it holds step-000004"):
        find_checkpoint(tmp_path, "step-3")
