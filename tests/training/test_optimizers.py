from typing import Any

import pytest
import torch

from espalier.errors import UserError
from tests import tiny
from training.adapters import add_adapter
from training.config import AdapterSettings
from training.muon import Muon, orthogonal
from training.optimizers import OptimSettings, make_optimizer


def names(model: Any, optimizer: torch.optim.Optimizer, hidden: bool) -> set[str]:
    """The parameters in the optimizer's groups of hidden matrices, or in its others."""
    by_id = {id(parameter): name for name, parameter in model.named_parameters()}
    return {by_id[id(p)] for group in optimizer.param_groups if group["hidden"] == hidden for p in group["params"]}


def test_all_singular_values_are_brought_near_one_and_singular_vectors_kept() -> None:
    made = torch.Generator().manual_seed(0)
    for rows, columns in ((6, 6), (4, 16), (16, 4)):
        before = torch.randn(3, rows, columns, generator=made)
        after = orthogonal(before)
        left, _, right = torch.linalg.svd(before, full_matrices=False)
        inside = left.mT @ after @ right.mT
        values = inside.diagonal(dim1=1, dim2=2)
        assert values.min() > 0.3 and values.max() < 1.3
        torch.testing.assert_close(inside, torch.diag_embed(values), atol=1e-4, rtol=0)


def test_muon_is_torch_s_with_the_learning_rate_of_adamw() -> None:
    """Up to the bfloat16 that torch's computes in."""
    made = torch.Generator().manual_seed(0)
    shapes = [(8, 8), (8, 24), (24, 8), (8, 24)]
    ours = [torch.nn.Parameter(torch.randn(shape, generator=made)) for shape in shapes]
    theirs = [torch.nn.Parameter(value.detach().clone()) for value in ours]
    begun = [value.detach().clone() for value in ours]
    options = {"lr": 0.03, "momentum": 0.9}
    mine: Any = Muon([{"params": ours, "weight_decay": 0.1}], [], betas=(0.9, 0.95), eps=1e-8, **options)
    reference = torch.optim.Muon(theirs, weight_decay=0.1, adjust_lr_fn="match_rms_adamw", **options)
    for _ in range(3):
        for one, other in zip(ours, theirs, strict=True):
            one.grad = torch.randn(one.shape, generator=made)
            other.grad = one.grad.clone()
        mine.step()
        reference.step()
    for one, other, start in zip(ours, theirs, begun, strict=True):
        assert (one - other).norm() < 0.02 * (other - start).norm()


def test_muon_takes_hidden_matrices_and_leaves_embeddings_output_layer_and_vectors_to_adamw() -> None:
    for tied in (True, False):
        model = tiny.model(tie_embeddings=tied)
        optimizer = make_optimizer(model, OptimSettings(kind="muon"))
        hidden = names(model, optimizer, True)
        linear = {name for name, module in model.model.named_modules() if isinstance(module, torch.nn.Linear)}
        assert hidden == {f"model.{name}.weight" for name in linear}
        rest = names(model, optimizer, False)
        assert rest == {name for name, _ in model.named_parameters()} - hidden
        assert "model.embed_tokens.weight" in rest and "model.norm.weight" in rest
        model(input_ids=torch.tensor([[1, 2, 3]]), labels=torch.tensor([[1, 2, 3]])).loss.backward()
        optimizer.step()
        kept = {name: set(optimizer.state[value]) for name, value in model.named_parameters()}
        assert all(kept[name] == {"momentum_buffer"} for name in hidden)
        assert all(kept[name] == {"step", "exp_avg", "exp_avg_sq"} for name in rest)


def test_muon_takes_an_adapter_s_matrices_and_no_embeddings_that_are_trained_beside_them() -> None:
    for embeddings in ("tokens", "all"):
        settings = AdapterSettings(r=2, train_embeddings=embeddings)
        model = add_adapter(tiny.model(tie_embeddings=False), settings, tiny.renderer(), "path:x", 0)
        optimizer = make_optimizer(model, OptimSettings(kind="muon"))
        assert all(".lora_" in name for name in names(model, optimizer, True))
        assert all("token" in name or "lm_head" in name for name in names(model, optimizer, False))
        assert names(model, optimizer, False)


def test_a_key_of_muon_under_another_optimizer_is_said() -> None:
    with pytest.raises(ValueError, match="muon_lr: the optimizer adamw does not read it"):
        OptimSettings(muon_lr=0.02)


def test_what_cannot_be_parted_among_processes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(UserError, match="muon takes whole matrices, which FSDP parts"):
        make_optimizer(tiny.model(), OptimSettings(kind="muon"))
    with pytest.raises(UserError, match="pissa cannot be parted among processes"):
        add_adapter(tiny.model(), AdapterSettings(r=2, init="pissa"), tiny.renderer(), "path:x", 0)
