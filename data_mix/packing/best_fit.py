"""Best-fit decreasing: lengths into bins of one capacity."""

from __future__ import annotations

from collections.abc import Sequence


def best_fit(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Indices of `lengths` grouped into bins of at most `capacity`: each, longest first, into the fullest bin it fits.

    Best-fit decreasing, after Ding et al. 2024 (arXiv:2404.10830); deterministic. Raises ValueError for a length that
    is not in 1..capacity.
    """
    bins: list[list[int]] = []
    open_bins: dict[int, list[int]] = {}
    spaces = 0  # bit s is set when some bin has s places left
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        length = lengths[index]
        if not 0 < length <= capacity:
            raise ValueError(f"length {length} is not in 1..{capacity}")
        roomy = spaces >> length
        if roomy:
            space = length + (roomy & -roomy).bit_length() - 1
            chosen = open_bins[space].pop()
            if not open_bins[space]:
                spaces &= ~(1 << space)
            bins[chosen].append(index)
        else:
            space, chosen = capacity, len(bins)
            bins.append([index])
        left = space - length
        if left:
            open_bins.setdefault(left, []).append(chosen)
            spaces |= 1 << left
    return bins
