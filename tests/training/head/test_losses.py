"""Losses at places are those of the logits there, whatever a model does to them and whoever trains its output layer."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from tests import kinds, tiny
from training.adapters import add_adapter
from training.config import AdapterSettings
from training.head import losses, shaping
from training.sequences import Sequences, logits_at, token_losses, weighted_loss

Tensor = torch.Tensor
PLACES = torch.tensor([0, 3, 4, 9, 17, 30, 31])


def packed(vocabulary: int) -> Sequences:
    """Two sequences of sixteen tokens, of which the first holds two rows."""
    tokens = torch.randint(5, vocabulary, (2, 16), generator=torch.Generator().manual_seed(1))
    place = torch.arange(16).expand(2, 16)
    rows = (place >= torch.tensor([[7], [16]])).long() + torch.tensor([[0], [2]])
    return Sequences(input_ids=tokens, labels=tokens.roll(-1, 1), position_ids=place - 7 * (rows == 1), rows=rows)


def plain(model: Any, sequences: Sequences) -> Tensor:
    logits = logits_at(model, sequences, PLACES).float()
    return F.cross_entropy(logits, sequences.labels.flatten()[PLACES], reduction="none")


def gradients(model: Any, loss: Tensor) -> dict[str, Tensor]:
    model.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    return {name: part.grad.clone() for name, part in model.named_parameters() if part.grad is not None}


def assert_same(model: Any, *, tolerance: float = 1e-4) -> None:
    """Both ways of asking, in value and in all gradients."""
    sequences = packed(model.get_input_embeddings().weight.shape[0])
    weights = torch.linspace(0.2, 1.5, len(PLACES))
    state = torch.get_rng_state()
    expected = plain(model, sequences)
    wanted = gradients(model, expected @ weights)
    for ask in (
        lambda: token_losses(model, sequences, PLACES) @ weights,
        lambda: weighted_loss(model, sequences, PLACES, weights),
    ):
        torch.set_rng_state(state)
        found = ask()
        torch.testing.assert_close(found, (expected @ weights).detach(), atol=tolerance, rtol=tolerance)
        mine = gradients(model, found)
        assert mine.keys() == wanted.keys() and mine
        atol = tolerance * max(float(theirs.abs().max()) for theirs in wanted.values())
        for name, theirs in wanted.items():
            torch.testing.assert_close(mine[name], theirs, atol=atol, rtol=tolerance)


def never(*_: Any, **__: Any) -> Any:
    raise AssertionError("the logits were asked for")


@pytest.mark.parametrize("kind", [kind for kind in kinds.KINDS if kind not in kinds.NEVER_PACKED])
def test_of_every_architecture(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = kinds.model(kind)
    assert_same(model)
    monkeypatch.setattr(losses, "selected_logits", never)
    token_losses(model, packed(200), PLACES)


@pytest.mark.parametrize(
    ("kind", "settings", "scale", "cap"),
    [
        ("llama", {}, 1.0, None),
        ("gemma2", {"final_logit_softcapping": 3.0}, 1.0, 3.0),
        ("cohere2", {"logit_scale": 0.0625}, 0.0625, None),
        ("granite", {"logits_scaling": 13.0}, 1 / 13, None),
    ],
)
def test_what_models_do_to_the_sums_is_found(
    kind: str, settings: dict[str, Any], scale: float, cap: float | None
) -> None:
    model = kinds.model(kind, **settings)
    assert_same(model)
    found = shaping._known[model]
    assert found is not None and found.scale == pytest.approx(scale, rel=1e-6) and found.cap == cap


@pytest.mark.parametrize(
    "change",
    [
        lambda logits: logits + torch.arange(logits.shape[-1]),
        lambda logits: logits**3,
        lambda logits: logits[..., :150],
    ],
)
def test_what_is_not_understood_is_left_to_the_model(change: Callable[[Tensor], Tensor]) -> None:
    model = tiny.model().eval()
    model.register_forward_hook(
        lambda module, inputs, output: output.__setitem__("logits", change(output.logits)) or output
    )
    sequences = packed(150)
    torch.testing.assert_close(token_losses(model, sequences, PLACES), plain(model, sequences))
    assert shaping._known[model] is None


def test_an_output_layer_that_is_never_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some code takes its matrix and multiplies by itself."""
    model = tiny.model().eval()
    sequences = packed(150)
    expected = plain(model, sequences)
    layer = model.get_output_embeddings()

    class Around(torch.nn.Module):
        def forward(self, hidden: Tensor) -> Tensor:
            return F.linear(hidden, layer.weight)

    model.lm_head = Around()
    monkeypatch.setattr(type(model), "get_output_embeddings", lambda self: layer)
    torch.testing.assert_close(token_losses(model, sequences, PLACES), expected)


