from pathlib import Path
from typing import Any

import torch

from data_mix.packing.pack import open_packs
from tests import tiny
from tests.stage1.commands import make_mix
from training.adapters import add_adapter
from training.config import AdapterSettings
from training.heldout import measure
from training.neftune import add_noise, row_lengths
from training.sequences import Sequences, token_losses

POSITIONS = torch.tensor([[0, 1, 2, 3, 0, 1, 0, 0], [0, 1, 2, 3, 4, 5, 6, 7]])
IDS = torch.arange(10, 26).view(2, 8)
SEQUENCES = Sequences(
    input_ids=IDS,
    labels=IDS,
    position_ids=POSITIONS,
    rows=torch.tensor([[0, 0, 0, 0, 1, 1, 2, -1], [3] * 8]),
)


def noise(model: Any, alpha: float) -> torch.Tensor:
    """What was added to the embeddings (2, 8, width)."""
    seen: list[torch.Tensor] = []
    embedding = model.get_input_embeddings()
    plain = embedding(IDS).detach()
    add_noise(model, alpha)
    embedding.register_forward_hook(lambda *arguments: seen.append(arguments[-1].detach()))
    token_losses(model, SEQUENCES, torch.arange(16))
    return seen[-1] - plain


def test_a_packed_row_is_as_noisy_as_alone() -> None:
    assert row_lengths(POSITIONS).tolist() == [[4, 4, 4, 4, 2, 2, 1, 1], [8] * 8]
    torch.manual_seed(0)
    for model in (tiny.model(), add_adapter(tiny.model(), AdapterSettings(r=2), tiny.renderer(), "x", 0)):
        drawn = noise(model.train(), 5.0)
        reach = 5.0 / (row_lengths(POSITIONS) * 8).sqrt()[..., None]
        share = drawn / reach
        assert share.abs().max() <= 1 and share.abs().amax(-1).min() > 0.3
        assert abs(share.mean()) < 0.2 and abs(share.std() - 3**-0.5) < 0.1


def test_the_random_state_decides_the_noise() -> None:
    found = []
    for _ in range(2):
        torch.manual_seed(7)
        found.append(noise(tiny.model().train(), 5.0))
    assert torch.equal(*found)


def test_there_is_none_where_a_model_is_measured_or_no_gradient_is_taken(workspace: Path) -> None:
    make_mix(workspace)
    packs, _, _ = open_packs(workspace / "mixes" / "toy", tiny.renderer(), seq_len=32, rows="chat", long_rows="split")
    plain, noisy = tiny.model().train(), tiny.model().train()
    add_noise(noisy, 50.0)
    state = torch.get_rng_state()
    assert measure(noisy, packs["valid"], batch_size=2) == measure(plain, packs["valid"], batch_size=2)
    with torch.no_grad():
        assert torch.equal(noisy(input_ids=IDS).logits, plain(input_ids=IDS).logits)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(noisy(input_ids=IDS).logits, plain(input_ids=IDS).logits)
