from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from espalier.errors import UserError
from espalier.models import devices
from espalier.models.devices import check_here, choose_device, choose_dtype


@pytest.fixture(autouse=True)
def forgotten() -> None:
    devices._num_gpus.cache_clear()


class Driver:
    """libcuda, as far as it is asked."""

    def __init__(self, status: int, gpus: int) -> None:
        self._status, self._gpus = status, gpus

    def cuInit(self, flags: int) -> int:
        return self._status

    def cuDeviceGetCount(self, count: object) -> int:
        count._obj.value = self._gpus  # type: ignore[attr-defined]
        return 0


@pytest.mark.parametrize(
    ("built_for", "driver", "expected"),
    [
        ("cuda", Driver(0, 1), "cuda"),
        ("cuda", Driver(0, 0), "cpu"),
        ("cuda", Driver(100, 1), "cpu"),
        ("cuda", None, "cpu"),
        ("", Driver(0, 1), "cpu"),
    ],
)
def test_auto_is_a_gpu_that_torch_was_built_for_and_whose_driver_answers(
    monkeypatch: pytest.MonkeyPatch, built_for: str, driver: Driver | None, expected: str
) -> None:
    def load(name: str) -> Driver:
        if driver is None:
            raise OSError(f"{name}: cannot open shared object file")
        return driver

    monkeypatch.setattr(devices, "_torch_built_for", lambda: built_for)
    monkeypatch.setattr(devices.ctypes, "CDLL", load)
    assert devices.likely_device("auto") == expected
    assert devices.likely_device("cuda:1") == "cuda:1"
    if expected == "cpu":
        with pytest.raises(UserError, match="device: cuda was asked for, but torch sees no GPU here"):
            check_here("cuda")
    else:
        check_here("cuda")
        check_here("cuda:0")
        with pytest.raises(UserError, match="device: cuda:1 was asked for, but torch sees only cuda:0 here"):
            check_here("cuda:1")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("cuda: Optional[str] = '12.8'\nhip: Optional[str] = None", "cuda"),
        ("cuda: Optional[str] = None\nhip: Optional[str] = '6.4.4'", "hip"),
        ("cuda: Optional[str] = None\nhip: Optional[str] = None", ""),
        ("cuda = '11.8'", "cuda"),
    ],
)
def test_what_torch_was_built_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, expected: str) -> None:
    (tmp_path / "version.py").write_text(f"__version__ = '2.9'\n{lines}\n")
    spec = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(devices.importlib.util, "find_spec", lambda name: spec)
    assert devices._torch_built_for() == expected


def test_it_agrees_with_torch_here() -> None:
    device = devices.likely_device("auto")
    assert device == choose_device("auto")
    for dtype in ("auto", "float32", "bfloat16"):
        assert f"torch.{devices.likely_dtype(dtype, device)}" == str(choose_dtype(dtype, device))
    assert devices.likely_dtype("auto", "cuda") == "bfloat16"


@pytest.mark.parametrize("name", ["auto", "cpu", "cuda", "cuda:0", "cuda:12"])
def test_names_of_devices(name: str) -> None:
    assert devices.named(name) == name


@pytest.mark.parametrize("name", ["gpu", "GPU:1", "0", "cuda:", "cuda:x", "cuda:-1", "CUDA", "mps", "meta", ""])
def test_names_of_none(name: str) -> None:
    with pytest.raises(ValueError, match="is no device: cpu, cuda, cuda:1"):
        devices.named(name)
    for check in (check_here, choose_device):
        with pytest.raises(UserError, match="device: .* is no device"):
            check(name)


def test_advice_for_what_is_meant() -> None:
    for name in ("gpu", "0", "gpu:1"):
        with pytest.raises(ValueError, match="a GPU is called cuda"):
            devices.named(name)
    with pytest.raises(ValueError, match="not supported yet, use cpu"):
        devices.named("mps")


def test_one_of_several_gpus_becomes_the_current_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a model, its batches and accelerate, which only say cuda, mean the same one."""
    current: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", current.append)
    assert choose_device("auto") == choose_device("cuda") == "cuda" and not current
    assert choose_device("cuda:1") == "cuda" and current == [1]
    with pytest.raises(UserError, match="cuda:2 was asked for, but torch sees only cuda:0 to cuda:1 here"):
        choose_device("cuda:2")
    assert choose_device("cpu") == "cpu" and current == [1]
