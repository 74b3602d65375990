"""What has to hold before a loop begins: nobody should wait for hours for what could have been known at once."""

from __future__ import annotations

from collections.abc import Iterator

from espalier.artifacts.records import sha256_file
from espalier.artifacts.registry import source
from espalier.errors import UserError
from feedback.loop import steps
from feedback.loop.config import REWARD, LoopConfig
from feedback.loop.steps import BUILD, EVALUATE, PREFER, SAMPLE, TRAIN, TRAIN_REWARD


def check(config: LoopConfig) -> None:
    """UserError with all that is wrong with a loop's configuration."""
    if problems := list(_problems(config)):
        raise UserError("\n".join(problems))


def _problems(config: LoopConfig) -> Iterator[str]:
    from evaluation.controls.base import controls

    for path in steps.known(config):
        if not path.is_file():
            yield (
                f"{path}: no such file; feedback/prefer.py makes one of what teachers or rules prefer, and the head of "
                "feedback/configs/rlp-basil.yaml has the commands for its own"
            )
    for path in (config.reward.config, config.policy.config):
        if not path.is_file():
            yield f"{path}: no such file"
    if config.samples.prompts == config.exam.prompts:
        yield f"exam.prompts: {config.exam.prompts} are those that the policy is trained on"
    if config.final and config.exam.prompts == f"suite:{config.final.suite}":
        yield f"final.suite: {config.final.suite} is the examination, which steers the loop; what decides may not"
    if not any(steps.is_reward(part.strip()) for part in config.policy.by.split(",")):
        yield f"policy.by: {config.policy.by} has no {REWARD}, so that no reward model would be asked"
    if unknown := [name for name in config.exam.controls if name not in controls()]:
        yield f"exam.controls: {', '.join(unknown)}: no family of evaluation/controls"


def parents_of(config: LoopConfig) -> dict[str, str]:
    """What a loop begins from, with content hashes. UserError where the first weights are not there."""
    from espalier.models.references import resolve

    first = resolve(config.start)
    return {first.spec: first.content_hash, **dict(source(path, sha256_file(path)) for path in steps.known(config))}


def kinds_of_steps(config: LoopConfig) -> list[str]:
    """The commands of all steps that are expected, where no rule ends the loop before."""
    taught = [BUILD, TRAIN_REWARD]
    renewed = taught if config.refresh == "none" else [PREFER, *taught] * config.rounds
    renewed = taught + renewed if config.refresh == "spg" else renewed
    optimised = [SAMPLE, PREFER, BUILD, TRAIN, SAMPLE]
    return [SAMPLE, *renewed, *optimised * config.rounds, *([EVALUATE] if config.final else [])]
