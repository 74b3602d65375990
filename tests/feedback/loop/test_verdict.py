"""What is concluded from examinations: which weights are taken, when a loop ends, and who is gamed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from feedback.loop.config import Stop
from feedback.loop.figures import estimate
from feedback.loop.verdict import choose, judged, of_first

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
    start = exam(0.5)
    rising = [exam(0.6), exam(0.7), exam(0.72)]
    assert choose(rising, [start], Stop()).exam is rising[2] and not choose(rising, [start], Stop()).stopped
    falling = [exam(0.6), exam(0.7), exam(0.5), exam(0.9)]
    fallen = choose(falling, [start], Stop())
    assert fallen.exam is falling[1], "what comes after a fall is not looked at"
    assert fallen.stopped.startswith("the true score fell from 0.700 to 0.500 (-0.200, -0.2")
    lower = exam(0.4)
    assert choose([exam(0.6), lower], [start], Stop(fall=False)).exam is lower


def test_a_policy_that_went_too_far_is_not_taken_though_its_round_has_no_other() -> None:
    start, best = exam(0.5), exam(0.8)
    fallen = choose([exam(0.3)], [start, best], Stop())
    assert fallen.exam is best and "from 0.800 to 0.300" in fallen.stopped, "policies of rounds before count"
    worse = choose([exam(0.3)], [start], Stop())
    assert worse.exam is start and "from 0.500 to 0.300" in worse.stopped, "and so do the first weights"
    assert choose([exam(0.9, kl=3)], [start, best], Stop(kl=2)).exam is best
    unknown = [exam(None, kl=0), exam(None), exam(None)]
    assert choose([exam(None, kl=3)], unknown, Stop(kl=2)).exam is unknown[2], "the latest, where nothing is known"


def test_the_first_weights_have_an_examination_of_their_own() -> None:
    found = exam(0.3)
    found["by_prompt"] |= {"true_before": (0.5 - NOISE).tolist()}
    first = of_first("core", found)
    assert first["policy"] == "core" and first["kl"]["value"] == 0 and first["true"] == found["true_before"]
    assert choose([found], [first], Stop()).exam is first


def test_a_bound_on_the_divergence_holds_whatever_the_score() -> None:
    near = exam(0.6, kl=1)
    far = choose([near, exam(0.7, kl=3)], [exam(0.5)], Stop(kl=2))
    assert far.exam is near and far.stopped == "it is 3.00 nats a reply from the first weights, and 2 are allowed"
    assert choose([exam(None, kl=1), exam(None, kl=1)], [exam(None)], Stop(kl=2)).stopped == ""
