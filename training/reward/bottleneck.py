"""The multi-view information bottleneck (Federici et al. 2020, arXiv:2002.07017): what two views share is kept.

Two views are encoded as Gaussians. The loss of a pair of views is beta times the symmetric divergence of the two, less
a lower bound on what a sample of the one tells of a sample of the other.
"""

from __future__ import annotations

import math

import torch

from training.batches import Batch
from training.groups import together
from training.reward.settings import BottleneckSettings
from training.sequences import Tensor


def views_of(batch: Batch, which: str) -> Tensor:
    """(V, 2) int64: rows that are two views of one prompt, neighbours in a group; each row is in one pair at most."""
    preferred = batch.extras["targets"][:, 0]
    usable = preferred.isnan() if which == "unlabelled" else torch.ones_like(preferred, dtype=torch.bool)
    seen = together(batch) & usable[:, None] & usable
    rank = seen.tril(-1).sum(1)
    next_one = seen & (rank == rank[:, None] + 1) & (rank[:, None] % 2 == 0)
    return torch.nonzero(next_one)


def view_losses(means: Tensor, log_variances: Tensor, samples: Tensor, views: Tensor, beta: float) -> Tensor:
    """(V,): the loss of each pair of views, in nats, of encodings (n, size) and samples of them."""
    one, other = views.unbind(1)
    divergence = symmetric_divergence(means[one], log_variances[one], means[other], log_variances[other])
    return beta * divergence - mutual_information(samples[one], samples[other])


def symmetric_divergence(mean: Tensor, log_variance: Tensor, other_mean: Tensor, other_log_variance: Tensor) -> Tensor:
    """(V,): the mean of KL(p‖q) and KL(q‖p) of Gaussians (V, size) with diagonal covariance."""
    ratio = torch.exp(log_variance - other_log_variance)
    apart = (mean - other_mean).square() * (torch.exp(-log_variance) + torch.exp(-other_log_variance))
    return (ratio + 1 / ratio - 2 + apart).sum(1) / 4


def mutual_information(samples: Tensor, others: Tensor) -> Tensor:
    """(V,): what each pair of samples (V, size) adds to InfoNCE (van den Oord et al. 2018, arXiv:1807.03748): its mean
    bounds the mutual information of the two from below, and is at most log V. The other pairs are the negatives."""
    scores = samples @ others.T / math.sqrt(samples.shape[1])
    both = torch.log_softmax(scores, 0).diagonal() + torch.log_softmax(scores, 1).diagonal()
    return both / 2 + math.log(max(1, len(samples)))


def bottleneck_loss(
    batch: Batch, means: Tensor, log_variances: Tensor, samples: Tensor, how: BottleneckSettings
) -> tuple[Tensor, Tensor]:
    """The share that this micro-batch has in the step's mean over two views, and how many views it has."""
    views = views_of(batch, how.views)
    losses = view_losses(means, log_variances, samples, views, how.beta)
    return 2 * losses.sum() / batch.extras["step_rows"].clamp(min=1), torch.tensor(float(len(views)))
