"""Train a variant: a branch of a parent for one kind of learner, held to gates.

    python stage2/train.py --variant spanish-l2 [--parent NAME] [--any.key VALUE ...]
    python stage2/train.py --all [--engine ray]
    python stage2/train.py --resume NAME

A variant is a file of stage2/variants, or one of yours. What it needs and is not there yet, its mix and, where
`parent_config` says how, its parent, is made first. The same command goes on where it was interrupted, and says so when
it is complete.
"""

import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from espalier.artifacts import records
from espalier.artifacts.gates import read_gates
from espalier.artifacts.paths import artifact
from espalier.artifacts.run import AlreadyDone
from espalier.command_line import processes
from espalier.command_line.config import load, read_yaml
from espalier.command_line.console import say
from espalier.errors import run_main
from espalier.models.devices import give_back_memory
from stage2.asking import check_askable
from stage2.config import Stage2Config, Stage2Options
from stage2.family import chosen
from stage2.gates import hold
from stage2.together import COMMAND, train_together, upbringing
from training.launch import ready


def main(argv: list[str]) -> int:
    files, words = chosen(argv)
    if len(files) > 1:
        return train_together(files, words)
    argv = [*map(str, files), *words]
    config, options = load(Stage2Config, argv, prog=f"python {COMMAND}", doc=__doc__, options=Stage2Options)
    config = ready(config, options, argv, described=described)
    if options.plan:
        return 0
    check_askable(config)
    tell_of_parent(config)
    try:
        code = train(config, options)
        give_back_memory()  # the evaluator, in a process of its own, wants room for two models
        if not records.is_complete(artifact("runs", config.name)) or not processes.is_main():
            return code
    except AlreadyDone as done:
        say(str(done))
    return hold(config, publish=options.publish)


def described(config: Stage2Config) -> Any:
    """The transformers configuration of the run's model, for a plan: its parent's, or what the parent is to stand on.

    UserError where nothing says what that is.
    """
    from training.memory.bases import config_of, config_of_origin, no_parent

    found = config_of_origin(config)
    if found is not None:
        return found
    base = read_yaml(config.parent_config).get("base") if config.parent_config else None
    if not isinstance(base, str):
        raise no_parent(config)
    return config_of(base, trust_remote_code=config.trust_remote_code)


def tell_of_parent(config: Stage2Config) -> None:
    """Say where a variant branches off from one that something speaks against, which it will not mend by itself."""
    mark = read_gates(artifact("runs", config.parent)) if config.parent else None
    if mark and mark.marks:
        say(f"note: the parent {config.parent} is marked {', '.join(mark.marks)}: {'; '.join(mark.reasons)}")


def train(config: Stage2Config, options: Stage2Options) -> int:
    """Make the run that `config` describes; returns the exit code."""
    from training.from_base import train_from_base

    return train_from_base(config, options, command=COMMAND, upbringing=upbringing)


if __name__ == "__main__":
    run_main(main)
