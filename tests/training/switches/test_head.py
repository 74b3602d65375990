"""An output layer in 4 bits computes what the layer with the rounded weights computes."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from bitsandbytes import functional as bnb

from espalier.errors import UserError
from espalier.generation.generate import generate
from espalier.models.loading import load_for_inference, resolve, save_model
from tests import kinds, tiny
from tests.training.head.test_losses import PLACES, gradients, packed
from training.adapters import add_adapter, share_trained
from training.config import AdapterSettings, MemorySettings
from training.head import losses
from training.sequences import logits_at, token_losses
from training.switches import head as switch
from training.switches.apply import apply_to_base
from training.switches.head import HeadIn4bit

Tensor = torch.Tensor
WIDE = {"hidden_size": 64}


def rounded(weight: Tensor) -> Tensor:
    """As bitsandbytes rounds a whole matrix."""
    return bnb.dequantize_4bit(*bnb.quantize_4bit(weight, quant_type="nf4", compress_statistics=True))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_tile_and_some_rows_are_those_of_the_whole(dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch, "_TILE", 512)
    layer = torch.nn.Linear(192, 1500, bias=False).to(dtype)
    head, whole = HeadIn4bit(layer), rounded(layer.weight.detach())
    assert torch.equal(head.tile(slice(0, 1500), dtype), whole)
    assert torch.equal(head.tile(slice(701, 1201), dtype), whole[701:1201])
    assert torch.equal(head.tile(slice(1490, 1600), dtype), whole[1490:])
    ids = torch.tensor([3, 1499, 3, 640])
    assert torch.equal(head.rows(ids, dtype), whole[ids])
    bits = 8 * sum(part.numel() * part.element_size() for part in head.buffers()) / layer.weight.numel()
    assert bits < 4.2


def pair(kind: str, memory: MemorySettings, **changes: Any) -> tuple[Any, Any]:
    """An adapted model with the switch, and one whose output layer has the rounded weights."""

    def adapted(base: Any) -> Any:
        settings = AdapterSettings(r=2, target_modules=["q_proj"])
        return add_adapter(base, settings, tiny.renderer(), "base", seed=1).train()

    base, plain = (kinds.model(kind, **WIDE, **changes) for _ in range(2))
    plain.set_output_embeddings(copy.deepcopy(plain.get_output_embeddings()))
    plain.get_output_embeddings().weight.data = rounded(plain.get_output_embeddings().weight.detach())
    apply_to_base(base, memory)
    return adapted(base), adapted(plain)


@pytest.mark.parametrize("kind", ["llama", "gemma2", "phi", "cohere2"])
def test_losses_gradients_and_logits_are_those_of_the_rounded_weights(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tied = kinds.model(kind, **WIDE).config.tie_word_embeddings
    model, plain = pair(kind, MemorySettings(head_in_4bit=True, embedding_on_cpu=tied))
    assert share_trained(model) == share_trained(kinds_adapted(kind))
    sequences = packed(200)
    torch.testing.assert_close(logits_at(model, sequences, PLACES), logits_at(plain, sequences, PLACES))
    monkeypatch.setattr(losses, "selected_logits", None)
    monkeypatch.setattr(losses, "_in_pieces", None)
    found, expected = (token_losses(each, sequences, PLACES) for each in (model, plain))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    mine, theirs = gradients(model, found.sum()), gradients(plain, expected.sum())
    assert mine.keys() == theirs.keys() and mine
    for name, value in theirs.items():
        torch.testing.assert_close(mine[name], value, atol=1e-5, rtol=1e-4)


def kinds_adapted(kind: str) -> Any:
    settings = AdapterSettings(r=2, target_modules=["q_proj"])
    return add_adapter(kinds.model(kind, **WIDE), settings, tiny.renderer(), "base", seed=1)


def test_it_samples_and_says_of_an_adapter_what_it_stands_on(tmp_path: Path) -> None:
    model, plain = pair("llama", MemorySettings(head_in_4bit=True))
    replies = [
        generate(each.eval(), tiny.renderer(), ["I went"], max_new_tokens=8, temperature=0.0, seed=0)
        for each in (model, plain)
    ]
    assert replies[0] == replies[1]
    ref = resolve(str(tiny.saved(tmp_path / "base", width=64, feed_forward=64)))
    base, _ = load_for_inference(str(ref.path))
    base.set_output_embeddings(copy.deepcopy(base.get_output_embeddings()))
    apply_to_base(base, MemorySettings(head_in_4bit=True))
    for name, said in (("plain", False), ("rounded", True)):
        (tmp_path / name).mkdir()
        each = base if said else load_for_inference(str(ref.path))[0]
        adapted = add_adapter(each, AdapterSettings(r=2), tiny.renderer(), "base", seed=1)
        save_model(adapted, tiny.renderer(), tmp_path / name, ref)
        assert json.loads((tmp_path / name / "espalier.json").read_text())["base"]["head_in_4_bits"] is said
    assert load_for_inference(str(tmp_path / "rounded"))


def test_what_would_save_nothing_is_refused() -> None:
    with pytest.raises(UserError, match="set memory.embedding_on_cpu too"):
        apply_to_base(kinds.model("gemma2", **WIDE), MemorySettings(head_in_4bit=True))
    with pytest.raises(UserError, match="multiple of 64 inputs"):
        apply_to_base(kinds.model("llama"), MemorySettings(head_in_4bit=True))
