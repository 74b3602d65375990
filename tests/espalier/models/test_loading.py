import json
import re
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import torch
from peft import AutoPeftModelForCausalLM, LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.models.adapters import scale
from espalier.models.loading import (
    ModelRef,
    load_base,
    load_for_inference,
    load_model,
    load_renderer,
    randomise,
    resolve,
    restore_weights,
    save_model,
)
from espalier.models.references import folder_hash
from espalier.text.chat import ChatRenderer
from stage1.new_model import new_model
from tests import kinds, tiny
from tests.espalier.text import templates
from tests.tiny import logits, trained_a_little
from training.adapters import add_adapter, share_trained
from training.config import AdapterSettings

IDS = torch.tensor([[1, 40, 41, 42, 7]])


def adapted(base: Path, **settings: Any) -> Any:
    found = resolve(str(base))
    model = load_model(found, device="cpu", dtype=torch.float32)
    return add_adapter(model, AdapterSettings(r=2, **settings), tiny.renderer(), found.spec, seed=1)


def fake_run(workspace: Path, name: str, *, complete: bool = True) -> Path:
    folder = workspace / "runs" / name
    tiny.saved(folder / "final")
    if complete:
        records.write_manifest(folder, {"kind": "run"}, content=("final/**/*",))
    return folder


def test_a_run_wins_over_a_folder_of_the_same_name(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_run(workspace, "m")
    tiny.saved(workspace / "m", seed=5)
    monkeypatch.chdir(workspace)
    assert resolve("m").kind == resolve("run:m").kind == "run"
    assert resolve("path:m").path == workspace / "m"
    assert resolve(resolve("m").spec) == resolve("m")
    assert resolve("m").content_hash != resolve("path:m").content_hash


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("basil-cor", "did you mean basil-core"),
        ("run:nobody", "no run is called 'nobody'; espalier runs lists"),
        ("toy", "mixes/toy is there, and no model"),
        ("path:nowhere", "nowhere: not a model folder"),
        ("unfinished", "not complete"),
        ("basil-core@step-000007", "has no checkpoint 'step-000007'; it keeps: none"),
    ],
)
def test_names_of_nothing_are_answered_with_what_there_is(workspace: Path, name: str, complaint: str) -> None:
    fake_run(workspace, "basil-core")
    fake_run(workspace, "unfinished", complete=False)
    (workspace / "runs" / ".basil-cor.tmp-1").mkdir()
    records.write_json(workspace / "mixes" / "toy" / "manifest.json", {})
    with pytest.raises(UserError, match=complaint):
        resolve(name)


def test_a_damaged_run_is_refused(workspace: Path) -> None:
    weights = fake_run(workspace, "m") / "final" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(UserError, match="model.safetensors: changed since it was made"):
        resolve("m")


def test_a_run_that_passes_for_another_is_refused(workspace: Path) -> None:
    folder, other = fake_run(workspace, "m"), fake_run(workspace, "n")
    manifest = records.read_json(folder / "manifest.json")
    records.write_json(folder / "manifest.json", manifest | {"content_hash": "0" * 64})
    with pytest.raises(UserError, match="its content_hash is not that of the files"):
        resolve("m")
    (other / "final" / "adapter_config.json").write_text("{}")
    with pytest.raises(UserError, match="adapter_config.json: would decide what the model says"):
        resolve("n")


def test_what_is_loaded_is_what_was_saved(tmp_path: Path) -> None:
    model, renderer = load_for_inference(str(tiny.saved(tmp_path / "m", seed=3)))
    assert torch.equal(logits(model), logits(tiny.model(seed=3)))
    assert renderer.template_hash == tiny.renderer().template_hash
    assert renderer.tokenizer_hash == tiny.renderer().tokenizer_hash


@pytest.mark.parametrize(("kind", "implementation"), [("gemma3_text", "sdpa"), ("gemma2", "eager")])
def test_attention_is_computed_as_the_architecture_wants_it(tmp_path: Path, kind: str, implementation: str) -> None:
    model = kinds.model(kind)
    model.config.attn_implementation = "flash_attention_2"  # whoever saved it had another machine
    save_model(model, tiny.renderer(), (tmp_path / "m"), None)
    loaded, _ = load_for_inference(str(tmp_path / "m"), device="cpu")
    assert loaded.config._attn_implementation == implementation
    assert torch.equal(logits(loaded), logits(model))


def test_another_template_than_the_trained_one_is_refused(tmp_path: Path) -> None:
    folder = tiny.saved(tmp_path / "m")
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text() + "{# changed #}")
    with pytest.raises(UserError, match="another chat template"):
        load_for_inference(str(folder))


