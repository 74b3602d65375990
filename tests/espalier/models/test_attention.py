"""Attention over packed rows is plain attention over each row alone, and never as large as its square."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.models.llama import modeling_llama

from espalier.models import attention, row_kernel
from espalier.models.rows import row_bounds, rows_apart
from tests import kinds, tiny
from training.sequences import Sequences, token_losses

Tensor = torch.Tensor


def rows_of(lengths: list[list[int]], seq_len: int) -> np.ndarray:
    """Row numbers (B, S) of rows of these lengths; padding follows."""
    rows = np.full((len(lengths), seq_len), -1)
    number = 0
    for sequence, each in enumerate(lengths):
        start = 0
        for length in each:
            rows[sequence, start : start + length] = number
            start, number = start + length, number + 1
    return rows


@st.composite
def layouts(draw: st.DrawFn) -> np.ndarray:
    short, any_length = st.integers(1, 40), st.integers(1, 600)
    lengths = draw(st.lists(st.lists(short | any_length, max_size=5), min_size=1, max_size=2))
    shortest = max(1, *map(sum, lengths))
    return rows_of(lengths, shortest + draw(st.sampled_from([0, 0, 1, 7, 300])))


def alone(query: Tensor, key: Tensor, value: Tensor, rows: np.ndarray, window: int, chunk: int) -> Tensor:
    """Attention (T, H, D) by its definition, over every row with a mask of its own; padding is left out."""
    group = query.shape[1] // key.shape[1]
    out = query * 0 + (key.sum() + value.sum()) * 0
    for number in range(int(rows.max()) + 1):
        here = torch.from_numpy(np.flatnonzero(rows == number))
        place = torch.arange(len(here))
        back = place[:, None] - place[None, :]
        seen = (back >= 0) & (back < (window or len(here)))
        if chunk:
            seen &= place[:, None] // chunk == place[None, :] // chunk
        scores = torch.einsum("qhd,khd->hqk", query[here], key[here].repeat_interleave(group, 1)) / 3.0
        weights = scores.masked_fill(~seen, -torch.inf).softmax(-1)
        row = torch.einsum("hqk,khd->qhd", weights, value[here].repeat_interleave(group, 1))
        out = out.index_copy(0, here, row)
    return out


def by_kernel(query: Tensor, key: Tensor, value: Tensor, bounds: Tensor, window: int) -> Tensor:
    return row_kernel.attend(query, key, value, bounds, window, 1 / 3)


def by_flash(query: Tensor, key: Tensor, value: Tensor, bounds: Tensor, window: int) -> Tensor:
    return attention._flash(query, key, value, bounds, window, 1 / 3, longest=int(bounds[-1]))


def piece_by_piece(own: Any) -> Any:
    def attend(query: Tensor, key: Tensor, value: Tensor, bounds: Tensor, window: int) -> Tensor:
        module = SimpleNamespace(num_key_value_groups=query.shape[1] // key.shape[1], is_causal=True, training=True)
        states = [each.unsqueeze(0).transpose(1, 2) for each in (query, key, value)]
        told = bounds.expand(1, 1, window + 1, -1)
        return attention._piece_by_piece(own, module, *states, told, {"scaling": 1 / 3})[0]

    return attend


def varlen_as_documented(
    query: Tensor, key: Tensor, value: Tensor, cu_q: Tensor, cu_k: Tensor, max_q: int, max_k: int, *,
    scale: float, window_size: tuple[int, int], enable_gqa: bool = False,
) -> Tensor:  # fmt: skip
    """What torch says of `varlen_attn`, in plain operations: row by row, `window_size` to the left and right."""
    assert cu_q is cu_k and cu_q.dtype == torch.int32 and max_q == max_k and window_size[1] == 0
    parts = []
    for start, stop in zip(cu_q.tolist(), cu_q.tolist()[1:], strict=False):
        assert stop - start <= max_q
        back = torch.arange(stop - start)[:, None] - torch.arange(stop - start)
        seen = (back >= 0) & ((back <= window_size[0]) | (window_size[0] == -1))
        states = [each[start:stop].transpose(0, 1).unsqueeze(0) for each in (query, key, value)]
        out = F.scaled_dot_product_attention(*states, attn_mask=seen, scale=scale, enable_gqa=enable_gqa)
        parts.append(out[0].transpose(0, 1))
    return torch.cat(parts)


def by_flash_of_torch_2_11(query: Tensor, key: Tensor, value: Tensor, bounds: Tensor, window: int) -> Tensor:
    def of_2_11(*given: Any, scale: float, window_size: tuple[int, int]) -> Tensor:
        return varlen_as_documented(*given, scale=scale, window_size=window_size, enable_gqa=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attention, "_SHARED_HEADS_ARE_ANNOUNCED", False)
        patch.setattr("torch.nn.attention.varlen.varlen_attn", of_2_11)
        return by_flash(query, key, value, bounds, window)


WAYS = {
    "kernel": by_kernel,
    "flash": by_flash,
    "flash, torch 2.11": by_flash_of_torch_2_11,
    "torch, piece by piece": piece_by_piece(sdpa_attention_forward),
    "written out, piece by piece": piece_by_piece(modeling_llama.eager_attention_forward),
}


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=15)
@given(data=st.data())
def test_rows_are_what_they_are_alone(way: str, data: st.DataObject) -> None:
    rows = data.draw(layouts())
    window = data.draw(st.sampled_from([0, 0, 1, 5, 64, 600]))
    chunk = data.draw(st.sampled_from([0, 5, 300])) if not window else 0
    num_groups, group = data.draw(st.sampled_from([(1, 1), (1, 3), (2, 2)]))
    draw = torch.Generator().manual_seed(0)

    def states(num_heads: int) -> Tensor:
        return torch.randn(rows.size, num_heads, 8, dtype=torch.float64, generator=draw).requires_grad_()

    given = [states(num_groups * group), states(num_groups), states(num_groups)]
    bounds = torch.from_numpy(row_bounds(rows, chunk))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("torch.nn.attention.varlen.varlen_attn", varlen_as_documented)
        found = WAYS[way](*given, torch.cat([bounds, bounds[-1:].expand(3)]), window)
    is_row = torch.from_numpy(rows.ravel() >= 0)
    expected = alone(*given, rows, window, chunk)
    assert found.isfinite().all()
    torch.testing.assert_close(found[is_row], expected[is_row], atol=1e-5, rtol=1e-5)
    weights = torch.randn(found.shape, dtype=torch.float64, generator=draw) * is_row[:, None, None]
    for mine, theirs in zip(
        torch.autograd.grad(found, given, weights), torch.autograd.grad(expected, given, weights), strict=True
    ):
        torch.testing.assert_close(mine, theirs, atol=1e-5, rtol=1e-5)


class Largest(TorchDispatchMode):
    """Elements of the largest tensor that is made, our own operations looked into."""

    def __init__(self) -> None:
        super().__init__()
        self.numel = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        inside = {
            "espalier::attend_by_rows": row_kernel._forward,
            "espalier::attend_by_rows_backward": row_kernel._backward,
        }
        name = func.name() if hasattr(func, "name") else ""
        if name in inside:
            with self:
                made = inside[name]._init_fn(*args, **kwargs or {})
        else:
            made = func(*args, **kwargs or {})
        for each in torch.utils._pytree.tree_leaves(made):
            if isinstance(each, Tensor):
                self.numel = max(self.numel, each.untyped_storage().nbytes() // each.itemsize)
        return made


@pytest.mark.parametrize("kind", ["llama", "mistral", "gemma3_text", "llama4_text", "gemma2", "gpt_oss"])
def test_nothing_as_large_as_the_square_of_a_sequence_is_made(kind: str) -> None:
    seq_len = 3000
    model = kinds.model(kind, sliding_window=300, attention_chunk_size=300, max_position_embeddings=seq_len).train()
    rows = torch.from_numpy(rows_of([[2600, 30, 40, 50]], seq_len))
    tokens = torch.randint(5, 300, rows.shape)
    sequences = Sequences(input_ids=tokens, labels=tokens, position_ids=torch.arange(seq_len)[None], rows=rows)
    with Largest() as largest:
        token_losses(model, sequences, torch.tensor([2599, 2700])).sum().backward()  # type: ignore[no-untyped-call]
    assert seq_len * 32 <= largest.numel < seq_len**2 // 2


def gradients(model: Any, lengths: list[list[int]]) -> list[Tensor]:
    rows = torch.from_numpy(rows_of(lengths, 50))
    tokens = torch.arange(100).view(2, 50) % 290 + 5
    sequences = Sequences(input_ids=tokens, labels=tokens, position_ids=torch.arange(50)[None], rows=rows)
    loss = token_losses(model, sequences, torch.tensor([3, 70])).sum()
    rows_apart(model, torch.zeros(2, 50))  # what a later pass is told must not count in this one
    loss.backward()  # type: ignore[no-untyped-call]
    return [parameter.grad for parameter in model.parameters() if parameter.grad is not None]


@pytest.mark.parametrize("kind", ["mistral", "gemma2", "gpt_oss"])
def test_layers_that_are_computed_again_keep_to_the_same_rows(kind: str) -> None:
    lengths = [[5, 33, 1, 9], [40, 8]]
    again, once = kinds.model(kind).train(), kinds.model(kind).train()
    again.activation_checkpointing_enable({"use_reentrant": False})
    for mine, theirs in zip(gradients(again, lengths), gradients(once, lengths), strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.slow
def test_compiled_layers_see_attention_whole_and_one_shape_for_all_rows() -> None:
    compiled, plain = tiny.model(), tiny.model()
    rows_apart(compiled, torch.zeros(1, 1))
    torch._dynamo.reset()
    for layer in compiled.model.layers:
        layer.compile(backend="aot_eager", fullgraph=True, dynamic=False)
    for lengths, stance in (([[5, 33, 1, 9], [40, 8]], "default"), ([[50], [3] * 16], "fail_on_recompile")):
        with torch.compiler.set_stance(stance):
            found = gradients(compiled, lengths)
        for mine, theirs in zip(found, gradients(plain, lengths), strict=True):
            torch.testing.assert_close(mine, theirs)


def test_sixteen_bits_are_computed_in_thirty_two() -> None:
    bounds = torch.tensor([0, 9, 300, 400], dtype=torch.int32)
    given = [torch.randn(400, 2, 8).bfloat16().requires_grad_() for _ in range(3)]
    wide = [each.detach().float().requires_grad_() for each in given]
    with torch.autocast("cpu", torch.bfloat16):
        found = by_kernel(*given, bounds, 0)
    expected = by_kernel(*wide, bounds, 0)
    assert found.dtype == torch.bfloat16 and torch.equal(found, expected.bfloat16())
    for mine, theirs in zip(
        torch.autograd.grad(found.sum(), given), torch.autograd.grad(expected.sum(), wide), strict=True
    ):
        assert mine.dtype == torch.bfloat16
        torch.testing.assert_close(mine.float(), theirs, atol=0.02, rtol=0.02)


def test_padding_is_cut_so_that_it_does_not_cost_its_square() -> None:
    assert np.diff(row_bounds(rows_of([[10, 20], []], 600))).tolist() == [10, 20, 256, 256, 58, 256, 256, 88]
