"""A GGUF says in an engine that shares no code with ours what the model says here."""

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

gguf = pytest.importorskip("gguf", reason="GGUF cannot be written: pip install '.[gguf]'")

from espalier.errors import UserError
from espalier.models import loading
from exports import run as command
from exports.gguf import quantising
from tests import tiny
from tests.espalier.models.test_loading import adapted, trained_a_little
from tests.exports.engine import Engine

_SIZES = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3, "num_attention_heads": 4,
          "num_key_value_heads": 2, "head_dim": 32, "max_position_embeddings": 256}  # fmt: skip
_LLAMA3 = {"rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
           "original_max_position_embeddings": 32}  # fmt: skip
_BY_TURNS = {"sliding_window": 8, "layer_types": ["sliding_attention", "full_attention", "sliding_attention"]}
_TWO_ROPES = {
    "rope_parameters": {
        "full_attention": {"rope_type": "linear", "rope_theta": 100000.0, "factor": 2.0},
        "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
    },
    "query_pre_attn_scalar": 32,
}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama", _SIZES | {"tie_word_embeddings": True}),
    "llama with everything": ("llama", _SIZES | {"attention_bias": True, "mlp_bias": True, "rope_parameters": _LLAMA3}),
    "qwen3": ("qwen3", _SIZES),
    "gemma3": ("gemma3_text", _SIZES | _BY_TURNS | _TWO_ROPES),
    "gpt2": ("gpt2", {"n_embd": 64, "n_layer": 3, "n_head": 4, "n_positions": 256}),
}
PROMPTS = ["I go to the market.", "You saw a house? Sophie ate it. " * 4, "Ünïcode, 2024 — “x”!", "a\n\n b"]


def saved(folder: Path, kind: str, **changes: Any) -> Path:
    """A model of random weights, far from those that a model begins with, so that every one of them counts."""
    folder.mkdir()
    sizes = {"vocab_size": 333, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}
    config = transformers.CONFIG_MAPPING[kind](**sizes | changes)
    model = transformers.AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            weights.copy_(torch.randn_like(weights) * (0.3 if weights.dim() == 1 else 0.2))
            if weights.dim() == 1 and name.endswith("weight"):
                weights += 1
    loading.save_model(model.eval(), tiny.renderer(), folder, None)
    return folder


def export(workspace: Path, model: Path, *words: str) -> Path:
    command.main([str(model), "--to", "gguf", "--name", "one", "--redo", *words])
    return workspace / "exports" / "out" / "one" / "one.gguf"


def likeliest(model: Any, ids: list[int]) -> dict[int, float]:
    """As `Engine.likeliest`, by transformers."""
    with torch.no_grad():
        found = model(input_ids=torch.tensor([ids])).logits[0, -1].log_softmax(-1).topk(8)
    return dict(zip(found.indices.tolist(), found.values.tolist(), strict=True))


def farthest(engine: Engine, model: Any) -> float:
    """The largest difference of a log-probability among the likeliest tokens, over prompts of many lengths."""
    renderer = tiny.renderer()
    prompts = [renderer.prompt([{"role": "user", "content": text}]) for text in PROMPTS]
    gaps = []
    for prompt in prompts:
        for end in range(1, len(prompt) + 1, 7):
            ours, theirs = likeliest(model, prompt[:end]), engine.likeliest(prompt[:end])
            if theirs:
                gaps += [abs(ours[token] - theirs.get(token, 0.0)) for token in list(ours)[:4]]
    assert len(gaps) > 6
    return max(gaps)


@pytest.mark.parametrize("name", MODELS)
def test_the_engine_computes_what_transformers_does(workspace: Path, tmp_path: Path, name: str) -> None:
    kind, sizes = MODELS[name]
    folder = saved(tmp_path / "model", kind, **sizes)
    engine = Engine(export(workspace, folder, "--quant", "f32"))
    model = loading.load_model(loading.resolve(str(folder)), device="cpu", dtype=torch.float32)
    assert farthest(engine, model) < 1e-2
    for layer in ("k_proj", "c_attn", "embed", "norm", "ln_1"):
        changed = [weights for path, weights in model.named_parameters() if layer in path]
        before = [weights.detach().clone() for weights in changed]
        with torch.no_grad():
            for weights in changed:
                weights.copy_(weights.roll(1, 0))
        assert not changed or farthest(engine, model) > 5e-2, f"{layer} counts"
        with torch.no_grad():
            for weights, was in zip(changed, before, strict=True):
                weights.copy_(was)


