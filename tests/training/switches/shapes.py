"""Tiny random models of known architectures, packed rows for them, and what training them computes."""

from collections.abc import Callable
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM

from training.batches import Batch
from training.objectives.sft import sft
from training.sequences import Sequences

Tensor = torch.Tensor
SEQ_LEN, VOCABULARY = 24, 64
INNER = 56
"""The inner width of feed-forward blocks, which no other dimension has."""

_COMMON = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "intermediate_size": INNER,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
}
_SHAPES: dict[str, dict[str, Any]] = {
    "llama": {},
    "qwen3": {"head_dim": 8},
    "gemma3_text": {"head_dim": 8, "sliding_window": 6, "layer_types": ["sliding_attention", "full_attention"] * 2},
    "mistral": {},
    "phi3": {"resid_pdrop": 0.0},
    "phi": {},
    "gpt2": {"n_embd": 16, "n_inner": INNER, "n_layer": 3, "n_head": 2, "n_positions": 64}
    | dict.fromkeys(["attn_pdrop", "embd_pdrop", "resid_pdrop"], 0.0),
    "mixtral": {"num_local_experts": 2},
}


def make(kind: str, *, lora: bool = True, dropout: float = 0.0) -> Any:
    """A model of this architecture in training mode, with LoRA on all its linear layers or trained in full."""
    torch.manual_seed(0)
    settings = _COMMON | _SHAPES[kind]
    if "layer_types" in settings:
        settings["layer_types"] = settings["layer_types"][: settings["num_hidden_layers"]]
    config = AutoConfig.for_model(kind, **settings)
    model = AutoModelForCausalLM.from_config(config)
    if not lora:
        return model.train()
    adapted: Any = get_peft_model(
        model, LoraConfig(r=2, target_modules="all-linear", lora_dropout=dropout, init_lora_weights=False)
    )
    return adapted.train()


def batch(seed: int = 0, num_sequences: int = 2) -> Batch:
    """Sequences of two rows each and some padding."""
    shape = (num_sequences, SEQ_LEN)
    tokens = torch.randint(1, VOCABULARY, shape, generator=torch.Generator().manual_seed(seed))
    first = SEQ_LEN // 3
    rows = torch.tensor([0] * first + [1] * (SEQ_LEN - first - 2) + [-1] * 2).expand(shape)
    places = torch.tensor([*range(first), *range(SEQ_LEN - first - 2), 0, 0]).expand(shape)
    return Batch(
        sequences=Sequences(input_ids=tokens, labels=tokens.roll(-1, 1), position_ids=places, rows=rows),
        weights=(rows >= 0).float(),
        num_trained=int((rows >= 0).sum()),
        num_tokens=int((rows >= 0).sum()),
        row_ids=list,
    )


def learned(model: Any, given: Batch | None = None) -> dict[str, Tensor]:
    """The loss of a batch, as `loss`, and the gradient of every trained parameter by its name."""
    torch.manual_seed(1)
    model.zero_grad(set_to_none=True)
    loss, _ = sft(model, given or batch())
    loss.backward()
    found = {name: value.grad for name, value in model.named_parameters() if value.grad is not None}
    assert any(value.any() for value in found.values())
    return {"loss": loss.detach(), **{name: value.clone() for name, value in found.items()}}


def kept_bytes(model: Any) -> int:
    """Bytes that autograd keeps between forward and backward pass, weights and what layers share not counted."""
    weights = {value.untyped_storage().data_ptr() for value in [*model.parameters(), *model.buffers()]}
    kept: dict[int, int] = {}

    def pack(value: Tensor) -> Tensor:
        storage = value.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return value

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda value: value):
        loss, _ = sft(model, batch())
    del loss
    return sum(kept.values())


def same(found: dict[str, Tensor], expected: dict[str, Tensor], check: Callable[[Tensor, Tensor], bool]) -> None:
    """The same names and, by `check`, the same numbers."""
    assert found.keys() == expected.keys()
    assert [name for name in expected if not check(found[name], expected[name])] == []
