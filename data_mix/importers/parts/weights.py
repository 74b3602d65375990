"""How much a turn counts in the loss, as corpora flag it: a number, or whether it is trained at all.

weight (OpenAI), loss_weight (LLaMA-Factory), loss (ms-swift: a truth value or a number)
train, training (axolotl), trainable, train_on_turn
masked (torchtune), mask: the other way round
"""

from __future__ import annotations

import math
from typing import Any

from data_mix.importers.base import shown
from data_mix.reading.record import BadRecord

FLAGS = (
    "weight", "loss_weight", "loss", "train", "training", "train_on_turn", "trainable", "is_trainable",
    "train_on", "requires_loss", "compute_loss", "loss_mask",
)  # fmt: skip
INVERTED = ("mask", "masked", "no_loss", "ignore_loss", "exclude_from_loss")
ALL_FLAGS = frozenset((*FLAGS, *INVERTED))


def weight_in(turn: dict[str, Any]) -> float:
    """What the flags of a turn that has some come to. Raises BadRecord for a flag that makes no sense, and for flags
    that contradict one another."""
    found = {key: _weight(turn[key], key) for key in turn if key in ALL_FLAGS}
    # That a turn is trained takes nothing from a weight which says how much.
    told = {weight for weight in found.values() if weight != 1.0} or {1.0}
    if len(told) > 1 or (told == {0.0} and 1.0 in found.values()):
        raise BadRecord("bad_weight", f"has {' and '.join(found)}, which contradict one another")
    return told.pop()


def _weight(value: Any, key: str) -> float:
    is_number = isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**63)
    if is_number and math.isfinite(value) and value >= 0:
        if key not in INVERTED:
            return abs(float(value))  # and not -0.0
        if value in (0, 1):
            return 1.0 - float(value)
    what = repr(value) if is_number else shown(value)
    wanted = "true or false" if key in INVERTED else "true, false or a number of at least 0"
    raise BadRecord("bad_weight", f"has {key} {what}, which is not {wanted}")
