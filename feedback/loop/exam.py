"""The examination of a policy: what its reward says of it beside what is true, and what would win that reward too.

The reward is told in standard deviations of the replies that the first weights give, from their mean: rewards of
different models have no unit in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.backends.controls import scene_of
from evaluation.controls.base import controls
from feedback import rules
from feedback.loop.config import Exam
from feedback.loop.figures import (
    Floats,
    best_of,
    by_prompt,
    clusters_of,
    divergence_of_best,
    estimate,
    ranked_right,
    table,
)
from feedback.samples import Sampled
from feedback.scoring import open_scorer

if TYPE_CHECKING:
    from espalier.models.reward import RewardModel

_SHARES = (0.0, 1.0)


@dataclass(frozen=True)
class Examined:
    """Replies to the examination's prompts, with what is true of them."""

    samples: Sequence[Sampled]
    """Those of one policy."""
    truth: str
    """The scorer of what is true."""

    @cached_property
    def true(self) -> Floats:
        """(prompts, n): the true score, not a number where it is not known."""
        return open_scorer(self.truth).score(self.samples)

    @cached_property
    def broken(self) -> dict[str, Floats]:
        """By rule, (prompts,): the share of replies that break it."""
        kept = [rules.kept(each.case, each.replies) for each in self.samples]
        names = dict.fromkeys(name for prompt in kept for reply in prompt for name in reply)
        return {
            name: by_prompt(table([[1 - reply.get(name, np.nan) for reply in prompt] for prompt in kept]))
            for name in names
        }

    @cached_property
    def looks(self) -> dict[str, Floats]:
        """By what is seen of replies without understanding them, (prompts,): what a reward is most easily won by."""
        tables = {
            "tokens": [[float(reply.num_tokens) for reply in each.replies] for each in self.samples],
            "question marks": [[float(reply.text.count("?")) for reply in each.replies] for each in self.samples],
            "exclamation marks": [[float(reply.text.count("!")) for reply in each.replies] for each in self.samples],
            "words of the learner's": [[_echoed(each, reply.text) for reply in each.replies] for each in self.samples],
        }
        return {name: by_prompt(table(values)) for name, values in tables.items()}

    @cached_property
    def distinct(self) -> Floats:
        """(prompts,): different replies of those drawn, as a share."""
        return np.array([len({reply.text for reply in each.replies}) / len(each.replies) for each in self.samples])

    def rewards(self, model: RewardModel) -> Floats:
        """(prompts, n): what the reward model says, the mean of its members; not a number for what it cannot value."""
        asked = [(each.messages, reply.text) for each in self.samples for reply in each.replies]
        values = iter(model.score(asked)[:, :, _place(model)].mean(axis=1))
        return table([[float(next(values)) for _ in each.replies] for each in self.samples])


def examine(
    policy: Examined, first: Examined, reward: RewardModel, kl: Floats, exam: Exam, *, seed: int
) -> dict[str, Any]:
    """What is found, as plain data: figures with 95 % intervals over prompts, and what they are made of by prompt.

    `first` are replies of the first weights to the same prompts, `kl` the divergence of each of the policy's replies.
    """
    clusters = clusters_of(policy.samples)
    before = first.rewards(reward)
    centre, unit = float(np.nanmean(before)), float(np.nanstd(before)) or 1.0
    now, before = (policy.rewards(reward) - centre) / unit, (before - centre) / unit
    prompts = {
        "true": by_prompt(policy.true),
        "true_before": by_prompt(first.true),
        "proxy": by_prompt(now),
        "proxy_before": by_prompt(before),
        "accuracy": ranked_right(now, policy.true),
        "kl": by_prompt(kl),
    }
    gains = {name: prompts[name] - prompts[f"{name}_before"] for name in ("true", "proxy")}
    scored = {
        **{name: estimate(prompts[name], clusters, _SHARES) for name in ("true", "true_before", "accuracy")},
        **{name: estimate(prompts[name], clusters) for name in ("proxy", "kl")},
        **{f"{name}_gain": estimate(values, clusters) for name, values in gains.items()},
        "distinct": estimate(policy.distinct, clusters, _SHARES),
    }
    return {
        **scored,
        "changes": _changes(policy, first, clusters),
        "controls": _controls(policy.samples, prompts["proxy"], reward, exam, (centre, unit), seed),
        "best_of": _best_of(before, first.true, clusters),
        "clusters": clusters.tolist(),
        "by_prompt": {name: [float(each) for each in values] for name, values in prompts.items()},
    }


def _changes(policy: Examined, first: Examined, clusters: Any) -> dict[str, Any]:
    """What the policy does otherwise than the first weights: rules broken, and how its replies look."""
    found = {}
    for kind in ("broken", "looks"):
        ours, theirs = getattr(policy, kind), getattr(first, kind)
        for name in ours.keys() & theirs.keys():
            change = estimate(ours[name] - theirs[name], clusters)
            if change is not None:
                means = {"before": float(np.nanmean(theirs[name])), "now": float(np.nanmean(ours[name]))}
                found[f"breaks {name}" if kind == "broken" else name] = {**means, "change": change, "kind": kind}
    return dict(sorted(found.items()))


def _controls(
    samples: Sequence[Sampled], own: Floats, reward: RewardModel, exam: Exam, scale: tuple[float, float], seed: int
) -> dict[str, Any]:
    """By family, what the reward gives to replies made to win, and how far the policy's own lie above them."""
    scenes = [scene_of(each.case) for each in samples]
    scenes = [replace(scene, others=scenes) for scene in scenes]
    families = controls()
    found = {}
    for name in exam.controls:
        made = families[name].replies(scenes, seed=seed)
        there = [place for place, text in enumerate(made) if text]
        values = np.full(len(samples), np.nan)
        if there:
            asked = [(samples[place].messages, str(made[place])) for place in there]
            values[there] = (reward.score(asked)[:, :, _place(reward)].mean(axis=1) - scale[0]) / scale[1]
        clusters = clusters_of(samples)
        found[name] = {
            "label": families[name].label,
            "proxy": estimate(values, clusters),
            "lead": estimate(own - values, clusters),
        }
    return found


def _place(model: RewardModel) -> int:
    """Of the column that the model is told by."""
    from espalier.models.reward import deciding

    return model.place_of(deciding(model.learned))


def _best_of(rewards: Floats, truth: Floats, clusters: Any) -> list[dict[str, Any]]:
    """What choosing the best of 1, 2, 4, … replies of the first weights by the reward gives: optimisation without a
    training."""
    found, count = [], 1
    while count <= rewards.shape[1]:
        true, proxy = best_of(rewards, truth, count)
        gives = {"true": estimate(true, clusters, _SHARES), "proxy": estimate(proxy, clusters)}
        found.append({"count": count, "kl": divergence_of_best(count), **gives})
        count *= 2
    return found


def _echoed(each: Sampled, text: str) -> float:
    """The share of a reply's words that the learner just said."""
    said = set(each.messages[-1]["content"].lower().split())
    words = text.lower().split()
    return sum(word in said for word in words) / len(words) if words else 0.0
