"""The loss without the logits is the loss of the logits, and costs less."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from training.head.cross_entropy import cross_entropy
from training.head.terms import Logits, Term
from training.head.tiles import Tile

Tensor = torch.Tensor


def problem(num_tokens: int, size: int, widths: list[int], trained: list[bool], seed: int = 0) -> tuple[Any, ...]:
    """Inputs, matrices, bias (trained as the last says), and labels."""
    draw = torch.Generator().manual_seed(seed)
    inputs = [torch.randn(num_tokens, width, generator=draw).requires_grad_() for width in widths]
    matrices = [torch.randn(size, width, generator=draw).requires_grad_(trained[0]) for width in widths]
    bias = torch.randn(size, generator=draw).requires_grad_(trained[1])
    labels = torch.randint(0, size, (num_tokens,), generator=draw)
    return inputs, matrices, bias, labels


def formed(
    inputs: list[Tensor], matrices: list[Tensor], bias: Tensor | None, scale: float, cap: float | None
) -> Tensor:
    """The logits."""
    logits = sum(one @ other.T for one, other in zip(inputs, matrices, strict=True))
    logits = (logits if bias is None else logits + bias) * scale
    return logits if cap is None else cap * torch.tanh(logits / cap)


@given(
    num_tokens=st.integers(0, 7),
    size=st.integers(1, 23),
    widths=st.lists(st.integers(1, 4), min_size=1, max_size=2),
    trained=st.lists(st.booleans(), min_size=2, max_size=2),
    tile=st.tuples(st.integers(1, 5), st.integers(1, 24)),
    scale=st.sampled_from([1.0, 0.25, 3.0]),
    cap=st.sampled_from([None, 2.0, 30.0]),
    with_bias=st.booleans(),
    weighted=st.booleans(),
    seed=st.integers(0, 9),
)
def test_losses_and_gradients_are_those_of_the_logits(
    num_tokens: int,
    size: int,
    widths: list[int],
    trained: list[bool],
    tile: tuple[int, int],
    scale: float,
    cap: float | None,
    with_bias: bool,
    weighted: bool,
    seed: int,
) -> None:
    inputs, matrices, bias, labels = problem(num_tokens, size, widths, trained, seed)
    bias = bias if with_bias else None
    weights = torch.rand(num_tokens, generator=torch.Generator().manual_seed(seed)) - 0.3
    leaves = [leaf for leaf in (*inputs, *matrices, bias) if leaf is not None and leaf.requires_grad]
    terms = [Term(input=one, weight=other) for one, other in zip(inputs, matrices, strict=True)]
    logits = Logits(terms=terms, bias=bias, dtype=torch.float32, scale=scale, cap=cap)
    sizes = Tile(tokens=tile[0], vocabulary=tile[1])
    expected = F.cross_entropy(formed(inputs, matrices, bias, scale, cap), labels, reduction="none")
    if weighted:
        found = cross_entropy(logits, labels, weights=weights, tile=sizes)
        expected = expected @ weights
        coming = torch.tensor(0.5)
    else:
        found, coming = cross_entropy(logits, labels, tile=sizes), weights
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    of_found = torch.autograd.grad(found, leaves, coming)
    for mine, theirs in zip(of_found, torch.autograd.grad(expected, leaves, coming), strict=True):
        torch.testing.assert_close(mine, theirs, atol=2e-5, rtol=1e-4)
    with torch.no_grad():
        torch.testing.assert_close(
            cross_entropy(logits, labels, weights=weights, tile=sizes),
            expected if weighted else expected @ weights,
            atol=1e-5,
            rtol=1e-5,
        )


@pytest.mark.parametrize("trained", [False, True])
def test_what_is_nearly_certain_is_as_exact_in_sixteen_bits(trained: bool) -> None:
    """1 - p taken from a rounded p would be off by more than itself."""
    inputs, matrices, _, labels = problem(40, 50, [16], [trained, False])
    with torch.no_grad():
        inputs[0] += 0.6 * matrices[0][labels]
    hidden, matrix = inputs[0].bfloat16().detach(), matrices[0].bfloat16().detach()

    def gradient(dtype: torch.dtype, *, plain: bool) -> Tensor:
        leaf = hidden.to(dtype).requires_grad_()
        weight = matrix.to(dtype).requires_grad_(trained)
        if plain:
            losses = F.cross_entropy((leaf @ weight.T).float() if dtype == torch.bfloat16 else leaf @ weight.T, labels)
        else:
            logits = Logits(terms=[Term(input=leaf, weight=weight)], dtype=dtype)
            losses = cross_entropy(logits, labels, tile=Tile(tokens=16, vocabulary=8)).mean()
        return torch.autograd.grad(losses, leaf)[0].double()

    exact = gradient(torch.float64, plain=True)
    off = [
        ((gradient(torch.bfloat16, plain=plain) - exact).norm(dim=1) / exact.norm(dim=1)).max()
        for plain in (False, True)
    ]
    assert off[0] < 1.2 * off[1]


@pytest.mark.parametrize("wrong", [-1, 50])
def test_a_label_out_of_the_vocabulary_is_no_loss(wrong: int) -> None:
    for trained in (False, True):
        inputs, matrices, _, labels = problem(4, 50, [3], [trained, False])
        logits = Logits(terms=[Term(input=inputs[0], weight=matrices[0])], dtype=torch.float32)
        labels[2] = wrong
        for weights in (None, torch.ones(4)):
            try:
                losses = cross_entropy(logits, labels, weights=weights)
            except IndexError:
                continue
            assert not torch.isfinite(losses.sum())
        with torch.no_grad():
            assert not torch.isfinite(cross_entropy(logits, labels).sum())


class _Watch(TorchDispatchMode):
    """The largest tensor made, and multiplications of matrices in all, as multiples of one of all the logits."""

    def __init__(self) -> None:
        super().__init__()
        self.largest = 0
        self.multiplied: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func is torch.ops.aten.mm.default or func is torch.ops.aten.addmm_.default:
            left, right = args[-2:]
            self.multiplied[""] += left.shape[0] * left.shape[1] * right.shape[1]
        for part in result if isinstance(result, tuple | list) else (result,):
            if isinstance(part, Tensor) and not part._is_view():
                self.largest = max(self.largest, part.numel())
        return result


@contextmanager
def watched() -> Iterator[_Watch]:
    with _Watch() as watch:
        yield watch


@pytest.mark.parametrize(
    ("trained", "tile", "weighted", "products"),
    [
        (False, Tile(tokens=16, vocabulary=32), False, 2),
        (False, Tile(tokens=16, vocabulary=32), True, 2),
        (True, Tile(tokens=16, vocabulary=32), True, 4),
        (True, Tile(tokens=4, vocabulary=512), True, 3),
    ],
)
def test_no_more_than_a_tile_exists_and_no_more_is_multiplied_than_must_be(
    trained: bool, tile: Tile, weighted: bool, products: int
) -> None:
    num_tokens, size, width = 64, 500, 3
    inputs, matrices, _, labels = problem(num_tokens, size, [width], [trained, False])
    logits = Logits(terms=[Term(input=inputs[0], weight=matrices[0])], dtype=torch.float32)
    weights = torch.ones(num_tokens)
    with watched() as watch:
        found = cross_entropy(logits, labels, weights=weights if weighted else None, tile=tile)
        found.sum().backward()
    assert watch.largest <= max(tile.tokens * tile.vocabulary, size * width if trained else 0)
    assert watch.multiplied[""] == products * num_tokens * size * width
    with watched() as watch, torch.no_grad():
        cross_entropy(logits, labels, tile=Tile(tokens=16, vocabulary=32))
    assert watch.multiplied[""] == num_tokens * size * width