def test_an_adapter_is_in_the_file(workspace: Path, tmp_path: Path) -> None:
    saved(tmp_path / "base", "llama", **_SIZES)
    base = loading.resolve(str(tmp_path / "base"))
    (tmp_path / "adapter").mkdir()
    loading.save_model(trained_a_little(adapted(base.path)), tiny.renderer(), tmp_path / "adapter", base)
    engine = Engine(export(workspace, tmp_path / "adapter", "--quant", "f32"))
    model = loading.load_model(loading.resolve(str(tmp_path / "adapter")), device="cpu", dtype=torch.float32)
    assert farthest(engine, model) < 1e-2
    with model.disable_adapter():
        assert farthest(engine, model) > 5e-2


@pytest.mark.parametrize(("quant", "off"), [("f16", 0.05), ("bf16", 0.3), ("q8_0", 0.5), ("q5_1", 6.0), ("q4_0", 8.0)])
def test_fewer_bits_lose_a_little(workspace: Path, tmp_path: Path, quant: str, off: float) -> None:
    folder = saved(tmp_path / "model", "llama", **_SIZES)
    path = export(workspace, folder, "--quant", quant)
    model = loading.load_model(loading.resolve(str(folder)), device="cpu", dtype=torch.float32)
    assert 1e-5 < farthest(Engine(path), model) < off
    kinds = {tensor.name: tensor.tensor_type.name for tensor in gguf.GGUFReader(path).tensors}
    assert kinds["blk.0.attn_q.weight"] == quant.upper()
    assert kinds["blk.0.attn_norm.weight"] == "F32", "vectors are kept in full"
    assert kinds["output.weight"] == ("Q8_0" if quant in ("q5_1", "q4_0") else quant.upper()), "and scores in more"


def test_rows_that_no_block_divides_have_16_bits(workspace: Path, tmp_path: Path) -> None:
    folder = saved(tmp_path / "model", "llama", **_SIZES | {"intermediate_size": 100})
    tensors = gguf.GGUFReader(export(workspace, folder, "--quant", "q4_0")).tensors
    kinds = {tensor.name: tensor.tensor_type.name for tensor in tensors}
    assert kinds["blk.0.ffn_down.weight"] == "F16" and kinds["blk.0.ffn_up.weight"] == "Q4_0"


@pytest.mark.parametrize(
    ("kind", "changes", "complaint"),
    [
        ("opt", {"hidden_size": 16, "num_attention_heads": 2}, "architecture 'opt' is not known to the GGUF writer"),
        ("llama", _SIZES | {"hidden_act": "relu"}, "a llama model with hidden_act 'relu'"),
        ("qwen3", _SIZES | {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1}, "sliding window"),
        ("gemma3_text", _SIZES | {"final_logit_softcapping": 30.0}, "final_logit_softcapping 30.0"),
        ("gemma3_text", _SIZES | {"layer_types": ["full_attention", "sliding_attention"] * 2, "num_hidden_layers": 4,
                                  "query_pre_attn_scalar": 32},
         "rhythm"),
        ("gpt2", {"n_embd": 16, "n_layer": 1, "n_head": 2, "scale_attn_by_inverse_layer_idx": True}, "inverse_layer"),
    ],
)  # fmt: skip
def test_what_the_engine_does_not_compute_is_refused(
    workspace: Path, tmp_path: Path, kind: str, changes: dict[str, Any], complaint: str
) -> None:
    folder = saved(tmp_path / "model", kind, **changes)
    with pytest.raises(UserError, match=complaint) as refused:
        export(workspace, folder)
    assert "\n" not in str(refused.value) and not list((workspace / "exports" / "out").iterdir())


def test_others_are_made_by_the_engines_own_program(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = saved(tmp_path / "model", "llama", **_SIZES)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="q4_k_m is made by llama.cpp's own llama-quantize, which is not on the PATH"):
        export(workspace, folder, "--quant", "q4_k_m")
    program = tmp_path / quantising.PROGRAM
    program.write_text(f"#!/bin/sh\necho made $3; /bin/cp $1 $2; [ ! -e {tmp_path}/broken ]")
    program.chmod(0o755)
    assert gguf.GGUFReader(export(workspace, folder, "--quant", "q4_k_m")).tensors
    assert [path.suffix for path in (workspace / "exports" / "out" / "one").glob("one.*")] == [".gguf"]
    (tmp_path / "broken").touch()
    with pytest.raises(UserError, match="llama-quantize cannot make q5_k_m of one.full: made Q5_K_M"):
        export(workspace, folder, "--quant", "q5_k_m")
    assert gguf.GGUFReader(workspace / "exports" / "out" / "one" / "one.gguf").tensors, "what was there stays"
