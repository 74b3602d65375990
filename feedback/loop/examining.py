"""The examinations of a round: of the policy's last weights, and of those on the way to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from espalier.artifacts.gates import Gates, write_gates
from espalier.artifacts.paths import artifact
from espalier.loops.folder import LoopFolder
from espalier.loops.pace import Pace
from feedback.loop import steps
from feedback.loop.config import LoopConfig
from feedback.loop.exam import Examined, examine
from feedback.loop.figures import Floats
from feedback.loop.verdict import judged
from feedback.samples import Sampled, read_samples


def examined(
    config: LoopConfig, folder: LoopFolder, pace: Pace, number: int, run: str, *, reward: str, first: str
) -> list[dict[str, Any]]:
    """What is found of the checkpoints of `run` and of its last weights, in the order of its training.

    Each knows its `policy`, as a reference, and its `step`. `first` are the samples of the first weights.
    """
    found = []
    for step, policy in _weights(config, run):
        part = f"exam.{step:06d}" if step else "exam"
        name = steps.examine(config, pace, number, part, policy)
        if folder.found(name) is None:
            folder.keep(name, {"policy": policy, "step": step, **_examine(config, name, policy, reward, first)})
        facts = folder.found(name)
        assert facts is not None
        found.append(facts)
    return found


def mark(exam: Mapping[str, Any], scores: str | None) -> Gates:
    """What is held against a run, written beside it: by the examination of its last weights, and the evaluator's
    `scores` of these."""
    gates = judged(exam, {"final": scores} if scores else {})
    write_gates(artifact("runs", exam["policy"].removeprefix("run:")), gates)
    return gates


def _weights(config: LoopConfig, run: str) -> list[tuple[int, str]]:
    """Step and reference of each of a run's weights that are examined; the last have step 0."""
    every = config.policy.examine_every
    there = sorted((artifact("runs", run) / "checkpoints").glob("step-*")) if every else []
    steps_of = [int(path.name.removeprefix("step-")) for path in there]
    last = max(steps_of, default=0)
    on_the_way = [step for step in steps_of if step % every == 0 and step < last] if every else []
    return [*((step, f"run:{run}@step-{step:06d}") for step in on_the_way), (0, f"run:{run}")]


def _examine(config: LoopConfig, name: str, policy: str, reward: str, first: str) -> dict[str, Any]:
    from espalier.models.pool import Placement
    from espalier.models.reward import open_reward

    theirs = _first(first, config.exam.truth)
    ours = Examined(read_samples(name), config.exam.truth)
    model = open_reward(f"run:{reward}", Placement(device=config.device))
    kl = _divergence(config, policy, ours.samples)
    return {"reward": reward, **examine(ours, theirs, model, kl, config.exam, seed=config.seed)}


@cache
def _first(name: str, truth: str) -> Examined:
    """What is true of the first weights' replies is found out once."""
    return Examined(read_samples(name), truth)


def _divergence(config: LoopConfig, policy: str, samples: Sequence[Sampled]) -> Floats:
    """(prompts, n): nats of each reply; not a number for those that failed, or cannot be shown."""
    from espalier.models.loading import load_for_inference
    from espalier.text.chat_template import read_template
    from feedback.loop.divergence import divergence
    from feedback.loop.figures import table

    template = read_template(config.chat_template) if config.chat_template else None
    now, renderer = load_for_inference(policy, config.device)
    before, _ = load_for_inference(config.start, config.device, chat_template=template)
    asked = [(each.messages, reply) for each in samples for reply in each.replies]
    values = iter(divergence(now, before, renderer, asked))
    return table([[float(next(values)) for _ in each.replies] for each in samples])
