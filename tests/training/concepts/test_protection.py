"""A concept that is kept: no gradient reaches its subspace, no step moves what writes into it or reads it."""

from pathlib import Path
from typing import Any

import pytest
import torch

from data_mix.packing.pack import open_packs
from espalier.errors import UserError
from tests import tiny
from tests.stage1.commands import CORE, TRUNK, make_mix
from training.adapters import add_adapter
from training.batches import PackBatches
from training.concepts.drift import measure_drift
from training.concepts.protection import Protection, protect
from training.concepts.states import measure_states, states_at
from training.config import AdapterSettings, TrainConfig
from training.objectives import make_objective
from training.optimizers import OptimSettings, make_optimizer

WORDS = {"now": ["go", "eat"], "then": ["went", "ate"]}


class Folder:
    """A run, as far as it is asked here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder


@pytest.fixture
def packs(workspace: Path) -> dict[str, Any]:
    make_mix(workspace)
    return open_packs(workspace / "mixes" / "toy", tiny.renderer(), seq_len=32, rows="all", long_rows="split")[0]


def described(adapter: dict[str, Any] | None = None, **concept: Any) -> TrainConfig:
    facts = {key: value for key, value in (TRUNK | CORE).items() if key not in ("model", "tokenizer", "grad_accum")}
    table = {"name": "tense", "words": WORDS, "rank": 2, "max_examples": 32} | concept
    return TrainConfig.model_validate(facts | {"adapter": adapter, "protect": [table], "rows": "all"})


def model_of(adapter: dict[str, Any] | None) -> Any:
    model = tiny.model(width=32)
    return add_adapter(model, AdapterSettings(**adapter), tiny.renderer(), "x", 0) if adapter else model


def taught(
    config: TrainConfig, model: Any, packs: dict[str, Any], folder: Path, steps: int, **optim: Any
) -> Protection:
    """Some steps by the parts of the loop, under whatever shakes what is kept: momentum, decay, large steps."""
    run: Any = Folder(folder)
    protection = protect(model, config, tiny.renderer(), packs["train"], run)
    optimizer = make_optimizer(model, OptimSettings.model_validate({"lr": 0.02, "weight_decay": 0.1} | optim))
    protection.after_steps_of(optimizer)
    objective = protection.holding(make_objective("sft", model, config))
    batches = protection.drawn(PackBatches(packs["train"], micro_batch_size=2, grad_accum=1, seed=0))
    model.train()
    for step in range(steps):
        (batch,) = batches(step)
        loss, _ = objective(model, batch)
        loss.backward()
        for part in protection.parts:
            gradient = part.parameter.grad
            if gradient is not None:
                torch.testing.assert_close(part.of(gradient), torch.zeros_like(part.kept), atol=1e-5, rtol=0)
        optimizer.step()
        optimizer.zero_grad()
    return protection


@pytest.mark.parametrize("kind", ["adamw", "muon"])
@pytest.mark.parametrize("adapter", [None, {"r": 2}, {"r": 2, "train_embeddings": "all"}])
def test_no_gradient_and_no_step_reaches_what_is_kept(
    workspace: Path, packs: dict[str, Any], adapter: dict[str, Any] | None, kind: str
) -> None:
    model = model_of(adapter)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    protection = taught(described(adapter, held=0), model, packs, workspace, 3, kind=kind)
    # Embedding and output layer, which are one, are kept on both sides; of a layer, what writes and what reads.
    assert len(protection.parts) == 14 + (2 if adapter is None or len(adapter) > 1 else 0)
    for part in protection.parts:
        torch.testing.assert_close(part.of(part.parameter), part.kept, atol=1e-5, rtol=1e-4)
    moved = {name for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    assert {id(part.parameter) for part in protection.parts} <= {
        id(value) for name, value in model.named_parameters() if name in moved
    }, "what is kept is a part of them, and the rest learns"


def test_an_update_of_an_adapter_writes_nothing_into_a_subspace_and_reads_nothing_of_it(
    workspace: Path, packs: dict[str, Any]
) -> None:
    model = model_of({"r": 4})
    protection = taught(described({"r": 4}, held=0), model, packs, workspace, 3)
    concept = protection.found["tense"]
    layer = model.get_base_model().model.layers[0]
    writer, reader = layer.mlp.down_proj, layer.self_attn.q_proj
    update = writer.lora_B["default"].weight @ writer.lora_A["default"].weight
    assert update.abs().max() > 1e-4
    assert (concept.bases[1].T @ update).abs().max() < 1e-6
    update = reader.lora_B["default"].weight @ reader.lora_A["default"].weight
    assert update.abs().max() > 1e-4
    assert (update @ (layer.input_layernorm.weight[:, None] * concept.bases[0])).abs().max() < 1e-6


def test_what_is_read_in_a_subspace_teaches_nothing_below(workspace: Path, packs: dict[str, Any]) -> None:
    config, model = described(held=0), model_of(None)
    run: Any = Folder(workspace)
    concept = protect(model, config, tiny.renderer(), packs["train"], run).found["tense"]
    seen: list[torch.Tensor] = []
    final = model.model.norm
    final.register_forward_hook(lambda *arguments: arguments[-1].register_hook(seen.append) and None)
    ids = torch.tensor(tiny.IDS)
    for training in (True, False):
        model.train(training)
        model(input_ids=ids, labels=ids).loss.backward()
    in_training, asked = (gradient @ concept.bases[2] for gradient in seen)
    assert in_training.abs().max() < 1e-6 < 1e-3 < asked.abs().max()
    assert seen[0].abs().max() > 1e-3


def test_examples_stay_where_they_were_although_the_rest_is_learned(workspace: Path, packs: dict[str, Any]) -> None:
    found = {}
    for held in (0, 8):
        model = model_of(None)
        protection = taught(described(held=held, weight=5.0), model, packs, workspace / str(held), 60)
        found[held] = measure_drift(model, protection.found["tense"])
    assert found[8]["drift_2"] < found[0]["drift_2"] / 2
    assert found[8]["told"] > 0.9


def test_states_are_those_that_layers_read(workspace: Path, packs: dict[str, Any]) -> None:
    model, run = model_of(None).eval(), Folder(workspace)
    concept = protect(model, described(), tiny.renderer(), packs["train"], run).found["tense"]  # type: ignore[arg-type]
    states = measure_states(model, concept.examples, [0, 1, 2])
    for example in (0, 5, 31):
        end = int(concept.examples.ends[example])
        with torch.no_grad():
            alone = model(
                input_ids=concept.examples.input_ids[example : example + 1, : end + 1], output_hidden_states=True
            )
        for layer in range(3):
            torch.testing.assert_close(states[layer][example], alone.hidden_states[layer][0, end], atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(concept.was[layer][example], states[layer][example] @ concept.bases[layer])
    assert not model.training and torch.is_grad_enabled()
    assert states_at(model, concept.examples.input_ids[:1], concept.examples.ends[:1], [1])[1].requires_grad


def test_what_was_found_is_found_again_by_who_goes_on(workspace: Path, packs: dict[str, Any]) -> None:
    run: Any = Folder(workspace)
    first = protect(model_of(None), described(), tiny.renderer(), packs["train"], run).found["tense"]
    other = tiny.model(7, width=32)
    again = protect(other, described(), tiny.renderer(), packs["train"], run).found["tense"]
    assert first.bases.keys() == again.bases.keys() == {0, 1, 2}
    for layer, basis in first.bases.items():
        assert torch.equal(basis, again.bases[layer]) and torch.equal(first.was[layer], again.was[layer])
    assert torch.equal(first.examples.input_ids, again.examples.input_ids)


def test_a_control_is_as_large_and_lies_elsewhere(workspace: Path, packs: dict[str, Any]) -> None:
    bases = []
    for how in ("inlp", "random"):
        run: Any = Folder(workspace / how)
        bases.append(
            protect(model_of(None), described(how=how), tiny.renderer(), packs["train"], run).found["tense"].bases
        )
    for layer in range(3):
        assert bases[0][layer].shape == bases[1][layer].shape
        assert torch.linalg.matrix_norm(bases[0][layer].T @ bases[1][layer], 2) < 0.9


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"layers": [0, 7]}, "there is no layer 7; the model has states 0 to 2"),
        ({"words": {"now": ["sing"], "then": ["sang"]}}, r"have 0 of the label now, .* 8 examples of each"),
        ({"words": {"now": ["go"], "then": ["goes"]}}, "go, goes begin with one token"),
    ],
)
def test_what_cannot_be_kept_is_told(
    workspace: Path, packs: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    run: Any = Folder(workspace)
    with pytest.raises(UserError, match=words):
        protect(model_of(None), described(**changes), tiny.renderer(), packs["train"], run)
    assert not (workspace / "concepts").exists()


def test_a_model_of_another_build_is_refused(workspace: Path, packs: dict[str, Any]) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    run: Any = Folder(workspace)
    other = GPT2LMHeadModel(GPT2Config(vocab_size=320, n_embd=16, n_layer=1, n_head=2))
    with pytest.raises(UserError, match="not known what reads and writes the states of GPT2LMHeadModel"):
        protect(other, described(), tiny.renderer(), packs["train"], run)


def test_an_adapter_that_has_moved_is_refused(workspace: Path, packs: dict[str, Any]) -> None:
    run: Any = Folder(workspace)
    moved = described({"r": 2}).model_copy(update={"growth": "continue"})
    with pytest.raises(UserError, match="only an update that begins at nothing"):
        protect(model_of({"r": 2}), moved, tiny.renderer(), packs["train"], run)
