from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from data_mix.packing.pack import Pack, open_packs
from espalier.artifacts import records
from espalier.text.rows import write_rows
from tests import tiny
from training.batches import Batch, Order, PackBatches


@given(st.integers(1, 30), st.integers(0, 5), st.integers(0, 100), st.integers(1, 40))
def test_an_epoch_takes_each_sequence_once_and_any_part_can_be_asked_for(
    size: int, seed: int, start: int, count: int
) -> None:
    whole = Order(size, seed).take(0, 4 * size)
    for epoch in range(4):
        assert sorted(whole[epoch * size : (epoch + 1) * size]) == list(range(size))
    assert Order(size, seed).take(start, count).tolist() == Order(size, seed).take(0, start + count)[start:].tolist()


def test_epochs_and_seeds_are_shuffled_differently() -> None:
    first, second = np.split(Order(50, seed=1).take(0, 100), 2)
    assert first.tolist() != second.tolist()
    assert first.tolist() != Order(50, seed=2).take(0, 50).tolist()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return packed(tmp_path_factory.mktemp("many"))


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return packed(tmp_path)


def packed(tmp_path: Path) -> Pack:
    rows = [tiny.text_row(n, "I went to the market. " * (1 + n % 3), weight=1.0 + n % 2) for n in range(12)]
    folder = tmp_path / "mix"
    folder.mkdir()
    write_rows(folder / "train.parquet", rows)
    records.write_manifest(folder, {})
    return open_packs(folder, tiny.renderer(), seq_len=48, rows="all", long_rows="split")[0]["train"]


def test_the_divisor_of_every_micro_batch_is_the_trained_tokens_of_the_whole_step(pack: Pack) -> None:
    batches = PackBatches(pack, micro_batch_size=2, grad_accum=3, seed=0)
    for step in range(5):
        micro_batches = batches(step)
        assert len(micro_batches) == 3
        total = sum(int((batch.weights > 0).sum()) for batch in micro_batches)
        assert [batch.num_trained for batch in micro_batches] == [total] * 3


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(0, 4))
def test_processes_share_the_sequences_of_a_step_and_its_divisor(
    many: Pack, size: int, accum: int, world: int, step: int
) -> None:
    def of(rank: int = 0, world_size: int = 1) -> list[Batch]:
        batches = PackBatches(
            many, micro_batch_size=size, grad_accum=accum * world, seed=0, rank=rank, world_size=world_size
        )
        return batches(step)

    ranks, alone = [of(rank, world) for rank in range(world)], of()
    together = [ranks[number % world][number // world] for number in range(accum * world)]
    for mine, its in zip(together, alone, strict=True):
        assert torch.equal(mine.sequences.input_ids, its.sequences.input_ids)
        assert mine.num_trained == its.num_trained


def test_a_batch_can_be_traced_to_its_rows(pack: Pack) -> None:
    (batch,) = PackBatches(pack, micro_batch_size=2, grad_accum=1, seed=0)(0)
    numbers = sorted(set(batch.sequences.rows[batch.sequences.rows >= 0].tolist()))
    assert batch.row_ids() == [pack.row_ids[number] for number in numbers]
    assert batch.num_tokens == int((batch.sequences.rows >= 0).sum())
    for number in numbers:
        here = batch.sequences.rows == number
        assert set(batch.weights[here].tolist()) == {float(pack.row_weights[number])}
    assert batch.weights[batch.sequences.rows < 0].sum() == 0
    assert batch.sequences.input_ids.dtype == batch.sequences.labels.dtype == torch.int64
