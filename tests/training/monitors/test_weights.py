"""Weights that die, explode or become one, and adapters that are all used up."""

from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model

from espalier.signals.records import Severity, Signal
from tests import tiny
from tests.training.monitors.looks import watch
from training.monitors.weights import MONITOR

NAMES = ("length", "longest", "dead", "alike")


def looked(*models: Any) -> list[dict[str, Signal]]:
    from tests.training.monitors.looks import config

    return watch(MONITOR.made(config()), "weights", [{"model": model} for model in models])


def changed(change: Any) -> Any:
    model = tiny.model()
    with torch.no_grad():
        change(model.get_input_embeddings().weight)
    return model


def alarms(signals: dict[str, Signal]) -> dict[str, Severity]:
    return {name: each.severity for name, each in signals.items() if each.severity}


def test_embeddings_that_are_trained_a_little_are_left_alone() -> None:
    before, after = looked(tiny.model(), tiny.trained_a_little(tiny.model()))
    assert set(before) == {f"embeddings.{name}" for name in NAMES} and not alarms(before) and not alarms(after)
    norms = tiny.model().get_input_embeddings().weight.detach().norm(dim=1)
    assert before["embeddings.length"].value == pytest.approx(float(norms.median()))
    assert before["embeddings.longest"].value == pytest.approx(float(norms.max() / norms.median()))


@pytest.mark.parametrize(
    ("name", "change", "severity"),
    [
        ("length", lambda weight: weight.mul_(5), Severity.WARN),
        ("length", lambda weight: weight.mul_(20), Severity.HIGH),
        ("dead", lambda weight: weight[:40].mul_(1e-4), Severity.WARN),
        ("alike", lambda weight: weight.copy_(weight * 0.1 + 1), Severity.WARN),
        ("length", lambda weight: weight[3].fill_(float("nan")), Severity.HIGH),
    ],
)
def test_what_died_exploded_or_became_one_is_told(name: str, change: Any, severity: Severity) -> None:
    _, after = looked(tiny.model(), changed(change))
    assert alarms(after)[f"embeddings.{name}"] is severity
    assert after[f"embeddings.{name}"].said


def test_embeddings_that_grow_in_many_looks_are_left_alone() -> None:
    found = looked(*(changed(lambda weight, times=times: weight.mul_(2.0**times)) for times in range(5)))
    assert [alarms(each) for each in found] == [{}] * 5


def adapted(strength: float, rank: int = 2) -> Any:
    model = get_peft_model(tiny.model(), LoraConfig(r=4, lora_alpha=4, target_modules=["q_proj", "down_proj"]))
    for module in model.modules():
        if hasattr(module, "lora_A") and len(module.lora_A):
            base = module.get_base_layer().weight
            up, down = module.lora_B["default"].weight, module.lora_A["default"].weight
            with torch.no_grad():
                up.zero_()
                down.copy_(torch.linalg.qr(torch.randn(down.shape[1], 4))[0].T)
                up[:, :rank] = torch.linalg.qr(torch.randn(up.shape[0], 4))[0][:, :rank]
                up.mul_(strength * base.norm() / rank**0.5)
    return model


def test_updates_are_measured_beside_what_they_change() -> None:
    [found] = looked(adapted(0.5, rank=2))
    assert set(found) == {"adapter.strength", "adapter.rank"}, "embeddings are frozen"
    assert found["adapter.strength"].value == pytest.approx(0.5, rel=1e-4)
    assert found["adapter.rank"].value == pytest.approx(2 / 4, rel=1e-4) and not alarms(found)


def test_an_adapter_that_is_full_or_overgrows_its_base_is_told() -> None:
    fresh, full, strong, wild = looked(adapted(0.0), adapted(0.5, rank=4), adapted(1.5, rank=1), adapted(4.0, rank=1))
    assert not alarms(fresh)
    assert alarms(full) == {"adapter.rank": Severity.NOTE} and "greater adapter.r" in full["adapter.rank"].said
    assert alarms(strong) == {"adapter.strength": Severity.WARN}
    assert alarms(wild) == {"adapter.strength": Severity.HIGH}
    assert "layers" in wild["adapter.strength"].evidence
