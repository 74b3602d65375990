"""A plan is what a step of the real code takes, measured on tensors without memory."""

from typing import Any

import pytest
import torch
from transformers import LlamaConfig, Qwen3Config

from research.fake_training import peaks
from training.config import AdapterSettings, TrainConfig
from training.memory.plan import make_plan
from training.memory.shapes import shape_of

SIZE: dict[str, Any] = {"vocab_size": 9000, "hidden_size": 256, "intermediate_size": 768, "num_hidden_layers": 3}
SIZE |= {"num_attention_heads": 4, "num_key_value_heads": 2}
EVERYTHING = {
    "gradient_checkpointing": "all",
    "offload_checkpoints": True,
    "mlp_tiles": 4,
    "embedding_on_cpu": True,
    "head_in_4bit": True,
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("described", "changes"),
    [
        (LlamaConfig(**SIZE), {"adapter": AdapterSettings(r=4)}),
        (
            Qwen3Config(**SIZE, head_dim=64),
            {
                "adapter": AdapterSettings(r=8),
                "load_in_4bit": True,
                "memory": EVERYTHING,
                "optim": {"kind": "adamw_8bit"},
            },
        ),
        (LlamaConfig(**SIZE), {"memory": {"gradient_checkpointing": 2}, "grad_accum": 2}),
    ],
    ids=["lora", "every switch", "in full"],
)
def test_a_plan_is_what_a_step_takes(described: Any, changes: dict[str, Any]) -> None:
    config = TrainConfig(
        name="a", mix="a", base="a", seq_len=2048, micro_batch_size=1, heldout={"batch_size": 1}, **changes
    )
    measured = peaks(described, config, dtype=torch.bfloat16)
    shape = shape_of(described, config.adapter)
    plan = make_plan(shape, config, device="cuda", dtype="bfloat16", sums_in_place=False)
    assert plan.tensors == pytest.approx(measured.all, rel=0.05)
    parts: dict[str, int] = {}
    for moment in plan.moments:
        part = "forward" if moment.name == "loss" else moment.name.partition(" ")[0]
        parts[part] = max(parts.get(part, 0), moment.size)
    assert parts["optimizer"] == pytest.approx(measured.optimizer, rel=0.05)
    assert parts["forward"] == pytest.approx(measured.forward, rel=0.05)
    assert parts["backward"] == pytest.approx(measured.backward, rel=0.05)
