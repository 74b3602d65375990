"""A packed row is what it is alone, in every architecture and far beyond its window."""

from typing import Any

import pytest
import torch

from espalier.models.rows import rows_apart, window_of
from tests import kinds
from training.sequences import Sequences, logits_at

LENGTHS = ((5, 33, 1, 9), (40, 8))
"""Of the rows in two sequences; padding follows."""
SEQ_LEN = 50


def packed(vocabulary: int) -> Sequences:
    rows = torch.full((2, SEQ_LEN), -1)
    positions = torch.zeros(2, SEQ_LEN, dtype=torch.long)
    number = 0
    for sequence, lengths in enumerate(LENGTHS):
        start = 0
        for length in lengths:
            rows[sequence, start : start + length] = number
            positions[sequence, start : start + length] = torch.arange(length)
            start, number = start + length, number + 1
    tokens = torch.randint(5, vocabulary, rows.shape, generator=torch.Generator().manual_seed(1))
    return Sequences(input_ids=tokens, labels=tokens.roll(-1, 1), position_ids=positions, rows=rows)


@torch.no_grad()
def both(model: Any) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Of every row, its logits in the pack and by the model's own forward pass over the row alone."""
    sequences = packed(model.get_input_embeddings().weight.shape[0])
    found = logits_at(model, sequences, torch.arange(2 * SEQ_LEN)).view(2, SEQ_LEN, -1)
    return [
        (
            found[sequences.rows == number],
            model(input_ids=sequences.input_ids[sequences.rows == number].unsqueeze(0)).logits[0],
        )
        for number in range(int(sequences.rows.max()) + 1)
    ]


@pytest.mark.parametrize("kind", [kind for kind in kinds.KINDS if kind not in kinds.NEVER_PACKED])
def test_a_packed_row_is_what_it_is_alone(kind: str) -> None:
    for in_pack, alone in both(kinds.model(kind)):
        torch.testing.assert_close(in_pack, alone, atol=1e-4 * float(alone.std()), rtol=1e-4)


def test_windows_are_kept_to() -> None:
    """So that the test above cannot pass because windows do nothing."""
    for kind in ("mistral", "gemma3_text", "gpt_oss", "llama4_text"):
        narrow = both(kinds.model(kind))[1][1]
        wide = both(kinds.model(kind, sliding_window=50, attention_chunk_size=50))[1][1]
        torch.testing.assert_close(narrow[:6], wide[:6])
        assert not torch.allclose(narrow[6:], wide[6:], atol=1e-2)


@pytest.mark.parametrize("kind", ["gemma3_text", "mistral", "llama4_text"])
def test_a_reach_as_long_as_the_sequence_costs_nothing(kind: str) -> None:
    rows = packed(300).rows
    full = rows_apart(kinds.model("llama"), rows)
    assert isinstance(full, torch.Tensor) and full.shape[2] == 1
    told = rows_apart(kinds.model(kind, sliding_window=SEQ_LEN, attention_chunk_size=SEQ_LEN), rows)
    each = list(told.values()) if isinstance(told, dict) else [told]
    assert len({one.data_ptr() for one in each}) == 1
    assert torch.equal(each[0], full)


def test_the_shortest_reach_is_told() -> None:
    assert window_of(kinds.model("llama")) is None
    for kind in ("mistral", "gemma3_text", "llama4_text", "qwen2"):
        assert window_of(kinds.model(kind)) == 6
    assert window_of(kinds.model("qwen2", use_sliding_window=False)) is None
