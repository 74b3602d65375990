"""The steps of a round, a function each: one of our commands, from artifacts by name to the next artifact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.rounds import Round
from espalier.loops.pace import Pace
from espalier.loops.steps import flags, run_step
from espalier.loops.trained import Trained
from feedback.loop.config import REWARD, Asked, LoopConfig

SAMPLE, PREFER, BUILD = "feedback/sample.py", "feedback/prefer.py", "data_mix/build.py"
TRAIN_REWARD, TRAIN, EVALUATE = "feedback/reward.py", "stage1/train.py", "evaluation/run.py"
_FOLDERS = {
    SAMPLE: "corpora",
    PREFER: "corpora",
    BUILD: "mixes",
    TRAIN_REWARD: "runs",
    TRAIN: "runs",
    EVALUATE: "scores",
}
_HELD_OUT = 0.1
"""The share of prompts whose preferences tell how well reward and policy learn, and are not trained on."""


def sample(config: LoopConfig, pace: Pace, number: int, policy: str) -> str:
    """What the policy says now to the unlabelled prompts; the name of the samples."""
    return _drawn(config, pace, _name(config, number, "samples"), policy, config.samples, seed=config.seed)


def examine(config: LoopConfig, pace: Pace, number: int, part: str, policy: str, n: int | None = None) -> str:
    """What a policy says to the examination's prompts, which are the same each time; the name of the samples."""
    asked = config.exam if n is None else config.exam.model_copy(update={"n": n})
    return _drawn(config, pace, _name(config, number, part), policy, asked, seed=0)


def renew(config: LoopConfig, pace: Pace, number: int, samples: str, reward: str | None) -> str:
    """The reward model of a round; `reward` is that of the round before."""
    if config.refresh == "none":
        return reward or teach(config, pace, number, "reward", [])
    if config.refresh == "spg" and reward is None:
        # Agreement does not say which of the replies that agree is worth most: one who values them has to begin.
        reward = teach(config, pace, number, "reward.old", [])
    return teach(config, pace, number, "reward", [label(config, pace, number, samples, reward)])


def label(config: LoopConfig, pace: Pace, number: int, samples: str, reward: str | None) -> Path:
    """What is learned from the samples without a person, as a file of preferences."""
    make, by, more = {
        "spg": ("spg", f"run:{reward}=1", ["--confidence", str(config.confidence), "--clusters", config.clusters]),
        "uml": ("views", "random=1", []),
        "rules": ("pairs", config.exam.truth, []),
    }[config.refresh]
    return _preferred(config, pace, _name(config, number, "labels"), samples, make, by, *more)


def teach(config: LoopConfig, pace: Pace, number: int, part: str, learned: Sequence[Path]) -> str:
    """A reward model, from the first weights, of what was known at the beginning and what was learned since."""
    name = _name(config, number, part)
    mix = _built(config, pace, name, known(config), learned)
    # Of two views nobody says which is better: what they have in common is learned, and no column of theirs.
    views = {"reward.bottleneck.views": "unlabelled", "reward.columns.preferred": 1.0}
    differs = {"mix": mix} | (views if config.refresh == "uml" else {})
    return _trained(config, pace, TRAIN_REWARD, name, config.reward, differs)


def known(config: LoopConfig) -> list[Path]:
    """The files of preferences that are known at the beginning."""
    return [*(_file_of(name) for name in config.corpora), *config.preferences]


def rank(config: LoopConfig, pace: Pace, number: int, samples: str, reward: str) -> str:
    """The samples ranked by the reward, as a mix to train the policy on; its name."""
    parts = [part.strip() for part in config.policy.by.split(",")]
    by = ",".join(f"run:{reward}{part.removeprefix(REWARD)}" if is_reward(part) else part for part in parts)
    ranked = _preferred(config, pace, _name(config, number, "pairs"), samples, config.policy.make, by)
    return _built(config, pace, _name(config, number, "pairs"), [], [ranked])


