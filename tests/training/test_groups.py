import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from data_mix.packing.pack import Pack
from tests import tiny
from tests.data_mix.packing.test_comparisons import mix, packed, rated, row
from training.batches import Batch, PackBatches
from training.compared import pairs_in_groups, worse_in_group
from training.groups import pair_shares, pairs_of, row_shares, said

MODEL = tiny.model()
VALUES = st.sampled_from([0.0, 0.25, 0.5, 1.0, math.nan])


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Pairs and rated replies, of which some are ties, some unknown, and some have no other beside them."""
    rows = [row(at, ["I go."] * (1 + 2 * (at % 2)), f"You went {at}?", "No. " * (1 + at % 3)) for at in range(9)]
    rows += [rated(20 + at, f"I eat {at % 3}.", f"You ate {at}?", preferred=(at % 4) / 3) for at in range(10)]
    rows += [rated(40, "I see.", "You saw?", tone=1), rated(41, "I say.", "You said?", preferred=0.3, tone=0)]
    return packed(mix(tmp_path_factory.mktemp("mixes") / "m", rows), seq_len=64)[0]


def step(pack: Pack, micro_batch_size: int, grad_accum: int, number: int = 0) -> list[Batch]:
    return PackBatches(pack, micro_batch_size=micro_batch_size, grad_accum=grad_accum, seed=1)(number)


def row_log_probs(model: object, batch: Batch) -> torch.Tensor:
    found = said(model, batch)
    return found.by_row(found.log_probs)


def test_a_row_is_given_what_the_model_gives_it_alone(pack: Pack) -> None:
    (batch,) = step(pack, len(pack), 1)
    found = row_log_probs(MODEL, batch)
    assert len(found) == len(pack.row_group) == len(set(batch.extras["row_numbers"].tolist()))
    for number, given_, last in zip(batch.extras["row_numbers"].tolist(), found, batch.extras["last"], strict=True):
        here = np.nonzero(pack.rows == number)
        inputs, labels = (torch.tensor(each[here].astype(np.int64)) for each in (pack.inputs, pack.labels))
        log_probs = MODEL(input_ids=inputs[None]).logits[0].log_softmax(-1).gather(1, labels[:, None])[:, 0]
        torch.testing.assert_close(given_, log_probs[pack.turn_weights[here] > 0].sum())
        assert batch.sequences.input_ids.flatten()[last] == inputs[-1]
        assert batch.sequences.rows.flatten()[last] == number


@pytest.mark.parametrize("column", [0, 1])
def test_pairs_are_those_of_a_group_the_better_first(pack: Pack, column: int) -> None:
    found = set()
    for batch in step(pack, 1, len(pack)):
        numbers, pairs = batch.extras["row_numbers"], pairs_of(batch, column)
        found |= {(int(numbers[better]), int(numbers[worse])) for better, worse in pairs}
        assert int(batch.extras["step_pairs"][column]) == _count(pack, column)
    rows = range(len(pack.row_group))
    group, value = pack.row_group, pack.row_targets[:, column]
    assert found == {(a, b) for a in rows for b in rows if group[a] == group[b] and value[a] > value[b]}
    assert len(found) == _count(pack, column)


def _count(pack: Pack, column: int) -> int:
    return int(worse_in_group(pack.row_group, pack.row_targets)[:, column].sum())


@given(st.lists(st.tuples(st.integers(0, 4), VALUES, VALUES), max_size=30))
def test_how_many_are_worse_is_told_as_by_comparing_each_with_each(rows: list[tuple[int, float, float]]) -> None:
    groups = np.array([group for group, *_ in rows], np.int32)
    targets = np.array([values for _, *values in rows], np.float32).reshape(-1, 2)
    expected = [
        [sum(groups[a] == groups[b] and targets[a, c] > targets[b, c] for b in range(len(rows))) for c in (0, 1)]
        for a in range(len(rows))
    ]
    assert worse_in_group(groups, targets).tolist() == expected
    for column, values in enumerate(targets.T):
        pairs = pairs_in_groups(groups, values)
        assert len(pairs) == len(set(map(tuple, pairs.tolist()))) == sum(each[column] for each in expected)
        assert all(groups[a] == groups[b] and values[a] > values[b] for a, b in pairs)


@pytest.mark.parametrize("micro_batch_size", [1, 2, 3])
def test_losses_of_micro_batches_add_up_to_the_mean_over_the_steps_pairs(pack: Pack, micro_batch_size: int) -> None:
    """Groups are spread unevenly: a mean of means would be another number."""
    batches = step(pack, micro_batch_size, 6 // micro_batch_size)
    assert len({len(pairs_of(batch)) for batch in step(pack, 1, 6)}) > 1
    found, by_row, losses, rows = 0.0, 0.0, [], []
    for batch in batches:
        given_, pairs = row_log_probs(MODEL, batch).detach(), pairs_of(batch)
        margins = given_[pairs[:, 0]] - given_[pairs[:, 1]]
        found += float((margins * pair_shares(batch, pairs)).sum())
        by_row += float((given_ * row_shares(batch)).sum())
        losses += margins.tolist()
        rows += given_[~batch.extras["targets"][:, 0].isnan()].tolist()
        assert int(batch.extras["step_rows"]) == sum(len(each.extras["last"]) for each in batches)
    assert found == pytest.approx(np.mean(losses), rel=1e-5) and by_row == pytest.approx(np.mean(rows), rel=1e-5)


def test_weights_scale_and_do_not_divide(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    (before,) = step(pack, len(pack), 1)
    shares = pair_shares(before, pairs_of(before))
    monkeypatch.setattr(pack, "row_weights", pack.row_weights * np.float32(0.5))
    (after,) = step(pack, len(pack), 1)
    torch.testing.assert_close(pair_shares(after, pairs_of(after)), 0.5 * shares)
    torch.testing.assert_close(row_shares(after), 0.5 * row_shares(before))


def test_a_sequence_that_a_tiny_pack_gives_twice_is_two(tmp_path: Path) -> None:
    pack, _ = packed(mix(tmp_path / "m", [row(1, ["I go."], "You went?", "No.")]))
    (batch,) = step(pack, 3, 1)
    assert batch.extras["row_numbers"].tolist() == [0, 1, 0, 1, 0, 1]
    assert pairs_of(batch).tolist() == [[0, 1], [2, 3], [4, 5]] and int(batch.extras["step_pairs"]) == 3
    found = row_log_probs(MODEL, batch)
    torch.testing.assert_close(found[2:4], found[:2])


def test_processes_share_the_pairs_of_a_step(pack: Pack) -> None:
    whole = step(pack, 1, 4)
    parts = [PackBatches(pack, micro_batch_size=1, grad_accum=4, seed=1, rank=rank, world_size=2)(0) for rank in (0, 1)]
    assert [len(part) for part in parts] == [2, 2]
    for batch in (batch for part in parts for batch in part):
        assert torch.equal(batch.extras["step_pairs"], whole[0].extras["step_pairs"])
