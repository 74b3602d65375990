"""Shapes are those of the model that transformers makes, whatever its layers are called."""

from typing import Any

import pytest
from transformers import (
    AutoModelForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    LlamaConfig,
    MixtralConfig,
    Phi3Config,
    Qwen3Config,
)

from espalier.errors import UserError
from training.config import AdapterSettings
from training.memory.shapes import nf4_bytes, shape_of

SMALL: dict[str, Any] = {"vocab_size": 64, "hidden_size": 16, "intermediate_size": 40, "num_hidden_layers": 3}
HEADS = {"num_attention_heads": 4, "num_key_value_heads": 2}
MODELS = [
    LlamaConfig(**SMALL, **HEADS, tie_word_embeddings=True),
    Qwen3Config(**SMALL, **HEADS, head_dim=8),
    Gemma3TextConfig(**SMALL, **HEADS, head_dim=8),
    Phi3Config(**SMALL, **HEADS, pad_token_id=0),
    GPT2Config(vocab_size=64, n_embd=16, n_layer=3, n_head=4, n_positions=32),
]


@pytest.mark.parametrize("config", MODELS, ids=lambda config: config.model_type)
def test_every_weight_is_counted_once_and_by_what_it_is_for(config: Any) -> None:
    shape, model = shape_of(config), AutoModelForCausalLM.from_config(config)
    assert shape.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert len(shape.layers) == 3 and (shape.width, shape.vocab_size) == (16, 64)
    layer = shape.layers[0]
    assert layer.out_of_attention.inputs == shape.queries and layer.out_of_block.inputs == layer.inner
    assert sum(linear.outputs for linear in layer.into_attention) == shape.queries + 2 * shape.keys
    names = {name for name, _ in model.named_modules()}
    assert {linear.name for linear in layer.linears} <= names


def test_norms_that_a_layer_computes_are_told_apart() -> None:
    norms = {config.model_type: shape_of(config).layers[0] for config in MODELS}
    assert {kind: layer.num_norms for kind, layer in norms.items()} == {
        "llama": 2, "qwen3": 2, "gemma3_text": 4, "phi3": 2, "gpt2": 2,
    }  # fmt: skip
    assert [kind for kind, layer in norms.items() if layer.head_norms] == ["qwen3", "gemma3_text"]


def test_layers_with_an_adapter_are_those_that_the_adapter_goes_beside() -> None:
    adapted = shape_of(MODELS[0], AdapterSettings(r=2, target_modules=["q_proj"], layers="1-2")).targets
    assert [linear.name for linear in adapted] == [f"model.layers.{i}.self_attn.q_proj" for i in (1, 2)]


def test_what_is_no_plain_decoder_is_refused() -> None:
    config = MixtralConfig(**SMALL, **HEADS, num_local_experts=2)
    with pytest.raises(UserError, match="mixtral cannot be planned: its layers are more than"):
        shape_of(config)


def test_a_matrix_in_four_bits_takes_what_bitsandbytes_makes_of_it() -> None:
    import torch
    from bitsandbytes.functional import quantize_4bit

    packed, state = quantize_4bit(torch.zeros(200, 168), quant_type="nf4", compress_statistics=True)
    parts = (packed, state.absmax, state.state2.absmax)
    assert nf4_bytes(200 * 168) == sum(part.numel() * part.element_size() for part in parts)
