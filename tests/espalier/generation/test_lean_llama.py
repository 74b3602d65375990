"""The lean forward pass beside that of transformers: the same logits, the same text, a fraction of the operations."""

import copy
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import LlamaForCausalLM

from espalier.generation.generate import generate
from espalier.generation.kv_cache import Slots
from espalier.generation.lean_llama import lean
from tests import tiny
from training.adapters import add_adapter
from training.config import AdapterSettings

IDS = tiny.renderer().text_prompt("Sophie says: I saw a house. You went to the market?")


def by_lean(model: Any, ids: list[int], shared: int = 0) -> torch.Tensor:
    """Logits after `ids`, of which the first `shared` are read before the others."""
    network = lean(model)
    assert network is not None
    memory = Slots(model.config.num_hidden_layers, 2, len(ids))
    last = len(ids) - 1
    with torch.no_grad():
        for first, end in ((0, shared), (shared, last)):
            if end > first:
                memory.begin(slice(1, 2), first, end)
                network.read(torch.tensor([ids[first:end]]), torch.arange(first, end), memory)
        memory.move(1, 0)
        memory.go_on(torch.tensor([last]), last + 1)
        return network.logits(torch.tensor([ids[-1]]), torch.tensor([last]), memory)[0]


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
    torch.testing.assert_close(by_lean(model, IDS, shared), by_transformers(model, IDS), rtol=1e-4, atol=1e-5)


LLAMA3 = {"rope_type": "llama3", "rope_theta": 500.0, "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 64}  # fmt: skip


@pytest.mark.parametrize("rope", [None, LLAMA3])
def test_far_positions(rope: dict[str, Any] | None) -> None:
    model = tiny.model(max_positions=1024).eval()
    if rope:
        model.config.rope_parameters = rope
        model = LlamaForCausalLM(model.config).eval()
    ids = (IDS * 40)[:700]
    torch.testing.assert_close(by_lean(model, ids), by_transformers(model, ids), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [{"train_embeddings": "none"}, {"train_embeddings": "tokens"}, {"train_embeddings": "all"}, {"kind": "dora"}],
)
@pytest.mark.parametrize("tied", [True, False])
def test_adapters_are_folded_in_as_they_are_switched(settings: dict[str, Any], tied: bool) -> None:
    base = tiny.model(tie_embeddings=tied)
    plain = by_transformers(base, IDS)
    model = add_adapter(base, AdapterSettings(r=2, **settings), tiny.renderer(), "base", seed=1).eval()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            parameter.data += 0.2 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(len(name)))
    switched_on = by_transformers(model, IDS)
    assert not torch.allclose(switched_on, plain, atol=1e-2)
    torch.testing.assert_close(by_lean(model, IDS), switched_on, rtol=1e-4, atol=1e-5)
    model.base_model.disable_adapter_layers()
    torch.testing.assert_close(by_lean(model, IDS), plain, rtol=1e-4, atol=1e-5)


class Operations(TorchDispatchMode):
    """How many operations torch is asked for inside, those aside that only look at a tensor another way."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += not func.is_view
        return func(*args, **kwargs or {})


def written(model: Any) -> tuple[list[str], int]:
    """Greedy replies of unlike lengths, and the operations that they took."""
    prompts = ["Anna ate the cake.", "Sophie saw a house. You went to the", "I", "You saw", "Hi Sophie", "the market?"]
    with Operations() as operations:
        replies = generate(model, tiny.renderer(), prompts, max_new_tokens=32, batch_size=5)
    return [reply.text for reply in replies], operations.count


SHAPES: list[dict[str, Any]] = [
    {},
    {"num_heads": 4, "num_kv_heads": 2, "width": 16},
    {"num_heads": 4, "num_kv_heads": 1, "width": 16, "num_layers": 4},
    {"tie_embeddings": False, "num_layers": 1, "rope_theta": 100.0},
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("adapted", [False, True])
def test_what_it_is_worth(shape: dict[str, Any], adapted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same replies for less than half of the operations, or a third with an adapter: they are where time goes."""
    model = tiny.model(**{"init_std": 0.6} | shape)
    if adapted:
        model = add_adapter(model, AdapterSettings(r=2), tiny.renderer(), "base", seed=1)
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter.data += 0.2 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(len(name)))
    replies, with_it = written(model)
    monkeypatch.setenv("ESPALIER_LEAN", "off")
    assert lean(model) is None
    plain, without = written(model)
    assert replies == plain and len(set(plain)) > 1
    assert with_it < without / (3 if adapted else 2)


class Wrapped(torch.nn.Module):
    """What a later transformers might put around a projection."""

    def __init__(self, inner: torch.nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.inner(hidden)
        return found


def wrapped() -> Any:
    model = tiny.model()
    model.model.layers[1].mlp.gate_proj = Wrapped(model.model.layers[1].mlp.gate_proj)
    return model


def with_angles_that_change() -> Any:
    model = tiny.model(max_positions=1024)
    config = copy.deepcopy(model.config)
    config.rope_parameters = {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0}
    changed = LlamaForCausalLM(config)
    changed.load_state_dict(model.state_dict())
    return changed


def changed_by_a_hook() -> Any:
    model = tiny.model()
    model.model.layers[0].mlp.register_forward_hook(lambda module, given, out: out * 1.01)
    return model


def with_another_activation() -> Any:
    model = tiny.model()
    model.config.hidden_act = "gelu"
    return model


def with_an_output_of_its_own() -> Any:
    model = tiny.model()
    model.lm_head = torch.nn.Linear(8, model.config.vocab_size)
    return model


def in_bfloat16() -> Any:
    return tiny.model().to(torch.bfloat16)


@pytest.mark.parametrize(
    "unlike",
    [
        wrapped,
        with_angles_that_change,
        changed_by_a_hook,
        with_another_activation,
        with_an_output_of_its_own,
        in_bfloat16,
    ],
)
def test_what_is_not_as_expected_is_left_to_transformers(unlike: Any) -> None:
    model = unlike().eval()
    assert lean(model) is None
    assert generate(model, tiny.renderer(), ["I went"], max_new_tokens=2)[0].num_tokens > 0
    assert lean(tiny.model()) is not None


def test_a_large_model_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("espalier.generation.lean_llama._MOST_PARAMETERS", 1000)
    assert lean(tiny.model()) is None
