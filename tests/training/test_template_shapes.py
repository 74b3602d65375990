"""The families that people fine-tune, each with its own architecture and template: what a step learns is the replies.

Tiny models of random weights, and tokenizers and templates written here, through the code that the command runs.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from data_mix.packing.pack import Pack, open_packs
from espalier.artifacts import records
from espalier.models.loading import load_model, load_renderer, resolve, save_model
from espalier.text.chat import ChatRenderer
from espalier.text.rows import Row, write_rows
from tests import kinds, tiny
from tests.espalier.text import templates
from training.adapters import add_adapter
from training.batches import Batch, PackBatches
from training.config import AdapterSettings
from training.objectives.sft import sft

SHAPES = {
    "qwen3": ("qwen3", "drop", ["You went?<|im_end|>", "Where?<|im_end|>"]),
    "qwen3 that thinks": (
        "qwen3",
        "keep",
        ["<think>\npast\n</think>\n\nYou went?<|im_end|>", "<think>\n\n</think>\n\nWhere?<|im_end|>"],
    ),
    "llama3": ("llama", "drop", ["You went?<|eot_id|>", "Where?<|eot_id|>"]),
    "gemma3": ("gemma3_text", "drop", ["You went?<end_of_turn>", "Where?<end_of_turn>"]),
    "mistral": ("mistral", "drop", ["You went?</s>", "Where?</s>"]),
    "phi": ("phi3", "drop", ["You went?<|end|>", "Where?<|end|>"]),
}
"""Architecture, what becomes of thoughts, and what is trained in a dialogue of two replies."""
MESSAGES = [
    {"role": "system", "content": "Teach."},
    {"role": "user", "content": "I go."},
    {"role": "assistant", "content": "You went?", "reasoning": "past"},
    {"role": "user", "content": "Yes."},
    {"role": "assistant", "content": "Where?"},
]


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest, workspace: Path) -> tuple[list[str], ChatRenderer, Pack, Any]:
    """What is trained, the renderer, the pack, and an adapted model, of a base that lies in a folder as bases do."""
    architecture, thinking, trained = SHAPES[request.param]
    folder, mix = workspace / "base", workspace / "mixes" / "toy"
    folder.mkdir()
    mix.mkdir(parents=True)
    template = templates.FAMILIES[request.param.split()[0]]
    save_model(kinds.model(architecture), ChatRenderer(templates.tokenizer(), template), folder, None)
    (folder / "espalier.json").unlink()
    rows = [Row(id="a", messages=MESSAGES, source="test", split="train"), tiny.chat_row(1, "Yes.", "Where?")]
    write_rows(mix / "train.parquet", rows)
    records.write_manifest(mix, {"kind": "mix", "name": "toy"})
    base = resolve(str(folder))
    renderer = load_renderer(base, thinking=thinking, to_train=True)  # type: ignore[arg-type]
    packs, _, _ = open_packs(mix, renderer, seq_len=256, rows="chat", long_rows="split")
    model = load_model(base, device="cpu", dtype=torch.float32)
    adapted = add_adapter(model, AdapterSettings(r=2), renderer, base.spec, seed=0).train()
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:  # where it is zero, half of the gradient is
            parameter.data.normal_(std=0.1, generator=torch.Generator().manual_seed(len(name)))
    return trained, renderer, packs["train"], adapted


def gradient(model: Any, batch: Batch) -> torch.Tensor:
    model.zero_grad()
    sft(model, batch)[0].backward()
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.requires_grad])


def test_a_step_learns_the_replies_and_nothing_else(shape: tuple[list[str], ChatRenderer, Pack, Any]) -> None:
    expected, renderer, pack, model = shape
    (batch,) = PackBatches(pack, micro_batch_size=len(pack), grad_accum=1, seed=0)(0)
    labels, trained = batch.sequences.labels.flatten(), batch.weights.flatten() > 0
    places = torch.nonzero(trained).squeeze(1)
    stretches = torch.tensor_split(places, torch.nonzero(places.diff() > 1).squeeze(1) + 1)
    texts = sorted(renderer.decode(labels[stretch].tolist()) for stretch in stretches)
    assert set(texts) == set(expected) and len(texts) == 3

    def with_labels(changed: torch.Tensor) -> Batch:
        return replace(batch, sequences=replace(batch.sequences, labels=changed.view(batch.weights.shape)))

    found = gradient(model, batch)
    assert found.abs().max() > 0
    assert torch.equal(gradient(model, with_labels(torch.where(trained, labels, (labels + 7) % 256))), found)
    for place in places:
        other = labels.clone()
        other[place] = (other[place] + 7) % 256
        assert not torch.equal(gradient(model, with_labels(other)), found)