def test_pickled_weights_are_not_loaded(tmp_path: Path) -> None:
    folder = tiny.saved(tmp_path / "m")
    torch.save(tiny.model().state_dict(), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(UserError, match="cannot be loaded"):
        load_for_inference(str(folder))


@pytest.mark.parametrize("train_embeddings", ["none", "tokens", "all"])
def test_tied_embeddings_stay_tied(tmp_path: Path, train_embeddings: str) -> None:
    """Through training, saving, loading and merging; and all three give the same logits."""
    base = tiny.saved(tmp_path / "base")
    model = trained_a_little(adapted(base, train_embeddings=train_embeddings))
    renderer = tiny.renderer()
    (tmp_path / "adapter").mkdir()
    save_model(model, renderer, tmp_path / "adapter", resolve(str(base)))
    loaded, _ = load_for_inference(str(tmp_path / "adapter"))
    assert torch.equal(logits(loaded), logits(model))
    for candidate in (model, loaded):
        assert torch.equal(effective(candidate.get_input_embeddings()), effective(candidate.get_output_embeddings()))
    changed = (effective(model.get_input_embeddings()) != tiny.model().get_input_embeddings().weight).any(-1)
    # A softmax moves every row of the table a little; single tokens leave all other rows as they were.
    assert int(changed.sum()) == {"none": 0, "tokens": 5, "all": len(renderer.tokenizer)}[train_embeddings]
    before = logits(model)
    merged = loaded.merge_and_unload()
    torch.testing.assert_close(logits(merged), before, atol=1e-4, rtol=1e-4)
    assert merged.get_input_embeddings().weight.data_ptr() == merged.get_output_embeddings().weight.data_ptr()
    merged.save_pretrained(tmp_path / "merged")
    (tmp_path / "merged" / "espalier.json").write_text("{}")
    renderer.tokenizer.save_pretrained(tmp_path / "merged")
    torch.testing.assert_close(logits(load_for_inference(str(tmp_path / "merged"))[0]), before, atol=1e-4, rtol=1e-4)


def effective(layer: Any) -> torch.Tensor:
    """The embedding table that a layer stands for, whatever peft wrapped around it."""
    if hasattr(layer, "token_adapter"):
        found: torch.Tensor = layer.token_adapter.get_merged_weights(layer.token_adapter.active_adapters)
        return found.detach()
    layer = layer.modules_to_save["default"] if hasattr(layer, "modules_to_save") else layer
    weight: torch.Tensor = layer.weight
    return weight.detach()


@pytest.mark.parametrize("train_embeddings", ["none", "tokens", "all"])
def test_an_adapter_comes_back_bit_for_bit(tmp_path: Path, train_embeddings: str) -> None:
    base = tiny.saved(tmp_path / "base")
    model = trained_a_little(adapted(base, train_embeddings=train_embeddings))
    (tmp_path / "adapter").mkdir()
    save_model(model, tiny.renderer(), tmp_path / "adapter", resolve(str(base)))
    fresh = adapted(base, train_embeddings=train_embeddings)
    restore_weights(fresh, tmp_path / "adapter")
    mine, theirs = dict(model.named_parameters()), dict(fresh.named_parameters())
    assert mine.keys() == theirs.keys()
    for name, parameter in mine.items():
        assert torch.equal(parameter, theirs[name]), name
        assert parameter.requires_grad == theirs[name].requires_grad


def test_an_adapter_counts_as_strongly_as_asked_and_its_weights_stay(tmp_path: Path) -> None:
    model = trained_a_little(adapted(tiny.saved(tmp_path / "base")))
    before = {name: each.clone() for name, each in model.named_parameters()}
    whole = logits(model)
    with model.disable_adapter():
        none = logits(model)
    scale(model, 0.5)
    half = logits(model)
    scale(model, 0.0)
    assert torch.equal(logits(model), none)
    assert not torch.allclose(half, none) and not torch.allclose(half, whole)
    assert all(torch.equal(each, before[name]) for name, each in model.named_parameters())
    with pytest.raises(UserError, match="no strength that could be scaled"):
        scale(adapted(tmp_path / "base", train_embeddings="all"), 0.5)


def test_an_adapter_whose_base_changed_is_refused(tmp_path: Path) -> None:
    base = tiny.saved(tmp_path / "base")
    (tmp_path / "adapter").mkdir()
    save_model(adapted(base), tiny.renderer(), tmp_path / "adapter", resolve(str(base)))
    tiny.model(seed=9).save_pretrained(base)
    with pytest.raises(UserError, match="was trained on another path:"):
        load_for_inference(str(tmp_path / "adapter"))


def test_special_tokens_are_those_of_the_template(tmp_path: Path) -> None:
    model = adapted(tiny.saved(tmp_path / "base"), train_embeddings="tokens")
    indices = model.peft_config["default"].trainable_token_indices
    names = tiny.renderer().tokenizer.convert_ids_to_tokens(indices)
    assert sorted(names) == ["<|assistant|>", "<|begin|>", "<|end|>", "<|system|>", "<|user|>"]


def test_the_share_trained_counts_tied_weights_once(tmp_path: Path) -> None:
    whole = sum(p.numel() for p in tiny.model().parameters())
    assert share_trained(tiny.model()) == (whole, whole)
    base = tiny.saved(tmp_path / "base")
    trained, total = share_trained(adapted(base))
    assert total == whole + trained
    assert trained == 2 * 2 * (4 * (8 + 8) + 3 * (8 + 16))  # layers x rank x (four square, three feed-forward matrices)
    table = tiny.model().lm_head.weight.numel()
    assert share_trained(adapted(base, train_embeddings="all")) == (trained + table, total)


def test_random_weights_keep_the_architecture() -> None:
    model = tiny.model()
    fresh = randomise(model, seed=4)
    assert fresh.config.to_dict() == model.config.to_dict()
    assert not torch.equal(fresh.model.embed_tokens.weight, model.model.embed_tokens.weight)
    assert fresh.lm_head.weight is fresh.model.embed_tokens.weight
    assert torch.equal(randomise(model, seed=4).lm_head.weight, fresh.lm_head.weight)


def test_four_bits_train_on_the_cpu(tmp_path: Path) -> None:
    folder = tiny.saved(tmp_path / "m", width=64, feed_forward=128)
    plain, _ = load_for_inference(str(folder))
    found = resolve(str(folder))
    small = load_model(found, device="cpu", dtype=torch.float32, load_in_4bit=True)
    layer = small.model.layers[0].mlp.up_proj
    assert type(layer).__name__ == "Linear4bit"
    assert layer.weight.quant_state.quant_type == "nf4" and layer.weight.quant_state.nested
    assert layer.weight.dtype == torch.uint8 and layer.weight.numel() == 64 * 128 / 2
    error = (logits(small) - logits(plain)).abs().mean() / logits(plain).abs().mean()
    assert 0 < error < 0.5
    model = add_adapter(small, AdapterSettings(r=2), tiny.renderer(), found.spec, seed=1)
    assert share_trained(model)[1] == share_trained(plain)[1] + share_trained(model)[0]
    before = model(input_ids=IDS, labels=IDS).loss.item()
    packed = layer.weight.data.clone()
    trained_a_little(model, lr=0.01)
    assert model(input_ids=IDS, labels=IDS).loss.item() < before
    assert torch.equal(layer.weight.data, packed)
    (tmp_path / "adapter").mkdir()
    save_model(model, tiny.renderer(), tmp_path / "adapter", found)
    loaded, _ = load_for_inference(str(tmp_path / "adapter"), load_in_4bit=True)
    assert torch.equal(logits(loaded), logits(model))
    assert json.loads((tmp_path / "adapter" / "espalier.json").read_text())["base"]["spec"] == found.spec


def test_a_model_that_was_trained_behind_other_prefixes_is_told_apart(tmp_path: Path) -> None:
    """Once the hash was of the template alone, whatever stood before a turn in training."""
    tokenizer = templates.tokenizer()
    renderer = ChatRenderer(tokenizer, templates.QWEN3)
    folder = tmp_path / "old"
    folder.mkdir()
    save_model(new_model(tiny.settings(), renderer, 0), renderer, folder, None)
    load_renderer(resolve(str(folder)))
    said = records.read_json(folder / "espalier.json") | {"template_hash": renderer.template.hash("")}
    records.write_json(folder / "espalier.json", said)
    with pytest.raises(UserError, match="trained by an earlier version.*train it again"):
        load_renderer(resolve(str(folder)))


def test_other_tools_open_what_was_saved(tmp_path: Path) -> None:
    base = tiny.saved(tmp_path / "base")
    model = trained_a_little(adapted(base))
    (tmp_path / "adapter").mkdir()
    save_model(model, tiny.renderer(), tmp_path / "adapter", resolve(str(base)))
    opened = AutoPeftModelForCausalLM.from_pretrained(str(tmp_path / "adapter"))
    assert torch.equal(logits(opened), logits(model))
    settings = records.read_json(tmp_path / "adapter" / "adapter_config.json")
    assert settings["base_model_name_or_path"] == str(base) and settings["revision"] is None
    for written in (tmp_path / "adapter").glob("*.json"):
        assert written.name == "espalier.json" or not re.search(r'"(path|hub|run):', written.read_text())


def test_a_base_of_the_hub_is_named_as_the_hub_names_it(tmp_path: Path) -> None:
    model = adapted(tiny.saved(tmp_path / "base"))
    ref = ModelRef(kind="hub", name="owner/model", path=tmp_path / "base", content_hash="0" * 40)
    (tmp_path / "adapter").mkdir()
    save_model(model, tiny.renderer(), tmp_path / "adapter", ref)
    settings = records.read_json(tmp_path / "adapter" / "adapter_config.json")
    assert (settings["base_model_name_or_path"], settings["revision"]) == ("owner/model", "0" * 40)


def test_an_adapter_that_plain_peft_wrote_is_loaded(tmp_path: Path) -> None:
    base = tiny.saved(tmp_path / "base")
    plain = get_peft_model(AutoModelForCausalLM.from_pretrained(base), LoraConfig(r=2, target_modules=["q_proj"]))
    model = trained_a_little(plain)
    model.save_pretrained(tmp_path / "adapter")
    assert not (tmp_path / "adapter" / "espalier.json").exists()
    loaded, renderer = load_for_inference(str(tmp_path / "adapter"), device="cpu")
    assert torch.equal(logits(loaded), logits(model))
    assert renderer.template_hash == tiny.renderer().template_hash
    path = tmp_path / "adapter" / "adapter_config.json"
    records.write_json(path, records.read_json(path) | {"base_model_name_or_path": None})
    with pytest.raises(UserError, match="names no base"):
        load_for_inference(str(tmp_path / "adapter"), device="cpu")


@pytest.mark.parametrize("trusted", [False, True])
def test_code_of_the_hub_is_fetched_only_for_those_who_asked_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    folder, asked = tiny.saved(tmp_path / ("0" * 40)), []
    monkeypatch.setattr(
        huggingface_hub, "snapshot_download", lambda name, allow_patterns: (asked.append(allow_patterns), folder)[1]
    )
    load_for_inference("hub:owner/model", device="cpu", trust_remote_code=trusted)
    assert asked and all(("*.py" in patterns) is trusted for patterns in asked)
    assert all({"*.model", "*.txt", "*.safetensors"} <= set(patterns) for patterns in asked)


@pytest.mark.parametrize("name", ["modeling_mine.py", "tokenizer.model", "merges.txt", "chat_template.jinja"])
def test_whatever_decides_what_a_model_says_is_in_its_hash(tmp_path: Path, name: str) -> None:
    folder = tiny.saved(tmp_path / "m")
    before = resolve(str(folder)).content_hash
    (folder / name).write_text("something else")
    assert resolve(str(folder)).content_hash != before
    (folder / "README.md").write_text("words")
    assert len({resolve(str(folder)).content_hash, before}) == 2


def test_an_adapter_that_an_earlier_version_wrote_knows_its_base_by_fewer_files(tmp_path: Path) -> None:
    base = tiny.saved(tmp_path / "base")
    (base / "merges.txt").write_text("words")
    (tmp_path / "adapter").mkdir()
    save_model(adapted(base), tiny.renderer(), tmp_path / "adapter", resolve(str(base)))
    path = tmp_path / "adapter" / "espalier.json"
    said = records.read_json(path)
    said["base"]["content_hash"] = folder_hash(base)
    records.write_json(path, said)
    load_for_inference(str(tmp_path / "adapter"), device="cpu")
    tiny.model(seed=9).save_pretrained(base)
    with pytest.raises(UserError, match="was trained on another path:"):
        load_for_inference(str(tmp_path / "adapter"), device="cpu")


def test_an_adapter_below_four_bits_is_merged_before_they_are_made(tmp_path: Path) -> None:
    """So that a child is trained and used on the quantised form of what its parent is."""
    base = tiny.saved(tmp_path / "base", width=64, feed_forward=128)
    parent = trained_a_little(adapted(base), lr=0.05)
    for name in ("parent", "child"):
        (tmp_path / name).mkdir()
    save_model(parent, tiny.renderer(), tmp_path / "parent", resolve(str(base)))
    merged = load_base(resolve(str(tmp_path / "parent")), device="cpu", dtype=torch.float32)
    merged.save_pretrained(tmp_path / "merged")
    how = {"device": "cpu", "dtype": torch.float32, "load_in_4bit": True}
    expected = load_model(resolve(str(tmp_path / "merged")), **how)
    ground = load_base(resolve(str(tmp_path / "parent")), **how)
    assert type(ground.model.layers[0].mlp.up_proj).__name__ == "Linear4bit"
    assert torch.equal(logits(ground), logits(expected))

    found = resolve(str(tmp_path / "parent"))
    child = trained_a_little(add_adapter(ground, AdapterSettings(r=2), tiny.renderer(), found.spec, seed=2), lr=0.01)
    save_model(child, tiny.renderer(), tmp_path / "child", found)
    loaded, _ = load_for_inference(str(tmp_path / "child"), device="cpu", load_in_4bit=True)
    assert torch.equal(logits(loaded), logits(child))
    assert records.read_json(tmp_path / "child" / "espalier.json")["base"]["in_4_bits"] is True
