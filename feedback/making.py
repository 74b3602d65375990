"""From replies with scores to rows: the best ones, pairs of a better and a worse, ratings, or self-preference."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from espalier.text.messages import check_messages
from espalier.text.reasoning import split
from evaluation.cases.case import Messages, Reply
from feedback.clusters import Clusters, largest
from feedback.samples import Sampled
from feedback.scoring import Floats

Line = dict[str, Any]
Known = tuple[Reply, float]
"""A reply and its score."""

NOTHING_TOLD = "no reply with a score"
ALIKE = "no two replies with scores that far apart"
BELOW = "no reply as good as that"
UNSURE = "no cluster with that share of the replies"
ALL_ONE = "no reply outside the largest cluster"
ONE_REPLY = "no two different replies"
DRAWN = "drawn"
"""The column of a reply of which nothing is known: in `preferred`, which it lacks, it is compared with no other."""


@dataclass
class Made:
    """The lines, and what became of each prompt."""

    lines: list[Line] = field(default_factory=list)
    """As a mix reads them."""
    prompts: int = 0
    """Those that gave some."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Those that gave none, by reason."""

    def take(self, found: list[Line] | str) -> None:
        """What one prompt gave, or why it gave nothing."""
        if isinstance(found, str):
            self.left_out[found] += 1
        else:
            self.lines += found
            self.prompts += 1


def best(samples: Sequence[Sampled], scores: Floats, *, keep: int, at_least: float | None, seed: int) -> Made:
    """Best-of-n: up to `keep` different replies of each prompt, the best; with `at_least`, those worth so much
    (rejection sampling). Of equally good ones, by lot."""
    made = Made()
    for sampled, known in _known(samples, scores):
        ranked = _by_score(_different(sampled, known, seed))
        good = [each for each in ranked if at_least is None or each[1] >= at_least][:keep]
        lines = [
            {
                "id": f"{sampled.id}/{number}",
                "messages": [*map(_unlearned, sampled.messages), *_said(reply)],
                "meta": _about(sampled) | {"score": score},
            }
            for number, (reply, score) in enumerate(good)
        ]
        made.take(lines or (BELOW if known else NOTHING_TOLD))
    return made


