from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from data_mix.pack import Pack, open_packs
from espalier import records
from espalier.rows import write_rows
from stage1.data import Batches, Order
from tests import tiny


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


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    rows = [tiny.text_row(n, "I went to the market. " * (1 + n % 3), weight=1.0 + n % 2) for n in range(12)]
    folder = tmp_path / "mix"
    folder.mkdir()
    write_rows(folder / "train.parquet", rows)
    records.write_manifest(folder, {})
    return open_packs(folder, tiny.renderer(), seq_len=48, rows="all", long_rows="split")[0]["train"]


def test_the_divisor_of_every_micro_batch_is_the_weight_of_the_whole_step(pack: Pack) -> None:
    batches = Batches(pack, micro_batch_size=2, grad_accum=3, seed=0)
    for step in range(5):
        micro_batches = batches(step)
        assert len(micro_batches) == 3
        total = sum(float(batch.weights.sum()) for batch in micro_batches)
        assert [batch.total_weight for batch in micro_batches] == pytest.approx([total] * 3)


def test_a_batch_can_be_traced_to_its_rows(pack: Pack) -> None:
    (batch,) = Batches(pack, micro_batch_size=2, grad_accum=1, seed=0)(0)
    numbers = sorted(set(batch.rows[batch.rows >= 0].tolist()))
    assert batch.row_ids() == [pack.row_ids[number] for number in numbers]
    assert batch.num_tokens == int((batch.rows >= 0).sum())
    for number in numbers:
        here = batch.rows == number
        assert set(batch.weights[here].tolist()) == {float(pack.row_weights[number])}
    assert batch.weights[batch.rows < 0].sum() == 0
    assert batch.input_ids.dtype == batch.labels.dtype == torch.int64
