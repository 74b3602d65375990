"""Where updates begin, which layers have them, and that what was trained is what is saved and loaded."""

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import AutoPeftModelForCausalLM, LoraConfig, get_peft_model, prepare_model_for_kbit_training

from data_mix.packing.pack import open_packs
from espalier.errors import UserError
from espalier.models.loading import load_base, load_for_inference, load_model, resolve, restore_weights, save_model
from tests import kinds, tiny
from tests.stage1.commands import make_mix
from tests.tiny import logits, trained_a_little
from training import adapter_init
from training.adapter_targets import find_targets
from training.adapters import add_adapter
from training.config import AdapterSettings, TrainConfig
from training.sequences import logits_at

IDS = torch.tensor([[1, 40, 41, 42, 7]])
METHODS: dict[str, dict[str, Any]] = {
    "lora": {},
    "rslora": {"rslora": True},
    "dora": {"kind": "dora"},
    "pissa": {"init": "pissa"},
    "eva": {"init": "eva"},
    "all at once": {"kind": "dora", "init": "pissa", "rslora": True},
}


@pytest.fixture
def pack(workspace: Path) -> Any:
    make_mix(workspace)
    packs, _, _ = open_packs(workspace / "mixes" / "toy", tiny.renderer(), seq_len=32, rows="chat", long_rows="split")
    return packs["train"]


def begun(base: Any, ref: Any, pack: Any, **settings: Any) -> Any:
    """An adapted model at its beginning."""
    config = TrainConfig(
        name="x", mix="toy", base=str(ref.path), seed=3, adapter=AdapterSettings(**{"r": 2} | settings)
    )
    assert config.adapter
    model = add_adapter(base, config.adapter, tiny.renderer(), ref.spec, seed=config.seed)
    adapter_init.begin(model.eval(), config, pack)
    return model


