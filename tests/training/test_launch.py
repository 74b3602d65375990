"""Several processes that cannot train a run together are told so before torch is imported."""

import re
from pathlib import Path
from typing import Any

import pytest

from espalier.errors import UserError
from espalier.models import devices
from stage1.train import main
from tests.stage1.commands import TRUNK, make_mix, write_config
from training.config import TrainConfig, TrainOptions
from training.launch import check_process


def config(**changes: Any) -> TrainConfig:
    return TrainConfig(**{"name": "a", "mix": "m", "base": "b", "device": "cpu"} | changes)


def started(monkeypatch: pytest.MonkeyPatch, number: int, **environment: str) -> None:
    """As a launcher would start one of `number` processes on this machine."""
    for name, value in {"WORLD_SIZE": str(number), "LOCAL_WORLD_SIZE": str(number), **environment}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("size", "accum", "number", "says"),
    [
        (4, 1, 2, "1 micro-batch of a step .* by 2 processes; .*--micro_batch_size 2 --grad_accum 2$"),
        (6, 2, 4, "2 micro-batches .* by 4 processes; .*--micro_batch_size 3 --grad_accum 4$"),
        (1, 3, 2, "nor can its 3 sequences"),
    ],
)
def test_what_processes_cannot_share_is_refused_with_the_same_step_in_other_parts(
    monkeypatch: pytest.MonkeyPatch, size: int, accum: int, number: int, says: str
) -> None:
    check_process(config(micro_batch_size=size, grad_accum=accum))
    started(monkeypatch, number)
    with pytest.raises(UserError, match=says) as error:
        check_process(config(micro_batch_size=size, grad_accum=accum))
    advice = re.findall(r"--(\w+) (\d+)", str(error.value))
    if advice:
        other = {name: int(value) for name, value in advice}
        assert other["micro_batch_size"] * other["grad_accum"] == size * accum
        check_process(config(**other))


@pytest.mark.parametrize(
    ("device", "gpus", "number", "says"),
    [
        ("auto", 2, 4, "4 processes were started here, and torch sees 2 GPUs.*--num_processes 2"),
        ("cuda", 1, 2, "torch sees 1 GPU: each needs one of its own"),
        ("cuda:1", 2, 2, "cuda:1 is one GPU, and 2 processes were started here"),
        ("cuda", 2, 2, None),
        ("auto", 0, 2, None),
        ("cpu", 1, 2, None),
    ],
)
def test_each_process_has_a_gpu_of_its_own(
    monkeypatch: pytest.MonkeyPatch, device: str, gpus: int, number: int, says: str | None
) -> None:
    monkeypatch.setattr(devices, "_num_gpus", lambda: gpus)
    started(monkeypatch, number)
    if says is None:
        check_process(config(device=device, grad_accum=4))
        return
    with pytest.raises(UserError, match=says):
        check_process(config(device=device, grad_accum=4))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"optim": {"kind": "muon"}}, "optim.kind: muon"),
        ({"adapter": {"train_embeddings": "tokens"}}, "train_embeddings: .* no single tokens"),
        ({"memory": {"embedding_on_cpu": True}, "adapter": {}}, "memory.embedding_on_cpu"),
    ],
)
def test_what_needs_whole_weights_is_refused_where_they_are_parted(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], says: str
) -> None:
    check_process(config(grad_accum=2, **changes))
    started(monkeypatch, 2, ACCELERATE_USE_FSDP="true", FSDP_VERSION="2")
    check_process(config(grad_accum=2))
    with pytest.raises(UserError, match=says):
        check_process(config(grad_accum=2, **changes))


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "1"}, "--fsdp_version 2"),
        ({"ACCELERATE_USE_DEEPSPEED": "true"}, "deepspeed"),
    ],
)
def test_what_accelerate_was_told_is_refused_where_nothing_is_trained_with_it(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], says: str
) -> None:
    started(monkeypatch, 2, **environment)
    with pytest.raises(UserError, match=says):
        check_process(config(grad_accum=2))


def test_a_plan_says_what_each_process_does_and_begins_nothing(
    monkeypatch: pytest.MonkeyPatch, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_mix(workspace)
    trunk = write_config(workspace, TRUNK, grad_accum=4)
    started(monkeypatch, 2)
    assert main([str(trunk), "--dry_run"]) == 0
    assert "2 processes take 2 of a step's 4 micro-batches of 2 each" in capsys.readouterr().out
    with pytest.raises(UserError, match="cannot be shared evenly"):
        main([str(trunk), "--plan", "--grad_accum", "3"])
    assert not (workspace / "runs").exists() and TrainOptions(dry_run=True).plan
