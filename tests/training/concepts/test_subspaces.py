import numpy as np
import pytest

from espalier.errors import UserError
from training.concepts.subspaces import find_subspace, orthonormal


def planted(width: int = 12, n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States that differ by label along one direction, in noise that is greater along another one; labels; both."""
    chance = np.random.default_rng(0)
    directions = np.linalg.qr(chance.normal(size=(width, 2)))[0]
    labels = np.arange(n) % 2
    states = chance.normal(size=(n, width)) + np.outer(chance.normal(size=n) * 20, directions[:, 1])
    return states + np.outer(6.0 * labels, directions[:, 0]) + 3.0, labels, directions


@pytest.mark.parametrize(("how", "rank"), [("mean", 1), ("inlp", 3), ("leace", 2)])
def test_a_planted_direction_is_found(how: str, rank: int) -> None:
    states, labels, directions = planted()
    basis = find_subspace(states, labels, how, 3)
    assert basis.shape == (12, rank)
    np.testing.assert_allclose(basis.T @ basis, np.eye(rank), atol=1e-9)
    assert np.linalg.norm(basis.T @ directions[:, 0]) > 0.85


def test_nothing_linear_is_left_of_a_label() -> None:
    """What LEACE reads is uncorrelated with the label in what is left, and no classifier finds it without INLP's."""
    from sklearn.linear_model import LogisticRegression

    states, labels, _ = planted()
    basis = find_subspace(states, labels, "inlp", 4)
    rest = states - states @ basis @ basis.T
    assert LogisticRegression(max_iter=300).fit(states, labels).score(states, labels) > 0.99
    assert LogisticRegression(max_iter=300).fit(rest, labels).score(rest, labels) < 0.6
    sides = find_subspace(states, labels, "leace", 1)
    left = states - states @ sides @ sides.T
    means = left[labels == 1].mean(0) - left[labels == 0].mean(0)
    assert np.abs(means).max() < 1e-6


def test_three_labels_have_two_directions() -> None:
    chance = np.random.default_rng(1)
    labels = np.arange(300) % 3
    states = chance.normal(size=(300, 8)) + 5 * np.eye(3, 8)[labels]
    assert find_subspace(states, labels, "mean", 9).shape == (8, 2)
    assert find_subspace(states, labels, "leace", 9).shape == (8, 4)
    assert find_subspace(states, labels, "inlp", 3).shape == (8, 3)


def test_states_that_are_all_alike_tell_nothing() -> None:
    with pytest.raises(UserError, match="do not differ by label"):
        find_subspace(np.ones((40, 5)), np.arange(40) % 2, "mean", 1)


def test_directions_that_say_the_same_count_once() -> None:
    assert orthonormal(np.array([[1.0, 2.0, 0.0], [1.0, 2.0, 1.0], [0.0, 0.0, 0.0]])).shape == (3, 2)