def pairs(samples: Sequence[Sampled], scores: Floats, *, keep: int, margin: float, seed: int) -> Made:
    """Up to `keep` pairs of each prompt: the best with the worst, the second best with the second worst, and so on,
    where more than `margin` lies between them. Of equally good ones, by lot: what was drawn often is taken sooner."""
    made = Made()
    for sampled, known in _known(samples, scores):
        different = _different(sampled, known, seed)
        ranked = _by_score(different), _by_score(different, worst_first=True)
        lines = []
        for number, (better, worse) in enumerate(zip(*ranked, strict=True)):
            if number < min(keep, len(different) // 2) and better[1] - worse[1] > margin:
                lines.append(_pair(sampled, number, better, worse))
        made.take(lines or (ALIKE if known else NOTHING_TOLD))
    return made


def rated(samples: Sequence[Sampled], scores: Floats) -> tuple[Made, dict[str, float]]:
    """Every reply with its score, as often as it was drawn: what a policy gradient learns from. Scores beyond 0 and 1
    are brought there by one rule for all, which is returned: `(score - low) / (high - low)`."""
    told = scores[np.isfinite(scores)]
    low, high = (min(0.0, told.min()), max(1.0, told.max())) if len(told) else (0.0, 1.0)
    made = Made()
    for sampled, known in _known(samples, scores):
        lines = [
            {
                "id": f"{sampled.id}/{number}",
                "messages": sampled.messages,
                "reply": _said(reply),
                "ratings": {"preferred": (score - low) / (high - low)},
                "meta": _about(sampled),
            }
            for number, (reply, score) in enumerate(known)
        ]
        alike = len({score for _, score in known}) < 2
        made.take(ALIKE if known and alike else lines or NOTHING_TOLD)
    return made, {"low": float(low), "high": float(high)}


def spg(samples: Sequence[Sampled], scores: Floats, found: Sequence[Clusters], *, confidence: float, seed: int) -> Made:
    """Synthetic preferences by a model's own agreement (Lang et al. 2024, arXiv:2403.19279): the highest score of the
    largest cluster over a reply outside it, by lot, where the cluster has `confidence` of the replies or more."""
    made = Made()
    for sampled, row, clusters in zip(samples, scores, found, strict=True):
        number, share = largest(clusters)
        at = [place for place, reply in enumerate(sampled.replies) if can_be_learned(reply)]
        inside = [place for place in at if clusters[place] == number and math.isfinite(row[place])]
        said = [place for place in at if sampled.replies[place].text.strip()]
        outside = [place for place in said if clusters[place] not in (number, None)]
        if number is None or not inside:
            made.take(NOTHING_TOLD)
        elif share < confidence:
            made.take(UNSURE)
        elif not outside:
            made.take(ALL_ONE)
        else:
            top = max(inside, key=lambda place: row[place])
            other = _lot(seed, sampled.id).choice(outside)
            line = _pair(
                sampled, 0, (sampled.replies[top], float(row[top])), (sampled.replies[other], float(row[other]))
            )
            made.take([line | {"meta": line["meta"] | {"confidence": round(share, 4)}}])
    return made


def can_be_learned(reply: Reply) -> bool:
    """Whether a row may hold it: it says something, which thoughts are not, in characters that a text has."""
    try:
        check_messages(_said(reply))
    except ValueError:
        return False
    return bool(split(reply.text).content.strip())


def views(samples: Sequence[Sampled], *, seed: int) -> Made:
    """Two different replies to each prompt, by lot, of which nothing is said but that they were drawn: two views of it,
    for a reward model that learns from what they share (reward.bottleneck)."""
    made = Made()
    for sampled in samples:
        drawn = [(reply, 0.0) for reply in sampled.replies if can_be_learned(reply)]
        two = _different(sampled, drawn, seed)[:2]
        lines = [
            {
                "id": f"{sampled.id}/view-{number}",
                "messages": sampled.messages,
                "reply": _said(reply),
                "ratings": {DRAWN: 0.5},
                "meta": _about(sampled),
            }
            for number, (reply, _) in enumerate(two)
        ]
        made.take(lines if len(two) == 2 else ONE_REPLY)
    return made


def _known(samples: Sequence[Sampled], scores: Floats) -> Iterator[tuple[Sampled, list[Known]]]:
    """Each prompt with those replies that have a score and can be learned from."""
    for sampled, row in zip(samples, scores, strict=True):
        found = zip(sampled.replies, map(float, row), strict=False)
        yield sampled, [(reply, score) for reply, score in found if math.isfinite(score) and can_be_learned(reply)]


def _different(sampled: Sampled, known: list[Known], seed: int) -> list[Known]:
    """The different replies, by lot: what was drawn often is likely to come soon."""
    drawn = list(known)
    _lot(seed, sampled.id).shuffle(drawn)
    return list({each[0].text: each for each in drawn}.values())


def _by_score(known: list[Known], *, worst_first: bool = False) -> list[Known]:
    """The best first, or the worst; equal ones stay as they are."""
    return sorted(known, key=lambda each: each[1] if worst_first else -each[1])


def _lot(seed: int, prompt: str) -> random.Random:
    return random.Random(f"{seed} {prompt}")


def _pair(sampled: Sampled, number: int, better: Known, worse: Known) -> Line:
    scores = {"chosen_score": better[1], "rejected_score": worse[1]}
    return {
        "id": f"{sampled.id}/{number}",
        "messages": sampled.messages,
        "chosen": _said(better[0]),
        "rejected": _said(worse[0]),
        **({"margin": better[1] - worse[1]} if math.isfinite(worse[1]) else {}),
        "meta": _about(sampled) | {key: value for key, value in scores.items() if math.isfinite(value)},
    }


def _said(reply: Reply) -> Messages:
    return [{"role": "assistant", "content": reply.text}]


def _unlearned(message: dict[str, str]) -> dict[str, Any]:
    """What the tutor said before is no part of what was found good."""
    return message | {"weight": 0} if message["role"] == "assistant" else message


def _about(sampled: Sampled) -> dict[str, Any]:
    truth = sampled.case.truth
    known = {"strategy": truth.strategy, "error": truth.error} if truth else {}
    return {"prompt": sampled.id} | {key: value for key, value in known.items() if value}
