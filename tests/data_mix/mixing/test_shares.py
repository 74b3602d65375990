"""Shares are met to within half a row, and a source that is too small is refused, filled up or repeated: as asked."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_mix.mixing.shares import allot, choose, rank, renormalised
from espalier.errors import UserError

sizes = st.lists(st.integers(1, 500), min_size=1, max_size=60)


def asked(**more: Any) -> dict[str, Any]:
    return {"total": None, "shortfall": "refuse", "max_copies": 4, "unit": "tokens"} | more


@given(sizes, st.floats(0, 3), st.integers(0, 5))
def test_the_chosen_rows_come_within_half_a_row(sizes: list[int], part: float, seed: int) -> None:
    rows = np.array(sizes)
    target = int(part * rows.sum())
    taken = choose(rows, rank(np.arange(len(rows), dtype=np.uint64), seed), target)
    assert abs(int((rows * taken).sum()) - target) <= max(sizes) / 2
    assert taken.max() - taken.min() <= 1, "no row is repeated before all were taken"


def test_the_choice_depends_on_what_a_row_is_and_not_on_where_it_stands() -> None:
    keys = np.random.default_rng(0).integers(0, 2**63, 200, dtype=np.uint64)
    sizes = np.full(200, 7)
    order = np.random.default_rng(1).permutation(200)
    chosen = choose(sizes, rank(keys, 3), 700)
    assert (choose(sizes, rank(keys[order], 3), 700) == chosen[order]).all()
    assert (choose(sizes, rank(keys, 4), 700) != chosen).any()
    assert set(np.flatnonzero(choose(sizes, rank(keys, 3), 350))) < set(np.flatnonzero(chosen))


def test_without_a_total_nothing_is_repeated_and_one_source_is_used_up() -> None:
    found = allot({"a": 900, "b": 100}, {"a": 40.0, "b": 60.0}, **asked())
    assert found.targets == {"a": 66, "b": 100} and not found.short


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({}, r"b: its share is 600 tokens, and it has 100\. Lower --total to 166 tokens or leave it out"),
        ({"shortfall": "oversample"}, r"b: .*4 copies of each row are not enough\. Raise --max_copies to 6, or lower"),
        ({"total": 1}, r"a: the share comes to no tokens at all of a total of 1"),
    ],
)
def test_a_share_that_cannot_be_filled_says_what_would_do(more: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        allot({"a": 900, "b": 100}, {"a": 40.0, "b": 60.0}, **asked(total=1000) | more)


def test_oversampling_keeps_the_shares() -> None:
    found = allot({"a": 900, "b": 200}, {"a": 40.0, "b": 60.0}, **asked(total=1000, shortfall="oversample"))
    assert found.targets == {"a": 400, "b": 600}
    assert found.short == {"b": {"wanted": 600, "available": 200}}


@given(st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 100)), min_size=1, max_size=8), st.integers(1, 20_000))
def test_renormalising_fills_the_total_as_far_as_there_is_anything(given_: list[tuple[int, int]], total: int) -> None:
    available = {str(number): size for number, (size, _) in enumerate(given_)}
    whole = sum(share for _, share in given_)
    shares = {str(number): 100 * share / whole for number, (_, share) in enumerate(given_)}
    targets = renormalised(available, shares, total)
    assert all(0 <= targets[name] <= available[name] for name in shares)
    assert abs(sum(targets.values()) - min(total, sum(available.values()))) <= len(shares)
    open_ones = [name for name in shares if targets[name] < available[name]]
    for one in open_ones:
        for other in open_ones:
            assert abs(targets[one] * shares[other] - targets[other] * shares[one]) <= shares[one] + shares[other]
