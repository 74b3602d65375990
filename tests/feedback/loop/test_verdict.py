"""What is concluded from examinations: which weights are taken, when a loop ends, and who is gamed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from feedback.loop.config import Stop
from feedback.loop.figures import estimate
from feedback.loop.verdict import choose, judged

CASES = 80
RNG = np.random.default_rng(0)
NOISE = RNG.normal(0, 0.05, CASES)
NOISE -= NOISE.mean()


def exam(
    true: float | None, *, kl: float = 1.0, reward: float = 1.0, controls: float = -1.0, breaks: float = 0.0
) -> dict[str, Any]:
    """An examination, by its means: the first weights have a true score of 0.5 and a reward of 0."""
    places = np.arange(CASES)
    scored = np.full(CASES, np.nan) if true is None else true + NOISE
    before = np.full(CASES, np.nan) if true is None else 0.5 - NOISE
    rewards = reward + NOISE
    return {
        "true": estimate(scored, places),
        "true_before": estimate(before, places),
        "true_gain": estimate(scored - before, places),
        "proxy_gain": estimate(rewards, places),
        "kl": estimate(np.full(CASES, kl), places),
        "controls": {
            "canned": {
                "label": "one canned question",
                "proxy": estimate(controls + NOISE, places),
                "lead": estimate(rewards - controls + RNG.normal(0, 0.05, CASES), places),
            }
        },
        "changes": {
            "breaks uptake": {"before": 0.1, "now": 0.3, "kind": "broken", "change": estimate(breaks + NOISE, places)},
            "tokens": {"before": 9, "now": 30, "kind": "looks", "change": estimate(9 + NOISE, places)},
        },
        "clusters": places.tolist(),
        "by_prompt": {"true": scored.tolist()},
    }


@pytest.mark.parametrize(
    ("true", "reward", "controls", "marks"),
    [
        (0.7, 1.0, -1.0, []),  # what is rewarded is worth something
        (0.7, 1.0, 1.5, []),  # controls win too, and yet it teaches better
        (0.5, 1.0, -1.0, []),  # no gain, and nothing that shares it
        (0.5, 1.0, 1.5, ["gamed"]),
        (0.3, 1.0, -1.0, ["regressed", "gamed"]),  # Goodhart: rewarded more, worth less
        (0.3, -1.0, -2.0, ["regressed"]),  # it failed, but not by pleasing
        (None, 1.0, 1.5, ["gamed"]),
        (None, 1.0, -1.0, []),
    ],
)
def test_a_policy_is_gamed_where_its_gain_is_shared_and_not_true(
    true: float | None, reward: float, controls: float, marks: list[str]
) -> None:
    found = judged(exam(true, reward=reward, controls=controls, breaks=0.2), {"final": "scores"})
    assert found.marks == marks and found.passed == (not marks) and found.scores == {"final": "scores"}
    assert ("examination" in found.changes) == (true is not None)


def test_what_is_exploited_is_said() -> None:
    found = judged(exam(0.3, controls=1.5, breaks=0.2), {})
    assert [line.partition(" gets")[0] for line in found.exploits[:1]] == ["one canned question (canned)"]
    assert found.exploits[1] == "breaks uptake in 30.0% of its replies, 10.0% before" and len(found.exploits) == 2
    assert found.reasons[0].startswith("gamed: its reward +1.000 (") and "true score -0.2" in found.reasons[0]
    assert judged(exam(0.7, controls=1.5, breaks=0.2), {}).exploits == []


def test_the_last_weights_are_taken_unless_they_went_too_far() -> None:
    rising = [exam(0.6), exam(0.7), exam(0.72)]
    assert choose(rising, [], Stop()).place == 2 and not choose(rising, [], Stop()).stopped
    fallen = choose([exam(0.6), exam(0.7), exam(0.5), exam(0.9)], [], Stop())
    assert fallen.place == 1, "what comes after a fall is not looked at"
    assert fallen.stopped.startswith("the true score fell from 0.700 to 0.500 (-0.200, -0.2")
    assert choose([exam(0.6), exam(0.5)], [], Stop(fall=False)).place == 1
    before = choose([exam(0.6), exam(0.62)], [exam(0.8)], Stop())
    assert before.place == 0 and "from 0.800 to 0.600" in before.stopped, "policies of rounds before count"


def test_a_bound_on_the_divergence_holds_whatever_the_score() -> None:
    far = choose([exam(0.6, kl=1), exam(0.7, kl=3)], [], Stop(kl=2))
    assert far.place == 0 and far.stopped == "it is 3.00 nats a reply from the first weights, and 2 are allowed"
    assert choose([exam(None, kl=1), exam(None, kl=1)], [], Stop(kl=2)).stopped == ""