def adapted(kind: str, **settings: Any) -> Any:
    return stirred(add_adapter(kinds.model(kind), AdapterSettings(r=2, **settings), tiny.renderer(), "base", seed=1))


def with_adapted_head(kind: str, **settings: Any) -> Any:
    from peft import LoraConfig, get_peft_model

    return stirred(get_peft_model(kinds.model(kind), LoraConfig(r=2, target_modules=["lm_head"], **settings)))


def stirred(model: Any) -> Any:
    """Updates begin at nothing, and would hide what is wrong with them."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter += 0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(len(name)))
    return model


ADAPTED: dict[str, Callable[[str], Any]] = {
    "no embeddings": adapted,
    "tokens": lambda kind: adapted(kind, train_embeddings="tokens"),
    "all embeddings": lambda kind: adapted(kind, train_embeddings="all"),
    "output layer": with_adapted_head,
    "output layer, dropout": lambda kind: with_adapted_head(kind, lora_dropout=0.5),
}


@pytest.mark.parametrize("what", ADAPTED)
@pytest.mark.parametrize("kind", ["llama", "gemma2", "phi"])
@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.filterwarnings("ignore:Model has `tie_word_embeddings=True`:UserWarning")
def test_under_an_adapter(kind: str, what: str, autocast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    model = ADAPTED[what](kind).train()
    if autocast:  # as accelerate does it
        model.forward = torch.autocast("cpu", torch.bfloat16)(model.forward)
    tolerance = 0.05 if autocast else 1e-4
    assert_same(model, tolerance=tolerance)
    with model.disable_adapter():
        found, expected = token_losses(model, packed(200), PLACES), plain(model, packed(200))
    torch.testing.assert_close(found, expected, atol=tolerance, rtol=tolerance)
    if (kind, what) != ("phi", "tokens"):  # whose bias peft forgets
        monkeypatch.setattr(losses, "_in_pieces", never)
        token_losses(model, packed(200), PLACES)


def test_an_adapter_of_another_kind_computes_by_itself_a_piece_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "_PIECE", 600)
    model = with_adapted_head("llama", use_dora=True)
    assert_same(model)
    monkeypatch.setattr(losses, "cross_entropy", never)
    token_losses(model, packed(200), PLACES)


def test_looking_what_a_model_does_takes_no_random_number() -> None:
    """A run that goes on would draw others than one that was never stopped."""
    sequences, model = packed(200), adapted("llama", dropout=0.5).train()
    torch.manual_seed(7)
    first = token_losses(model, sequences, PLACES)
    torch.manual_seed(7)
    assert torch.equal(token_losses(model, sequences, PLACES), first)


@pytest.mark.parametrize("trained", [False, True])
def test_a_model_that_is_shared_out_among_processes(trained: bool) -> None:
    """Its weights are away between the passes, and come back only where its answer is gone through."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    try:
        plain, shared = ((tiny.model() if trained else adapted("llama").get_base_model()) for _ in range(2))
        mesh = init_device_mesh("cpu", (1,))
        for module in (*shared.model.layers, shared):
            fully_shard(module, mesh=mesh, reshard_after_forward=True)
        for model in (plain, shared):
            token_losses(model, packed(200), PLACES).sum().backward()
        for mine, theirs in zip(shared.parameters(), plain.parameters(), strict=True):
            assert (mine.grad is None) == (theirs.grad is None)
            assert theirs.grad is None or torch.equal(mine.grad.full_tensor(), theirs.grad)
    finally:
        torch.distributed.destroy_process_group()