@pytest.mark.parametrize("in_4_bits", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_what_was_trained_is_what_is_saved_resumed_loaded_and_opened_by_other_tools(
    tmp_path: Path, pack: Any, method: str, in_4_bits: bool
) -> None:
    ref = resolve(str(tiny.saved(tmp_path / "base", width=64, feed_forward=64)))
    how: dict[str, Any] = {"device": "cpu", "dtype": torch.float32, "load_in_4bit": in_4_bits}
    base = load_model(ref, **how)
    before = logits(base)
    model = begun(base, ref, pack, **METHODS[method])
    torch.testing.assert_close(logits(model), before, atol=1e-5, rtol=1e-5)
    trained_a_little(model, lr=0.05)
    assert (logits(model) - before).abs().max() > 0.01
    folder = tmp_path / "adapter"
    folder.mkdir()
    save_model(model, tiny.renderer(), folder, ref)

    other = add_adapter(load_model(ref, **how), AdapterSettings(r=2, **METHODS[method]), tiny.renderer(), ref.spec, 9)
    restore_weights(other, folder)
    assert torch.equal(logits(other), logits(model))
    loaded, _ = load_for_inference(str(folder), device="cpu", load_in_4bit=in_4_bits)
    assert torch.equal(logits(loaded), logits(model))
    if in_4_bits:
        return
    opened = AutoPeftModelForCausalLM.from_pretrained(str(folder))
    assert torch.equal(logits(opened), logits(model))
    merged = load_base(resolve(str(folder)), **how)
    torch.testing.assert_close(logits(merged), logits(model), atol=1e-4, rtol=1e-4)


def test_pissa_trains_what_peft_s_pissa_trains(tmp_path: Path, pack: Any) -> None:
    """The same product of factors to begin with, and the same gradients; peft's changes the base for it."""
    ref = resolve(str(tiny.saved(tmp_path / "base")))
    how: dict[str, Any] = {"device": "cpu", "dtype": torch.float32}
    base = load_model(ref, **how)
    weights = {name: value.clone() for name, value in base.state_dict().items()}
    ours = begun(base, ref, pack, init="pissa", alpha=3.0)
    for name, value in ours.get_base_model().state_dict().items():
        if "lora_" not in name:
            assert torch.equal(value, weights[name.replace(".base_layer", "")]), name
    targets = find_targets(load_model(ref, **how), AdapterSettings(r=2))
    config = LoraConfig(r=2, lora_alpha=3, target_modules=targets, init_lora_weights="pissa")
    theirs = get_peft_model(load_model(ref, **how), config)
    for model in (ours, theirs):
        model(input_ids=IDS, labels=IDS).loss.backward()
    for name, layer in ours.get_base_model().named_modules():
        if not hasattr(layer, "lora_A"):
            continue
        other = theirs.get_base_model().get_submodule(name)
        mine = [layer.lora_A["default"].trained, layer.lora_B["default"].trained]
        reference = [other.lora_A["default"].weight, other.lora_B["default"].weight]
        torch.testing.assert_close(mine[1] @ mine[0], reference[1] @ reference[0], atol=1e-5, rtol=1e-4)
        moved = [part - 0.01 * part.grad for part in mine], [part - 0.01 * part.grad for part in reference]
        torch.testing.assert_close(moved[0][1] @ moved[0][0], moved[1][1] @ moved[1][0], atol=1e-5, rtol=1e-4)


def test_the_principal_part_of_a_large_matrix_is_found_by_iterating(monkeypatch: pytest.MonkeyPatch) -> None:
    made = torch.Generator().manual_seed(0)
    weight = torch.randn(60, 40, generator=made) @ torch.diag(0.8 ** torch.arange(40.0))
    exact = adapter_init._principal(weight, 4, 0)
    monkeypatch.setattr(adapter_init, "_SMALL", 8)
    state = torch.get_rng_state()
    left, values, right = adapter_init._principal(weight, 4, 0)
    assert torch.equal(torch.get_rng_state(), state)
    torch.testing.assert_close((left * values) @ right, (exact[0] * exact[1]) @ exact[2], atol=1e-4, rtol=1e-4)


def test_eva_begins_with_the_principal_directions_of_what_layers_read(tmp_path: Path, pack: Any) -> None:
    ref = resolve(str(tiny.saved(tmp_path / "base")))
    model = begun(load_model(ref, device="cpu", dtype=torch.float32), ref, pack, init="eva")
    plain = tiny.model()
    read: dict[str, list[torch.Tensor]] = {"self_attn.k_proj": [], "mlp.down_proj": []}
    for name, parts in read.items():
        plain.model.layers[1].get_submodule(name).register_forward_pre_hook(
            lambda _, arguments, parts=parts: parts.append(arguments[0].flatten(0, 1))
        )
    config = TrainConfig(name="x", mix="toy", base="x", seed=3)
    for batch in adapter_init._examples(pack, config):
        logits_at(plain, batch.sequences, torch.tensor([0]))
        kept = batch.weights.flatten() > 0
        for parts in read.values():
            parts[-1] = parts[-1][kept]
    for name, parts in read.items():
        directions = model.get_base_model().model.layers[1].get_submodule(name).lora_A["default"].weight
        torch.testing.assert_close(directions @ directions.T, torch.eye(2), atol=1e-5, rtol=1e-5)
        shown = torch.cat(parts).detach()
        best = torch.linalg.svd(shown - shown.mean(0), full_matrices=False)[2][:2]
        assert (directions @ best.T).square().sum() > 0.97 * 2, "the plane of the two largest"
    assert not any(layer.lora_B["default"].weight.any() for _, layer in adapter_init._updates(model))


def test_eva_with_too_few_trained_tokens_is_said(tmp_path: Path, pack: Any) -> None:
    ref = resolve(str(tiny.saved(tmp_path / "base")))
    base = load_model(ref, device="cpu", dtype=torch.float32)
    with pytest.raises(UserError, match="eva looks at what layers read, and found fewer than 8 trained tokens"):
        begun(base, ref, Few(pack), init="eva", r=8)


class Few:
    """A pack of which one token is trained."""

    def __init__(self, pack: Any) -> None:
        self._pack = pack

    def __len__(self) -> int:
        return 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pack, name)

    def weights(self, chosen: Any) -> Any:
        weights = self._pack.weights(chosen)
        weights[:] = 0
        weights[0, 3] = 1
        return weights


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"target_modules": ["q_proj", "mlp.up_proj"], "layers": "1"}, ["1.self_attn.q_proj", "1.mlp.up_proj"]),
        ({"target_modules": r".*layers\.0\..*[kv]_proj"}, ["0.self_attn.k_proj", "0.self_attn.v_proj"]),
        ({"layers": "0-1"}, None),
    ],
)
def test_targets(settings: dict[str, Any], found: list[str] | None) -> None:
    everything = find_targets(tiny.model(tie_embeddings=False), AdapterSettings(r=2))
    assert len(everything) == 14 and "lm_head" not in everything
    chosen = find_targets(tiny.model(), AdapterSettings(r=2, **settings))
    assert chosen == (everything if found is None else [f"model.layers.{name}" for name in found])
    gpt2 = find_targets(kinds.model("gpt2"), AdapterSettings(r=2, target_modules=["c_attn"], layers="1"))
    assert gpt2 == ["transformer.h.1.attn.c_attn"]


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"target_modules": ["q_porj"]}, "no linear layer is called 'q_porj'; did you mean q_proj?"),
        ({"target_modules": ["lm_head"]}, "no linear layer is called 'lm_head'.*the output layer gets no update"),
        ({"target_modules": "q_proj"}, "matches no linear layer; it is held against whole names, such as model.layers"),
        ({"layers": "1-2"}, "asks for layer 2, and the model has layers 0 to 1"),
        ({"target_modules": r".*layers\.0\..*", "layers": "1"}, "in 1 there is nothing of target_modules"),
        ({"r": 9}, "a rank of 9 is more than model.layers.0.self_attn.q_proj has, which maps 8 numbers to 8"),
    ],
)
def test_targets_that_cannot_be_are_said(settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        find_targets(tiny.model(), AdapterSettings(**{"r": 2} | settings))


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"layers": "3-1"}, "wants numbers and ranges of layers"),
        ({"target_modules": "a("}, "is no regular expression"),
        ({"target_modules": []}, "wants a name at least"),
    ],
)
def test_patterns_that_are_none_are_said(settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        AdapterSettings(**settings)


@pytest.mark.parametrize("embeddings", ["none", "tokens", "all"])
def test_under_an_adapter_in_4_bits_only_what_is_trained_is_in_32(tmp_path: Path, embeddings: str) -> None:
    ref = resolve(str(tiny.saved(tmp_path / "base", width=64, feed_forward=64)))

    def loss_of(*, prepared: bool) -> tuple[Any, torch.Tensor]:
        base = load_model(ref, device="cpu", dtype=torch.bfloat16, load_in_4bit=True)
        if prepared:
            base = prepare_model_for_kbit_training(base, use_gradient_checkpointing=False)
        settings = AdapterSettings(r=2, train_embeddings=embeddings)
        model = add_adapter(base, settings, tiny.renderer(), ref.spec, seed=3)
        with torch.autocast("cpu", torch.bfloat16):
            loss = model(input_ids=IDS, labels=IDS).loss
        loss.backward()
        return model, loss.detach()

    model, loss = loss_of(prepared=False)
    for name, parameter in model.named_parameters():
        assert (parameter.dtype == torch.float32) == parameter.requires_grad, name
        assert (parameter.grad is not None) == parameter.requires_grad, name
    former, expected = loss_of(prepared=True)
    torch.testing.assert_close(loss, expected, atol=0.02, rtol=0.02)
    gradient, former_gradient = (
        torch.cat([p.grad.flatten() for p in each.parameters() if p.requires_grad]) for each in (model, former)
    )
    assert torch.cosine_similarity(gradient, former_gradient, dim=0) > 0.98
