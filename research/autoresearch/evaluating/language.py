"""Bits per byte of a text, from what a model says of it, and the proof that it did not look ahead.

The text is cut into windows of the model's context that do not overlap. Whole windows hold what is to be predicted, so
a model could look; and one process sees all windows, so that it could learn from one for another. So a second sandbox,
which has seen nothing of this, is asked for one secretly drawn place of each of many windows, and of these windows it
sees what comes before the place and nothing after: what it gives the next byte there has to be what it was given with
the whole text in sight. Of the first few of these places it is asked alone and held to little work, so that what it
knows is in its checkpoint: a training that goes on where it is loaded answers otherwise there. A model that gains on a
share f of the places by what it must not see is found with probability 1 - (1 - f)^`PROOFS`: 98 % where f is 1 %, and
what lies below the tolerances gains no more than `MEAN_TOLERANCE` nats.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from research.autoresearch.evaluating.asking import Asker, numbers
from research.autoresearch.naming import Named

PROOFS, BYTES_A_PROOF = 384, 256
"""Places that are asked for again; of a short text, one for so many of its bytes."""
FEW = 16
"""Places that are asked for first, alone."""
_DEARER = 1.5
"""What a byte costs among few, beside what it costs among all."""
TOLERANCE, MEAN_TOLERANCE = 0.05, 1e-3
"""Nats by which the loss of one place may differ between the two, and by which the whole text may be better on average:
a float32 model's differ by 1e-5; one that multiplies in bfloat16, by 1e-2, now up, now down."""
SUM_TOLERANCE = 1e-3
"""By so much may the logarithm of a distribution's sum differ from 0. It is divided by its sum all the same."""
LONGEST_CONTEXT = 4096
_ROWS = 1 << 12


class Place(NamedTuple):
    """One byte that is to be predicted: its place in the text, and how much of its window comes before it."""

    target: int
    before: int


def score_language(asker: Asker, text: bytes, chance: random.Random) -> dict[str, Any]:
    """`val_bpb` of all bytes of `text` but the first. Named where the answers are none, or not made in ignorance."""
    with asker.ask("whole", text[:-1]) as (said, path):
        context = _context(said)
        losses = _losses(path, np.frombuffer(text, np.uint8)[1:])
    left, differences = min(PROOFS, max(1, len(text) // BYTES_A_PROOF)), list[float]()
    while left > 0:  # each window proves one place for each sandbox
        few = not differences
        places = _drawn(len(text), context, min(left, FEW) if few else left, chance)
        left -= len(places)
        differences += _differences(asker, text, places, context, losses, few=few)
    mean = sum(differences) / len(differences)
    worst = max(differences, key=abs)
    if abs(worst) > TOLERANCE or mean > MEAN_TOLERANCE:
        off = f"{sum(abs(each) > TOLERANCE for each in differences)} of {len(differences)} places"
        raise Named(
            "answers otherwise where what follows is out of sight",
            f"{off} by more than {TOLERANCE:g} nats, {mean:.4f} on average, up to {worst:.3f}",
        )
    return {
        "val_bpb": float(losses.mean()) / math.log(2),
        "targets": len(losses),
        "context": context,
        "proofs": {"places": len(differences), "mean": mean, "worst": worst},
    }


def _context(said: Any) -> int:
    context = said.get("context")
    if type(context) is not int or not 1 <= context <= LONGEST_CONTEXT:
        raise Named("its context is none", f"{str(context)[:40]}, and has to be from 1 to {LONGEST_CONTEXT}")
    return context


def _losses(path: Path, targets: NDArray[np.uint8]) -> NDArray[np.float64]:
    """In nats, of each target. Named where an answer is no distribution."""
    answers = numbers(path, (len(targets), 256), "<f4")
    losses = np.empty(len(targets))
    for start in range(0, len(targets), _ROWS):
        rows = np.asarray(answers[start : start + _ROWS])
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            sums = np.log(np.exp(rows).sum(axis=1, dtype=np.float64))
        if not np.isfinite(sums).all():
            where = start + int(np.flatnonzero(~np.isfinite(sums))[0])
            raise Named("answers with what is no number", f"first at byte {where}")
        off = np.abs(sums) > SUM_TOLERANCE
        if off.any():
            worst = float(np.exp(sums[np.abs(sums).argmax()]))
            raise Named("its distributions do not sum to 1", f"{off.sum()} of {len(rows)} in a row, one to {worst:.6g}")
        losses[start : start + _ROWS] = sums - rows[np.arange(len(rows)), targets[start : start + _ROWS]]
    if not np.isfinite(losses).all():
        raise Named("gives a byte that came no chance", f"byte {int(np.flatnonzero(~np.isfinite(losses))[0])}")
    return losses


def _drawn(length: int, context: int, most: int, chance: random.Random) -> list[Place]:
    """A place in each of some windows, so that no target is in sight before another place. Targets are bytes 1 to the
    last; the window of target n begins at the last multiple of `context` that is below n."""
    windows = range(0, length - 1, context)
    places: dict[int, Place] = {}
    for start in chance.sample(windows, len(windows)):
        before = chance.randint(1, min(context, length - 1 - start))
        earlier = places.get(start - context)
        if (earlier and earlier.target == start) or (before == context and start + context in places):
            continue  # the first byte of a window would be in sight that the place before it asks for
        places[start] = Place(target=start + before, before=before)
        if len(places) == most:
            break
    return [*places.values()]


def _differences(
    asker: Asker, text: bytes, places: Sequence[Place], context: int, losses: NDArray[np.float64], *, few: bool
) -> list[float]:
    """By how much each place was better with the whole text in sight, in nats. `few` may take little work."""
    places = sorted(places, key=lambda place: place.before)
    prefixes = [text[place.target - place.before : place.target] for place in places]
    lengths = [len(each) for each in prefixes]
    share = _DEARER * len(lengths) * max(lengths) / len(text) if few else None
    with asker.ask("prefixes", b"".join(prefixes), share=share, lengths=lengths) as (said, path):
        if _context(said) != context:
            raise Named("its context changes", f"{context}, then {_context(said)}")
        alone = _losses(path, np.frombuffer(bytes(text[place.target] for place in places), np.uint8))
    return [float(one - losses[place.target - 1]) for one, place in zip(alone, places, strict=True)]