def optimise(config: LoopConfig, pace: Pace, number: int, mix: str) -> str:
    """The policy, from the weights at which the loop began; its name."""
    every = config.policy.examine_every
    kept = {"checkpoint_every": every, "keep_checkpoints": 1000} if every else {}
    return _trained(config, pace, TRAIN, _name(config, number, "policy"), config.policy, {"mix": mix, **kept})


def decide(config: LoopConfig, pace: Pace, number: int, policy: str) -> str:
    """The evaluator's comparison of the last policy with the first weights, on cases that steered nothing."""
    assert config.final is not None
    name = _name(config, number, "scores")
    words = ["--models", config.start, policy, "--suite", config.final.suite, "--device", config.device]
    words += ["--mix", config.final.mix] if config.final.mix else []
    words += ["--limit", str(config.final.limit)] if config.final.limit else []
    return _run(pace, EVALUATE, name, *words, *_template(config), "--publish", "false")


def _name(config: LoopConfig, number: int, part: str) -> str:
    return Round(loop=config.name, number=number, part=part).name


def is_reward(part: str) -> bool:
    """Whether a part of a scorer is the round's reward model, or a column of it."""
    return part.partition("=")[0].partition("/")[0] == REWARD


def _drawn(config: LoopConfig, pace: Pace, name: str, policy: str, asked: Asked, *, seed: int) -> str:
    words = ["--model", policy, "--prompts", asked.prompts, "--limit", str(asked.limit), "--n", str(asked.n)]
    words += ["--temperature", str(asked.temperature), "--max_new_tokens", str(asked.max_new_tokens)]
    words += ["--seed", str(seed), "--device", config.device, *_template(config)]
    words += ["--may_train", "true"] if asked.may_train else []
    return _run(pace, SAMPLE, name, *words, "--publish", "false")


def _template(config: LoopConfig) -> list[str]:
    return ["--chat_template", config.chat_template] if config.chat_template else []


def _preferred(config: LoopConfig, pace: Pace, name: str, samples: str, make: str, by: str, *more: str) -> Path:
    words = ["--samples", samples, "--by", by, "--make", make, "--seed", str(config.seed), *more]
    _run(pace, PREFER, name, *words, "--publish", "false")
    return _file_of(name)


def _file_of(corpus: str) -> Path:
    """The file of a corpus that a mix reads."""
    folder = artifact("corpora", corpus)
    files = [folder / file for file in ("preferences.jsonl", "rows.jsonl")]
    return next((file for file in files if file.is_file()), files[0])


def _built(config: LoopConfig, pace: Pace, name: str, given: Sequence[Path], drawn: Sequence[Path]) -> str:
    """A mix of preferences that were given, and of those made of a policy's replies, of which some say nothing."""
    words = ["--seed", str(config.seed), "--valid_fraction", str(_HELD_OUT), "--workers", "1"]
    for place, path in enumerate([*given, *drawn]):
        source = {
            "path": path,
            "name": f"{path.parent.name}-{place}",
            "licence": "as its prompts",
            "preferences": "keep",
            "on_bad_row": "error" if place < len(given) else "drop",
        }
        words += [word for key, value in source.items() for word in (f"--sources.{place}.{key}", str(value))]
    return _run(pace, BUILD, name, *words)


def _trained(
    config: LoopConfig, pace: Pace, command: str, name: str, trained: Trained, differs: Mapping[str, Any]
) -> str:
    """One of our training commands from the first weights, by a configuration of which some keys differ."""
    from espalier.models.references import kind_of

    kind, start = kind_of(config.start)
    origin = {"parent": start, "base": None} if kind == "run" else {"parent": None, "base": start}
    keys = {"parent_config": None, "recipe": None, **origin, "seed": config.seed, "device": config.device}
    keys |= {"monitors.on": "none"}  # nobody reads them, and a pause would wait for somebody
    keys |= {"chat_template": config.chat_template} if config.chat_template else {}
    keys |= {**trained.keys, **differs}
    return _run(pace, command, name, str(trained.config), *flags(keys), "--publish", "false")


def _run(pace: Pace, command: str, name: str, *words: str) -> str:
    return run_step(pace, command, _FOLDERS[command], name, *words)
