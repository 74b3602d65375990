"""The flat forward pass beside that of transformers."""

from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model

from espalier.generation.kv_cache import Slots
from espalier.generation.lean_llama import flatten
from tests import tiny
from training.adapters import add_adapter
from training.settings import AdapterSettings

IDS = tiny.renderer().text_prompt("Sophie says: I saw a house. You went to the market?")


def by_flat(model: Any, ids: list[int], shared: int = 0) -> torch.Tensor:
    """Logits after `ids`, of which the first `shared` are read before the others."""
    flat = flatten(model)
    assert flat is not None
    memory = Slots(model.config.num_hidden_layers, 2, len(ids))
    last = len(ids) - 1
    with torch.no_grad():
        for first, end in ((0, shared), (shared, last)):
            if end > first:
                memory.begin(slice(1, 2), first, end)
                flat.read(torch.tensor([ids[first:end]]), torch.arange(first, end), memory.cache)
        memory.move(1, 0)
        memory.go_on(torch.tensor([last]))
        return flat.logits(torch.tensor([ids[-1]]), torch.tensor([last]), memory.cache)[0]


def by_transformers(model: Any, ids: list[int]) -> torch.Tensor:
    with torch.no_grad():
        logits: torch.Tensor = model.eval()(input_ids=torch.tensor([ids])).logits[0, -1]
    return logits


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"num_heads": 4, "num_kv_heads": 2, "width": 16},
        {"tie_embeddings": False},
        {"rope_theta": 100.0, "num_layers": 1},
    ],
)
@pytest.mark.parametrize("shared", [0, 5])
def test_the_same_logits(changes: dict[str, Any], shared: int) -> None:
    model = tiny.model(**changes).eval()
    for parameter in model.parameters():  # norms of ones would hide that their weights were forgotten
        parameter.data += 0.1 * torch.rand(parameter.shape, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(by_flat(model, IDS, shared), by_transformers(model, IDS), rtol=1e-4, atol=1e-5)


def test_far_positions() -> None:
    model = tiny.model(max_positions=1024).eval()
    ids = (IDS * 40)[:700]
    torch.testing.assert_close(by_flat(model, ids), by_transformers(model, ids), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("train_embeddings", ["none", "tokens", "all"])
@pytest.mark.parametrize("tied", [True, False])
def test_adapters_are_folded_in_as_they_are_switched(train_embeddings: Any, tied: bool) -> None:
    base = tiny.model(tie_embeddings=tied)
    plain = by_transformers(base, IDS)
    settings = AdapterSettings(r=2, train_embeddings=train_embeddings)
    model = add_adapter(base, settings, tiny.renderer(), "base", seed=1).eval()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            parameter.data += 0.2 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(len(name)))
    switched_on = by_transformers(model, IDS)
    assert not torch.allclose(switched_on, plain, atol=1e-2)
    torch.testing.assert_close(by_flat(model, IDS), switched_on, rtol=1e-4, atol=1e-5)
    model.base_model.disable_adapter_layers()
    torch.testing.assert_close(by_flat(model, IDS), plain, rtol=1e-4, atol=1e-5)


def test_what_it_cannot_do_is_left_to_transformers() -> None:
    dora = get_peft_model(tiny.model(), LoraConfig(r=2, use_dora=True, target_modules=["q_proj"]))
    for name, parameter in dora.named_parameters():
        if "lora" in name:
            parameter.data += 0.5
    assert flatten(dora) is None
    assert flatten(tiny.model().to(torch.bfloat16)) is None
    bent = tiny.model()
    bent.config.hidden_act = "gelu"
    assert flatten(bent) is None
    assert flatten(tiny.model()) is not None


def test_the_probe_finds_a_forward_pass_that_was_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny.model()
    model.model.layers[0].mlp.register_forward_hook(lambda module, given, out: out * 1.01)
    assert flatten(model) is None


def test_a_large_model_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("espalier.generation.lean_llama._MOST_PARAMETERS", 1000)
    assert flatten(tiny.model()) is None
