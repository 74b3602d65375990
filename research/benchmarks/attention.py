"""What attention over packed rows costs, beside a dense mask over the whole sequence.

    python research/benchmarks/attention.py [--rounds 9] [--num_heads 8] [--num_kv_heads 4] [--head_dim 64]

Prints, for packs of short rows and of one long row, seconds of one processor for attention forward and backward of one
layer, and the most memory that it took besides what it was given, row by row and by torch's
`scaled_dot_product_attention` under a mask (B, 1, S, S) of what belongs together, its keys repeated for the heads that
share them, as transformers does it. Both compute on one thread, in turn, and their gradients are compared before.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import statistics
import time
from collections.abc import Callable
from typing import Any

from espalier.command_line.config import Config, load
from espalier.errors import run_main

PACKS = ((256, 2, 30, 100), (512, 4, 30, 100), (2048, 1, 30, 100), (2048, 1, 1500, 2048), (8192, 1, 30, 100),
         (8192, 1, 6000, 8192))  # fmt: skip
"""Tokens of a sequence, sequences, tokens of the shortest and of the longest row."""


class Benchmark(Config):
    """What to measure."""

    rounds: int = 9
    """Measurements of each; medians are printed."""
    num_heads: int = 8
    """Heads of queries."""
    num_kv_heads: int = 4
    """Heads of keys and values."""
    head_dim: int = 64
    """Width of a head."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/attention.py", doc=__doc__)
    import torch

    torch.set_num_threads(1)
    print("| pack | row by row | dense mask | ratio | memory | dense mask |\n|---|---:|---:|---:|---:|---:|")
    for seq_len, num_sequences, shortest, longest in PACKS:
        ways = contestants(settings, seq_len, num_sequences, shortest, longest)
        for mine, theirs in zip(*(way() for way in ways), strict=True):
            torch.testing.assert_close(mine, theirs, atol=1e-4, rtol=1e-4)
        rounds = [[seconds(way) for way in ways] for _ in range(settings.rounds)]
        ours, dense = (statistics.median(column) for column in zip(*rounds, strict=True))
        memory = [f"{peak(way) / 2**20:,.0f} MiB" for way in ways]
        name = f"{num_sequences} × {seq_len:,}, rows of {shortest:,} to {longest:,}"
        print(f"| {name} | {1000 * ours:.1f} ms | {1000 * dense:.1f} ms | {dense / ours:.1f} | {' | '.join(memory)} |")


def contestants(
    settings: Benchmark, seq_len: int, num_sequences: int, shortest: int, longest: int
) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Gradients row by row, and under a dense mask, what it takes to tell of rows included."""
    import numpy as np
    import torch
    import torch.nn.functional as F

    from espalier.models import row_kernel
    from espalier.models.rows import row_bounds

    rows = np.zeros((num_sequences, seq_len), np.int64)
    draw = np.random.default_rng(0)
    for sequence in rows:
        ends = np.cumsum(draw.integers(shortest, longest, seq_len // shortest + 1, endpoint=True))
        sequence[:] = np.searchsorted(ends, np.arange(seq_len), side="right")
    heads, groups, width = settings.num_heads, settings.num_kv_heads, settings.head_dim
    query, key, value, by_out = (
        torch.randn(num_sequences, seq_len, each, width).transpose(1, 2).requires_grad_()
        for each in (heads, groups, groups, heads)
    )
    numbers = torch.from_numpy(rows)

    def row_by_row() -> Any:
        states = (each.transpose(1, 2).flatten(0, 1) for each in (query, key, value))
        out = row_kernel.attend(*states, torch.from_numpy(row_bounds(rows)), 0, width**-0.5)
        return torch.autograd.grad(out, (query, key, value), by_out.detach().transpose(1, 2).flatten(0, 1))

    def dense() -> Any:
        causal = torch.ones(seq_len, seq_len, dtype=torch.bool).tril()
        mask = ((numbers[:, :, None] == numbers[:, None, :]) & causal).unsqueeze(1)
        repeated = (each.repeat_interleave(heads // groups, 1) for each in (key, value))
        out = F.scaled_dot_product_attention(query, *repeated, attn_mask=mask)
        return torch.autograd.grad(out, (query, key, value), by_out.detach())

    return row_by_row, dense


def seconds(way: Callable[[], Any]) -> float:
    begun = time.process_time()
    way()
    return time.process_time() - begun


def peak(way: Callable[[], Any]) -> int:
    """Bytes that torch held at once besides what it held before."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as made:
        way()
    held = most = 0
    for event in made.profiler.kineto_results.events():  # type: ignore[union-attr]
        if event.name() == "[memory]":
            held += event.nbytes()
            most = max(most, held)
    return most


if __name__ == "__main__":
    run_main(main)
