"""Figures of sampled replies: every one held to what is counted by hand, or by drawing."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.loop.figures import best_of, by_prompt, divergence_of_best, estimate, ranked_right, table

NAN = math.nan


def test_a_prompt_counts_once_however_many_replies_it_has() -> None:
    found = by_prompt(table([[1, 0], [1], [NAN, NAN], [NAN, 0.5]]))
    assert found[[0, 1, 3]].tolist() == [0.5, 1, 0.5] and math.isnan(found[2])


def test_pairs_are_ranked_right_where_the_truly_better_reply_has_the_greater_reward() -> None:
    rewards = np.array([[3, 2, 1], [1, 2, 3], [1, 1, 5], [1, 2, 3], [NAN, 2, 3]])
    truth = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [0, 0, 0], [1, 0, 1]])
    found = ranked_right(rewards, truth)
    assert found[:3].tolist() == [1, 0, 0.25] and math.isnan(found[3]), "a tie is half, and all alike says nothing"
    assert found[4] == 1, "what cannot be valued is in no pair"


values = st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 1)), min_size=4, max_size=6, unique_by=lambda e: e[0])


@given(replies=values, count=st.integers(1, 4))
def test_the_best_of_some_is_the_mean_over_all_choices(replies: list[tuple[int, int]], count: int) -> None:
    rewards, truth = np.array(replies, dtype=float).T
    true, proxy = best_of(rewards[None], truth[None], count)
    best = [max(choice) for choice in combinations(replies, count)]
    assert true[0] == pytest.approx(np.mean([scored for _, scored in best]))
    assert proxy[0] == pytest.approx(np.mean([valued for valued, _ in best]))


def test_of_too_few_replies_there_is_no_best() -> None:
    true, _ = best_of(np.array([[1.0, 2, NAN]]), np.array([[1.0, 0, 1]]), 3)
    assert math.isnan(true[0])
    assert divergence_of_best(1) == 0 and divergence_of_best(4) == pytest.approx(math.log(4) - 0.75)


def test_an_interval_knows_which_prompts_belong_together() -> None:
    alone = estimate(np.array([0.1, 0.9, 0.2, 0.8]), np.arange(4))
    together = estimate(np.array([0.1, 0.9, 0.2, 0.8]), np.array([0, 1, 0, 1]))
    assert alone and together and together["high"] - together["low"] > alone["high"] - alone["low"]
    assert estimate(np.array([NAN, NAN]), np.arange(2)) is None
