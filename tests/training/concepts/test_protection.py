"""A concept that is kept: no gradient reaches its subspace, no step moves what writes into it or reads it."""

from pathlib import Path
from typing import Any

import pytest
import torch

from data_mix.packing.pack import open_packs
from tests import tiny
from tests.stage1.commands import CORE, TRUNK, make_mix
from training.adapters import add_adapter
from training.batches import PackBatches
from training.concepts.protection import Protection, protect
from training.config import AdapterSettings, TrainConfig
from training.objectives import make_objective
from training.optimizers import OptimSettings, make_optimizer

WORDS = {"now": ["go", "eat"], "then": ["went", "ate"]}
STEPS = 3


@pytest.fixture
def packs(workspace: Path) -> dict[str, Any]:
    make_mix(workspace)
    return open_packs(workspace / "mixes" / "toy", tiny.renderer(), seq_len=32, rows="all", long_rows="split")[0]


def described(adapter: dict[str, Any] | None, **concept: Any) -> TrainConfig:
    own = ("model", "tokenizer", "adapter")
    facts = {key: value for key, value in (TRUNK | CORE).items() if key not in own}
    table = {"name": "tense", "words": WORDS, "rank": 2, "max_examples": 32} | concept
    return TrainConfig.model_validate(facts | {"adapter": adapter, "protect": [table], "rows": "all"})


class Bare:
    """A run that is a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder


def trained(
    config: TrainConfig, model: Any, packs: dict[str, Any], folder: Path, optim: dict[str, Any] | None = None
) -> Protection:
    """A few steps of the loop's parts, under whatever shakes what is kept: momentum, decay, large steps."""
    run: Any = Bare(folder)
    protection = protect(model, config, tiny.renderer(), packs["train"], run)
    optimizer = make_optimizer(model, OptimSettings.model_validate({"lr": 0.05, "weight_decay": 0.1} | (optim or {})))
    protection.after_steps_of(optimizer)
    objective = protection.holding(make_objective("sft", model, config))
    batches = protection.drawn(PackBatches(packs["train"], micro_batch_size=2, grad_accum=1, seed=0))
    model.train()
    for step in range(STEPS):
        (batch,) = batches(step)
        loss, facts = objective(model, batch)
        loss.backward()
        assert "tense_left" in facts or not protection.holds
        for part in protection.parts:
            gradient = part.parameter.grad
            assert gradient is not None and gradient.abs().max() > 0
            torch.testing.assert_close(part.of(gradient), torch.zeros_like(part.kept), atol=1e-5, rtol=0)
        optimizer.step()
        optimizer.zero_grad()
    return protection


ADAPTERS = [None, {"r": 2}, {"r": 2, "train_embeddings": "all"}]


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("kind", ["adamw", "muon"])
def test_no_step_moves_what_is_kept(workspace: Path, packs: dict[str, Any], adapter: Any, kind: str) -> None:
    config = described(adapter, held=0)
    model = tiny.model()
    if adapter:
        model = add_adapter(model, AdapterSettings(**adapter), tiny.renderer(), "x", 0)
    before = {name: value.clone() for name, value in model.named_parameters()}
    protection = trained(config, model, packs, workspace, {"kind": kind})
    assert protection.parts
    for part in protection.parts:
        torch.testing.assert_close(part.of(part.parameter), part.kept, atol=1e-4, rtol=1e-4)
    moved = [name for name, value in model.named_parameters() if not torch.equal(value, before[name])]
    assert len(moved) >= len(protection.parts) / 2, "the rest learns"
