"""Checkpointed layers learn what plain ones learn, bit for bit, from less."""

import copy
from typing import Any

import pytest
import torch

from espalier.errors import UserError
from espalier.models.compiling import compile_layers
from tests.training.switches.shapes import batch, kept_bytes, learned, make, same
from training.config import MemorySettings
from training.objectives.sft import sft
from training.switches import offload
from training.switches.apply import apply
from training.switches.offload import Offload

SHAPES = ["llama", "qwen3", "gemma3_text"]
CHECKPOINTED = MemorySettings(gradient_checkpointing="all")
OFFLOADED = MemorySettings(gradient_checkpointing="all", offload_checkpoints=True)
SOME = MemorySettings(gradient_checkpointing=2, offload_checkpoints=True)


def switched(model: Any, settings: MemorySettings, *, compiled: bool = False) -> Any:
    if compiled:
        compile_layers(model)
    apply(model, settings, compiled=compiled)
    return model


@pytest.mark.parametrize("settings", [CHECKPOINTED, OFFLOADED, SOME], ids=["all", "offloaded", "some"])
@pytest.mark.parametrize("lora", [True, False], ids=["lora", "full"])
@pytest.mark.parametrize("kind", SHAPES)
def test_loss_and_gradients_are_those_of_the_plain_path(kind: str, lora: bool, settings: MemorySettings) -> None:
    dropout = 0.2 if lora else 0.0
    expected = learned(make(kind, lora=lora, dropout=dropout))
    model = switched(make(kind, lora=lora, dropout=dropout), settings)
    same(learned(model), expected, torch.equal)
    same(learned(model), expected, torch.equal)  # buffers are used a second time


@pytest.mark.slow
def test_compiled_layers_are_computed_again_as_they_were_compiled() -> None:
    def graphs() -> int:
        return int(torch._dynamo.utils.counters["stats"]["unique_graphs"])

    plain = switched(make("qwen3", dropout=0.2), MemorySettings(), compiled=True)
    before = graphs()
    expected = learned(plain)
    needed = graphs() - before
    model = switched(make("qwen3", dropout=0.2), SOME, compiled=True)
    before = graphs()
    same(learned(model), expected, torch.equal)
    assert graphs() - before == needed > 0


def test_layers_keep_their_input_alone_and_the_last_may_keep_all() -> None:
    plain = kept_bytes(make("qwen3"))
    some = kept_bytes(switched(make("qwen3"), MemorySettings(gradient_checkpointing=2)))
    checkpointed = kept_bytes(switched(make("qwen3"), CHECKPOINTED))
    offloaded = kept_bytes(switched(make("qwen3"), OFFLOADED))
    hidden = 4 * 16 * batch().weights.numel()
    assert checkpointed - offloaded == 3 * hidden
    assert some - checkpointed == pytest.approx((plain - checkpointed) / 3, rel=0.1)
    assert plain - checkpointed > 3 * 10 * hidden


def test_inputs_are_let_go_and_fetched_one_layer_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    parked: list[Any] = []
    seen: list[tuple[int, list[int]]] = []
    park, fetch = Offload._park, offload._Parked.fetch

    def here() -> list[int]:
        return [one.index for one in parked if one._on_device is not None]

    def parking(self: Offload, index: int, hidden: torch.Tensor) -> Any:
        parked.append(park(self, index, hidden))
        return parked[-1]

    def fetching(one: Any) -> torch.Tensor:
        seen.append((one.index, here()))
        return fetch(one)

    monkeypatch.setattr(Offload, "_park", parking)
    monkeypatch.setattr(offload._Parked, "fetch", fetching)
    model = switched(make("llama"), OFFLOADED)
    loss, _ = sft(model, batch())
    assert [one.index for one in parked] == [0, 1, 2] and here() == [2]
    loss.backward()
    assert seen == [(2, [2]), (1, [1]), (0, [0])] and here() == []


def test_a_model_may_be_called_again_before_the_first_call_is_learned_from() -> None:
    """As an objective that compares two replies does."""

    def both(model: Any) -> dict[str, torch.Tensor]:
        (sft(model, batch(0))[0] - 2 * sft(model, batch(1))[0]).backward()
        return {name: value.grad for name, value in model.named_parameters() if value.grad is not None}

    same(both(switched(make("llama"), OFFLOADED)), both(make("llama")), torch.equal)


def test_a_copy_of_the_model_computes_with_its_own_weights_and_evaluation_is_plain() -> None:
    model = switched(make("llama"), OFFLOADED)
    other = copy.deepcopy(model).eval()
    tokens = batch().sequences.input_ids
    with torch.no_grad():
        expected = model.eval()(tokens).logits
        for parameter in model.parameters():
            parameter.zero_()
    assert torch.equal(other(tokens).logits, expected)


def test_what_does_not_fit_the_model_is_said() -> None:
    with pytest.raises(UserError, match="4 layers, but the model has 3"):
        switched(make("llama"), MemorySettings(gradient_checkpointing=4))
    with pytest.raises(UserError, match="Linear does not say what its decoder layers are"):
        switched(torch.nn.Linear(1, 1), CHECKPOINTED)
