"""Where a concept lies among states: the span of few directions, found from examples of two labels or more."""

from __future__ import annotations

import numpy as np

from espalier.errors import UserError

Array = np.ndarray
_NOTHING = 1e-6
"""Directions whose singular value is less than this share of the greatest are none."""


def find_subspace(states: Array, labels: Array, how: str, rank: int) -> Array:
    """An orthonormal basis (width, r) of where the labels (n,) of `states` (n, width) differ, in float64.

    UserError where states do not differ by label at all.
    """
    states = states.astype(np.float64)
    kinds = np.unique(labels)
    centred = states - np.mean([states[labels == kind].mean(0) for kind in kinds], axis=0)
    if how == "mean":
        found = np.stack([centred[labels == kind].mean(0) for kind in kinds], axis=1)
    elif how == "leace":
        found = _leace(centred, np.eye(len(kinds))[np.searchsorted(kinds, labels)])
    else:  # as large a one is drawn by chance for a control
        found = _inlp(centred, labels, rank)
    basis = orthonormal(found)
    if not basis.shape[1]:
        raise UserError("the states of its examples do not differ by label")
    return basis


def orthonormal(columns: Array) -> Array:
    """A basis (width, r) of the span of `columns` (width, n)."""
    left, values, _ = np.linalg.svd(columns.astype(np.float64), full_matrices=False)
    return left[:, values > _NOTHING * max(values.max(initial=0.0), 1e-30)]


def _leace(centred: Array, marks: Array) -> Array:
    """What LEACE takes away, and what it reads: with W the inverse root of the states' covariance, and u spanning W
    times their covariance with the labels, the span of W⁻¹u and Wu."""
    marks = marks - marks.mean(0)
    centred = centred - centred.mean(0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    kept = values > 1e-9 * values[-1]
    vectors, roots = vectors[:, kept], np.sqrt(values[kept])
    whitened = (vectors / roots).T @ (centred.T @ marks / len(centred))
    told = orthonormal(whitened)
    # Each scaled to length 1: the two differ by the variance, and the smaller ones are no less wanted.
    sides = [(vectors * roots) @ told, (vectors / roots) @ told]
    return np.concatenate([side / np.linalg.norm(side, axis=0) for side in sides], axis=1)


def _inlp(centred: Array, labels: Array, rank: int) -> Array:
    """The weights of one classifier after another, each on what those before it left."""
    from sklearn.linear_model import LogisticRegression

    rest = centred / max(float(centred.std()), 1e-30)
    basis = np.zeros((centred.shape[1], 0))
    while basis.shape[1] < min(rank, centred.shape[1]):
        weights = LogisticRegression(max_iter=300).fit(rest, labels).coef_.T
        new = orthonormal(weights - basis @ (basis.T @ weights))[:, : rank - basis.shape[1]]
        if not new.shape[1]:
            break
        basis = np.concatenate([basis, new], axis=1)
        rest = rest - rest @ new @ new.T
    return basis
