"""Whether the weights of an export are those that were trained: logits beside an adapter on its base, not merged.

In float32 the largest difference may be 1e-5 of the largest logit: float32 itself keeps seven digits. Where a format
rounds, the export is held to what was trained with its weights rounded alike, by the same measure; a merge in bfloat16,
which rounds the base, the product and the sum, to three times what rounding the sum once costs. What K-quants may
change is not known here: their logits are stated, and agreement (replies.py) holds them to a floor.
"""

from __future__ import annotations

import copy
import math
from typing import Any

from exports.checks import rounding
from exports.checks.opened import opened
from exports.checks.trained import Trained, along, trained
from exports.config import ExportOptions
from exports.exported import Exported, Finding

NUM_PROMPTS = 32
"""How many conversations are compared, with the replies to them."""
NEAR = 1e-5
"""Largest difference of logits, as a share of the largest logit."""
_MOST_IN_DOUBLE = 100_000_000
"""Parameters up to which logits are computed in double precision."""
_MERGED_IN_BF16 = 3.0
"""How many times what rounding once costs a merge in bfloat16 may cost."""


def check(exported: Exported, options: ExportOptions) -> Finding:
    """Largest difference of logits over prompts and replies."""
    ours, theirs = trained(exported), opened(exported)
    largest, merging = differences(ours, ours.model, ours.whole)
    _, rounds = differences(ours, ours.whole, theirs.reference)
    _, found = differences(ours, theirs.reference, theirs.model)
    most = NEAR * largest
    if exported.to == "merged" and exported.config.dtype == "bfloat16":
        most = max(most, _MERGED_IN_BF16 * rounds)
    unknown = sorted(kind for kind in theirs.kinds if not rounding.is_known(kind))
    passed = merging <= NEAR * largest and (found <= most or (bool(unknown) and math.isfinite(found)))
    said = f"logits differ by {found:.2g} of {largest:.3g} at most (allowed {most:.2g})"
    if merging > NEAR * largest:
        said = f"merging changes logits by {merging:.2g} of {largest:.3g}"
    if rounds:
        said += f"; rounding itself changes them by {rounds:.2g}"
    figures: dict[str, Any] = {
        "max_logit_difference": found,
        "allowed": most,
        "largest_logit": largest,
        "by_merging": merging,
        "by_rounding": rounds,
    }
    if unknown and passed:
        figures["not_checked"] = f"{', '.join(unknown)} is rounded by llama.cpp's own program; agreement judges it"
        said += f"; not checked: {figures['not_checked']}"
    return Finding(
        check="logits", passed=passed, asked=min(NUM_PROMPTS, len(ours.ids)), differing=0, figures=figures, said=said
    )


def differences(ours: Trained, one: Any, other: Any) -> tuple[float, float]:
    """The largest logit of one model, and the largest difference of another's, over prompts and trained replies."""
    import torch

    largest = found = 0.0
    if one is other:
        return _largest(ours, one), 0.0
    asked, replies = [[ids[0]] for ids, _ in _pairs(ours)], [ids[1:] + reply.ids for ids, reply in _pairs(ours)]
    for mine, yours in zip(along(_exact(one), asked, replies), along(_exact(other), asked, replies), strict=True):
        if mine.shape != yours.shape:
            return float(mine.abs().max()), float("inf")
        apart = float((mine - yours).abs().max())
        found = max(found, apart if torch.isfinite(yours).all() else float("inf"))
        largest = max(largest, float(mine.abs().max()))
    return largest, found


def _exact(model: Any) -> Any:
    """A small model in double precision, so that what differs is weights, and not the order of sums."""
    import torch

    small = sum(weight.numel() for weight in model.parameters()) <= _MOST_IN_DOUBLE
    if not small or next(model.parameters()).dtype != torch.float32:
        return model
    return copy.deepcopy(model).double()


def _pairs(ours: Trained) -> list[tuple[list[int], Any]]:
    return list(zip(ours.ids, ours.replies, strict=True))[:NUM_PROMPTS]


def _largest(ours: Trained, model: Any) -> float:
    asked, replies = [[ids[0]] for ids, _ in _pairs(ours)], [ids[1:] + reply.ids for ids, reply in _pairs(ours)]
    return max(float(each.abs().max()) for each in along(model, asked, replies))
