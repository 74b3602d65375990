"""Liger's kernels are asked for by name; where they cannot be had, one line says why. (Their numbers need a GPU.)"""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

from espalier.errors import UserError
from tests.training.switches.shapes import make
from training.config import MemorySettings
from training.switches.apply import apply
from training.switches.liger import fuse

GPU = torch.device("cuda")


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="need a GPU"):
        apply(make("llama"), MemorySettings(liger=True), compiled=False)
    monkeypatch.setitem(sys.modules, "liger_kernel", None)
    with pytest.raises(UserError, match=r'pip install -e "\.\[liger\]"'):
        fuse(make("llama"), GPU)


def test_the_model_inside_the_adapter_is_given_without_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    patch = SimpleNamespace(
        MODEL_TYPE_TO_APPLY_LIGER_FN={"llama": None},
        _apply_liger_kernel_to_instance=lambda **given: asked.append(given),
    )
    package = ModuleType("liger_kernel.transformers")
    package.monkey_patch = patch  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "liger_kernel", ModuleType("liger_kernel"))
    monkeypatch.setitem(sys.modules, "liger_kernel.transformers", package)
    model = make("llama")
    fuse(model, GPU)
    assert asked == [{"model": model.get_base_model(), "cross_entropy": False, "fused_linear_cross_entropy": False}]
    with pytest.raises(UserError, match="no models of the kind gpt2"):
        fuse(make("gpt2"), GPU)
