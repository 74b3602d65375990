import math
from pathlib import Path

import pytest
import torch

from data_mix.packing.pack import Pack
from tests import tiny
from tests.data_mix.packing.test_comparisons import mix, packed, rated, row
from training.batches import Batch, PackBatches
from training.config import PreferenceSettings
from training.groups import said
from training.objectives.gradient import advantages, gradient

HOW = PreferenceSettings(kl_weight=0.5, clip=0.2)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Groups of three, of two, of one and of a reply that nobody rated."""
    rewards = [(0.0, 1.0, 0.5), (0.25, 0.75), (1.0,)]
    rows = [
        rated(10 * at + place, f"I eat {at}.", f"You ate {place}?" + " Yes." * place, preferred=reward)
        for at, group in enumerate(rewards)
        for place, reward in enumerate(group)
    ]
    rows += [rated(50, "I eat 0.", "No.", tone=1), row(60, ["I go."], "You went?", "You go.")]
    found, _ = packed(mix(tmp_path_factory.mktemp("mixes") / "m", rows), seq_len=96)
    return found


def batches(pack: Pack, parts: int, shift: float = 0.0, model: torch.nn.Module | None = None) -> list[Batch]:
    """All of the pack as one step; the replies were `shift` nats a token less likely to who wrote them."""
    import numpy as np

    from training.asking import ask

    class Plain:
        @staticmethod
        def autocast() -> object:
            from contextlib import nullcontext

            return nullcontext()

    given = ask(model or tiny.model(), pack, batch_size=1, accelerator=Plain())
    pack.references.update(reference=given, sampled_by=np.where(given != 0, given - np.float32(shift), 0))
    assert len(pack) % parts == 0
    return PackBatches(pack, micro_batch_size=len(pack) // parts, grad_accum=parts, seed=0)(0)


def by_reply(batch: Batch) -> dict[int, float]:
    return dict(zip(batch.extras["row_numbers"].tolist(), advantages(batch, scaled=False).tolist(), strict=True))


def test_an_advantage_is_how_far_a_reward_lies_from_its_groups_mean(pack: Pack) -> None:
    (batch,) = batches(pack, 1)
    found = {pack.row_ids[number]: value for number, value in by_reply(batch).items() if number > 1}
    assert found == pytest.approx(
        {"p-0": -0.5, "p-1": 0.5, "p-2": 0.0, "p-50": 0.0, "p-10": -0.25, "p-11": 0.25, "p-20": 0.0}
    )
    scaled = dict(zip(batch.extras["row_numbers"].tolist(), advantages(batch, scaled=True).tolist(), strict=True))
    assert [scaled[number] for number in (0, 1)] == pytest.approx([1, -1])
    assert max(scaled.values()) == pytest.approx(math.sqrt(1.5)) and all(map(math.isfinite, scaled.values()))


def test_the_first_step_is_the_policy_gradient(pack: Pack) -> None:
    """Where the model is still who wrote the replies, every ratio is 1, and nothing has left the reference."""
    model = tiny.model()
    (batch,) = batches(pack, 1)
    loss, facts = gradient(model, batch, how=HOW)
    assert loss.item() == pytest.approx(0, abs=1e-6) and float(facts["kl"]) == pytest.approx(0, abs=1e-6)
    loss.backward()
    reference = tiny.model()
    found = said(reference, batch)
    worth = advantages(batch, scaled=False) / (found.lengths * int(batch.extras["step_known"][0]))
    (-(worth[found.owner] * found.log_probs).sum()).backward()
    for mine, theirs in zip(model.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad, atol=1e-6, rtol=1e-4)


def test_micro_batches_add_up(pack: Pack) -> None:
    found = []
    for parts in (1, len(pack)):
        model = tiny.trained_a_little(tiny.model(), lr=0.05)
        total, kl = 0.0, 0.0
        for batch in batches(pack, parts, shift=0.1):
            loss, facts = gradient(model, batch, how=HOW)
            loss.backward()
            total, kl = total + loss.item(), kl + float(facts["kl"]) / parts
        found.append((total, kl, torch.cat([parameter.grad.flatten() for parameter in model.parameters()])))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-4) and found[0][1] == pytest.approx(found[1][1], rel=1e-4)
    assert found[0][1] > 1e-4
    torch.testing.assert_close(found[0][2], found[1][2], atol=1e-6, rtol=1e-3)


def test_what_is_measured_does_not_depend_on_how_much_rows_weigh(pack: Pack) -> None:
    model = tiny.trained_a_little(tiny.model(), lr=0.05)
    (batch,) = batches(pack, 1, shift=0.3)
    whole = gradient(model, batch, how=HOW)
    batch.extras["row_weights"] = batch.extras["row_weights"] / 4
    quarter = gradient(model, batch, how=HOW)
    assert quarter[0].item() == pytest.approx(whole[0].item() / 4) and float(whole[1]["kl"]) > 1e-4
    assert {name: float(value) for name, value in quarter[1].items()} == pytest.approx(
        {name: float(value) for name, value in whole[1].items()}
    )


def test_what_has_gained_beyond_bounds_or_left_too_far_gains_no_more(pack: Pack) -> None:
    """All replies have become a third likelier than they were to who wrote them: only worse ones are still pushed."""
    model = tiny.model()
    (batch,) = batches(pack, 1, shift=0.3)
    assert float(gradient(model, batch, how=HOW)[1]["clipped"]) == pytest.approx(1)
    slopes = _slopes(model, batch, HOW)
    worth = advantages(batch, scaled=False)[said(model, batch).owner]
    assert (slopes[worth > 0].abs() < 1e-6).all() and (slopes[worth < 0] > 1e-3).all()
    pack.references["reference"] = pack.references["sampled_by"] - 3.0 * (pack.references["sampled_by"] != 0)
    (far,) = PackBatches(pack, micro_batch_size=len(pack), grad_accum=1, seed=0)(0)
    nothing = HOW.model_copy(update={"kl_weight": 0.0})
    back = _slopes(model, far, HOW)
    assert (_slopes(model, far, nothing) == 0).all() and (back >= 0).all() and back.max() > 0.01
    assert float(gradient(model, far, how=HOW)[1]["kl_beyond"]) == pytest.approx(1)


def _slopes(model: torch.nn.Module, batch: Batch, how: PreferenceSettings) -> torch.Tensor:
    """(t,): the slope of the loss in the log-probability of each token."""
    from training.objectives import gradient as module

    kept = []

    def caught(model: object, batch: Batch) -> object:
        found = said(model, batch)
        found.log_probs.retain_grad()
        kept.append(found)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "said", caught)
        gradient(model, batch, how=how)[0].backward()
    slopes: torch.Tensor = kept[0].log_probs.grad
    return slopes


def test_a_reply_that_nobody_rated_is_not_learned(tmp_path: Path) -> None:
    rows = [
        rated(1, "I eat.", "You ate?", preferred=1),
        rated(2, "I eat.", "No.", preferred=0),
        rated(3, "I eat.", "Oh.", tone=1),
    ]
    pack, _ = packed(mix(tmp_path / "m", rows), seq_len=96)
    (batch,) = batches(pack, 1)
    number = pack.row_ids.index("p-3")
    slopes = _slopes(tiny.model(), batch, HOW)
    found = said(tiny.model(), batch)
    assert (slopes[found.owner == number] == 0).all() and (slopes[found.owner != number].abs() > 1e-3).all()
