"""What a reward model is taught: held to plain sums over pairs, and to the distributions that torch has."""

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from data_mix.packing.pack import Pack
from espalier.errors import UserError
from espalier.models.loading import save_model
from espalier.models.pool import Placement
from espalier.models.reward import open_reward
from espalier.models.reward_head import RewardHead, attach, head_of
from tests import tiny
from tests.data_mix.packing.test_comparisons import mix, packed, rated, row
from training.batches import Batch, PackBatches
from training.compared import pairs_in_groups
from training.objectives import make_objective
from training.objectives.reward import column_weights
from training.reward.bottleneck import mutual_information, symmetric_divergence, view_losses, views_of
from training.reward.members import taught
from training.reward.rewards import rewards_of_pack, valued
from training.reward.settings import RewardSettings

COLUMNS = ("preferred", "tone")


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Pairs, and rated replies of which some are ties and some unknown."""
    rows = [row(at, ["I go."] * (1 + 2 * (at % 2)), f"You went {at}?", "No. " * (1 + at % 3)) for at in range(9)]
    rows += [
        rated(20 + at, f"I eat {at % 3}.", f"You ate {at}?", preferred=(at % 4) / 3, tone=(at % 3) / 2)
        for at in range(10)
    ]
    rows += [rated(40, "I see.", "You saw?", tone=1), rated(41, "I see.", "You said?", preferred=0.3, tone=0)]
    return packed(mix(tmp_path_factory.mktemp("mixes") / "m", rows), seq_len=64)[0]


def headed(members: int = 2, **facts: Any) -> Any:
    model = tiny.model()
    attach(model, RewardHead(COLUMNS, members=members, width=8, seed=3, **facts))
    return model


def test_every_micro_batch_says_the_same_things_so_that_processes_can_average_them(pack: Pack) -> None:
    model = headed()
    objective = make_objective("reward", model, SimpleNamespace(reward=RewardSettings()))
    said = [
        objective(model, batch)[1] for batch in PackBatches(pack, micro_batch_size=1, grad_accum=len(pack), seed=0)(0)
    ]
    assert all(each.keys() == {"accuracy_preferred", "accuracy_tone", "disagreement"} for each in said)
    means = rewards_of_pack(model, pack, batch_size=4).mean(axis=1)
    pairs = pairs_in_groups(pack.row_group, pack.row_targets[:, 1])
    right = float((means[pairs[:, 0], 1] > means[pairs[:, 1], 1]).mean())
    assert float(torch.stack([each["accuracy_tone"] for each in said]).mean()) == pytest.approx(right)


def learned(model: Any, pack: Pack, micro_batch_size: int, grad_accum: int, **how: Any) -> tuple[float, torch.Tensor]:
    """The loss of a step, and its gradient in the trunk."""
    settings = SimpleNamespace(reward=RewardSettings(**how))
    objective = make_objective("reward", model, settings)
    model.zero_grad()
    total = 0.0
    for batch in PackBatches(pack, micro_batch_size=micro_batch_size, grad_accum=grad_accum, seed=0)(0):
        loss, _ = objective(model, batch)
        loss.backward()
        total += float(loss.detach())
    return total, model.model.layers[0].mlp.up_proj.weight.grad.clone()


@pytest.mark.parametrize("pointwise", [0.0, 0.5])
def test_the_loss_is_the_mean_over_the_steps_pairs_of_each_column(pack: Pack, pointwise: float) -> None:
    model = headed()
    head = head_of(model)
    assert head is not None
    head.taught = torch.from_numpy(taught(pack, 2, seed=5))
    found, _ = learned(model, pack, 1, len(pack), pointwise=pointwise, columns={"preferred": 1, "tone": 3})

    rewards, weights = rewards_of_pack(model, pack, batch_size=4), taught(pack, 2, seed=5)
    groups, targets = pack.row_group, pack.row_targets
    wanted = 0.0
    for column, share in ((0, 0.25), (1, 0.75)):
        losses = [
            weights[a, member] * math.log1p(math.exp(rewards[b, member, column] - rewards[a, member, column]))
            for a in range(len(groups))
            for b in range(len(groups))
            if groups[a] == groups[b] and targets[a, column] > targets[b, column]
            for member in range(2)
        ]
        wanted += share * float(np.mean(losses))
    known = np.flatnonzero(~np.isnan(targets[:, 1]))
    odds, rated_at = rewards[known, :, 1], targets[known, 1][:, None]
    wanted += pointwise * 0.75 * float(np.mean(weights[known] * (np.log1p(np.exp(odds)) - rated_at * odds)))
    assert found == pytest.approx(wanted, abs=1e-5)


def test_micro_batches_add_up(pack: Pack) -> None:
    loss, gradient = learned(headed(), pack, 1, len(pack), pointwise=0.5)
    together, at_once = learned(headed(), pack, len(pack), 1, pointwise=0.5)
    assert loss == pytest.approx(together, abs=1e-5)
    torch.testing.assert_close(gradient, at_once, atol=1e-6, rtol=1e-4)
    assert gradient.abs().max() > 1e-4


def test_a_row_in_a_pack_is_worth_what_it_is_worth_alone(pack: Pack, tmp_path: Path) -> None:
    model = headed()
    (folder := tmp_path / "rm").mkdir()
    save_model(model, tiny.renderer(), folder, None)
    reward = open_reward(str(folder), Placement(device="cpu"))
    said = [([{"role": "user", "content": f"I eat {at % 3}."}], f"You ate {at}?") for at in range(10)]
    places = [pack.row_ids.index(f"p-{20 + at}") for at in range(10)]
    np.testing.assert_allclose(reward.score(said), rewards_of_pack(model, pack, batch_size=2)[places], atol=1e-5)


def test_a_reward_that_is_no_number_names_its_row(pack: Pack) -> None:
    model = headed()
    with torch.no_grad():
        head_of(model).weight[0, 0] = math.inf  # type: ignore[union-attr]
    with pytest.raises(UserError, match=r"the reward of row \S+ is no finite number"):
        rewards_of_pack(model, pack, batch_size=2)


def test_prompts_are_drawn_by_seed_and_row_alone(pack: Pack) -> None:
    found = taught(pack, 3, seed=5)
    for group in np.unique(pack.row_group):
        assert len(np.unique(found[pack.row_group == group], axis=0)) == 1
    assert set(np.unique(found)) > {0.0, 1.0} and not np.array_equal(found[:, 0], found[:, 1])
    assert not np.array_equal(found, taught(pack, 3, seed=6))
    np.testing.assert_array_equal(found[:, :2], taught(pack, 2, seed=5))  # who else learns does not matter
    assert (taught(pack, 1, seed=5) == 1).all()

    turned = SimpleNamespace(row_group=pack.row_group[::-1], row_ids=pack.row_ids[::-1])
    pairs = pack.row_group < 9  # of which either row may come first
    np.testing.assert_array_equal(taught(turned, 3, seed=5)[::-1][pairs], found[pairs])  # type: ignore[arg-type]


@pytest.mark.parametrize("pointwise", [0.0, 0.5])
def test_each_member_learns_from_its_own_prompts_alone(pack: Pack, pointwise: float) -> None:
    model = headed()
    head = head_of(model)
    assert head is not None
    head.taught = torch.zeros(len(pack.row_group), 2)
    head.taught[:, 1] = 1
    learned(model, pack, len(pack), 1, pointwise=pointwise)
    gradient = head.weight.grad.view(2, 2, 8)  # type: ignore[union-attr]
    assert not gradient[0].any() and gradient[1].any()


# The bottleneck

DRAW = torch.Generator().manual_seed(0)
MEANS, SPREADS = torch.randn(6, 5, generator=DRAW), 0.5 * torch.randn(6, 5, generator=DRAW)


def test_the_divergence_is_that_of_the_distributions() -> None:
    one, other = ((MEANS[part], SPREADS[part]) for part in (slice(0, 3), slice(3, 6)))
    p, q = (torch.distributions.Normal(mean, (spread / 2).exp()) for mean, spread in (one, other))
    kl = torch.distributions.kl_divergence
    torch.testing.assert_close(symmetric_divergence(*one, *other), (kl(p, q).sum(1) + kl(q, p).sum(1)) / 2)


def test_what_views_tell_of_each_other_is_infonce() -> None:
    samples, others = MEANS[:3], MEANS[3:]
    wanted = []
    for at in range(3):
        scores = [float(samples[at] @ others[other]) / math.sqrt(5) for other in range(3)]
        turned = [float(samples[other] @ others[at]) / math.sqrt(5) for other in range(3)]
        told = [math.exp(each[at]) / (sum(map(math.exp, each)) / 3) for each in (scores, turned)]
        wanted.append((math.log(told[0]) + math.log(told[1])) / 2)
    torch.testing.assert_close(mutual_information(samples, others), torch.tensor(wanted))
    assert mutual_information(20 * samples, 20 * samples).mean() == pytest.approx(math.log(3), abs=1e-3)
    views = torch.tensor([[0, 3], [1, 4], [2, 5]])
    losses = view_losses(MEANS, SPREADS, MEANS, views, beta=0.2)
    divergence = symmetric_divergence(MEANS[:3], SPREADS[:3], MEANS[3:], SPREADS[3:])
    torch.testing.assert_close(losses, 0.2 * divergence - torch.tensor(wanted))
    assert mutual_information(samples[:0], others[:0]).shape == (0,) and not mutual_information(samples[:1], others[:1])


def _batch(groups: list[int], preferred: list[float]) -> Batch:
    size = len(groups)
    extras = {
        "group": torch.tensor(groups),
        "targets": torch.tensor(preferred)[:, None],
        "last": torch.arange(size),
    }
    return SimpleNamespace(extras=extras, weights=torch.zeros(1, size))  # type: ignore[return-value]


def test_neighbours_in_a_group_are_two_views() -> None:
    batch = _batch([7, 7, 7, 8, 8, 9, 9, 9, 9], [1, 0, math.nan, math.nan, math.nan, 1, math.nan, 0, math.nan])
    assert views_of(batch, "all").tolist() == [[0, 1], [3, 4], [5, 6], [7, 8]]
    assert views_of(batch, "unlabelled").tolist() == [[3, 4], [6, 8]]


def test_a_bottleneck_adds_its_share_to_the_comparisons(pack: Pack) -> None:
    how = {"bottleneck": {"size": 4, "weight": 0.5, "beta": 0.1}}
    found = {}
    for weight in (0.0, 0.5):
        torch.manual_seed(1)
        found[weight] = learned(
            headed(bottleneck=4), pack, len(pack), 1, bottleneck=how["bottleneck"] | {"weight": weight}
        )[0]
    torch.manual_seed(1)
    model = headed(bottleneck=4)
    (batch,) = PackBatches(pack, micro_batch_size=len(pack), grad_accum=1, seed=0)(0)
    said = valued(model, batch.sequences, batch.extras["last"], sample=True)
    assert said.log_variances is not None and not torch.equal(said.samples, said.means)
    views = views_of(batch, "all")
    losses = view_losses(said.means, said.log_variances, said.samples, views, 0.1)
    wanted = 0.5 * 2 * float(losses.detach().sum()) / len(pack.row_group)
    assert found[0.5] - found[0.0] == pytest.approx(wanted, abs=1e-4)


# What is asked of it


def test_a_column_that_there_is_nothing_to_learn_of_takes_no_weight_from_others() -> None:
    head = RewardHead((*COLUMNS, "drawn"), members=1, width=8)
    assert column_weights(head, RewardSettings()) == pytest.approx({0: 1 / 3, 1: 1 / 3, 2: 1 / 3})
    head.learned = {"preferred": 1.0, "tone": 1.0}
    assert column_weights(head, RewardSettings()) == {0: 0.5, 1: 0.5}
    assert column_weights(head, RewardSettings(columns={"tone": 3, "drawn": 1})) == {1: 1.0}


def test_it_wants_a_head_and_columns_that_there_are() -> None:
    settings = SimpleNamespace(reward=RewardSettings(columns={"warmth": 1.0}))
    with pytest.raises(UserError, match="which python feedback/reward.py does"):
        make_objective("reward", tiny.model(), settings)
    with pytest.raises(UserError, match="no preference says anything of 'warmth'; known: preferred, tone"):
        make_objective("reward", headed(), settings)
    with pytest.raises(ValueError, match="wants weights of 0 or more, and one of them above 0"):
        RewardSettings(columns={"tone": 0.0})
