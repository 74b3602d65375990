from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests import tiny
from training.batches import Batch
from training.objectives.sft import sft
from training.sequences import Sequences, logits_at

MODEL = tiny.model()


def forward(model: Any, packed: Batch) -> torch.Tensor:
    """Logits (2, 12, vocabulary)."""
    return logits_at(model, packed.sequences, torch.arange(24)).view(2, 12, -1)


def batch(rows: list[list[int]], weights: list[list[float]] | None = None) -> Batch:
    """Two sequences of twelve tokens; `rows` says which row each token belongs to."""
    numbers = torch.tensor(rows)
    tokens = torch.randint(10, 300, numbers.shape, generator=torch.Generator().manual_seed(1))
    positions = torch.zeros_like(numbers)
    for sequence, place in zip(*torch.nonzero(numbers >= 0, as_tuple=True), strict=True):
        new = place == 0 or numbers[sequence, place - 1] != numbers[sequence, place]
        positions[sequence, place] = 0 if new else positions[sequence, place - 1] + 1
    chosen = torch.tensor(weights) if weights else (numbers >= 0).float()
    return Batch(
        sequences=Sequences(input_ids=tokens, labels=tokens.roll(-1, 1), position_ids=positions, rows=numbers),
        weights=chosen,
        num_tokens=int((numbers >= 0).sum()),
        row_ids=list,
        num_trained=int((chosen > 0).sum()),
    )


PACKED = batch([[0] * 5 + [1] * 4 + [-1] * 3, [2] * 12])


def test_rows_are_blind_to_their_neighbours() -> None:
    before = forward(MODEL, PACKED)
    tokens = PACKED.sequences.input_ids.clone()
    tokens[0, :5] = 7  # another first row
    tokens[0, 9:] = 9  # other padding
    after = forward(MODEL, replace(PACKED, sequences=replace(PACKED.sequences, input_ids=tokens)))
    assert torch.equal(before[0, 5:9], after[0, 5:9])
    assert torch.equal(before[1], after[1])
    assert not torch.allclose(before[0, :5], after[0, :5])


def test_a_packed_row_is_what_it_is_alone() -> None:
    alone = MODEL(input_ids=PACKED.sequences.input_ids[:1, 5:9]).logits
    torch.testing.assert_close(forward(MODEL, PACKED)[:1, 5:9], alone)


def test_the_loss_is_the_mean_over_trained_tokens_of_each_loss_times_its_weight() -> None:
    weights = [[0.0, 1.0, 0.0, 2.0] + [0.0] * 8, [0.5] * 4 + [0.0] * 8]
    packed = batch([[0] * 5 + [1] * 4 + [-1] * 3, [2] * 12], weights)
    loss, _ = sft(MODEL, packed)
    log_probs = forward(MODEL, packed).log_softmax(-1).gather(2, packed.sequences.labels[..., None])[..., 0]
    expected = -(log_probs * packed.weights).sum() / 6
    torch.testing.assert_close(loss, expected)


@given(st.floats(2**-6, 4.0), st.integers(1, 9))
def test_a_weight_on_all_rows_scales_the_gradient(weight: float, num_trained: int) -> None:
    """A step whose rows all weigh alike must not be the same step whatever they weigh."""

    def gradient(weight: float) -> torch.Tensor:
        model = tiny.model()
        weights = [[weight] * num_trained + [0.0] * (12 - num_trained), [weight] * 12]
        sft(model, batch([[0] * 12, [1] * 12], weights))[0].backward()
        return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])

    torch.testing.assert_close(gradient(weight), weight * gradient(1.0), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("split", [1, 2])
def test_micro_batches_add_up_to_the_whole_step(split: int) -> None:
    """Trained tokens are spread unevenly: a mean of means would give another gradient."""
    weights = [[1.0] * 9 + [0.0] * 3, [0.0] * 11 + [3.0]]
    whole = batch([[0] * 5 + [1] * 4 + [-1] * 3, [2] * 12], weights)
    parts = [whole.each(lambda tensor, i=i: tensor[i : i + 1]) for i in range(2)] if split == 2 else [whole]
    model = tiny.model()
    total = sum(sft(model, part)[0] for part in parts)
    total.backward()  # type: ignore[union-attr]
    reference = tiny.model()
    log_probs = forward(reference, whole).log_softmax(-1).gather(2, whole.sequences.labels[..., None])[..., 0]
    (-(log_probs * whole.weights).sum() / 10).backward()  # type: ignore[no-untyped-call]
    for mine, theirs in zip(model.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad)


def test_a_model_wrapped_for_several_processes_is_unwrapped() -> None:
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    try:
        model = tiny.model()
        wrapped = torch.nn.parallel.DistributedDataParallel(model)
        loss, _ = sft(wrapped, PACKED)
        loss.backward()  # type: ignore[no-untyped-call]
        reference = tiny.model()
        expected, _ = sft(reference, PACKED)
        expected.backward()  # type: ignore[no-untyped-call]
        assert torch.equal(loss, expected)
        for mine, theirs in zip(model.parameters(), reference.parameters(), strict=True):
            assert torch.equal(mine.grad, theirs.grad)
    finally:
        torch.distributed.destroy_process_group()


def test_computed_in_16_bits_it_is_about_the_same() -> None:
    before = forward(MODEL, PACKED)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(forward(MODEL, PACKED).float(), before, atol=0.1, rtol=0.1)
