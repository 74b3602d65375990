"""Train a Stage 1 model.

    python stage1/train.py [CONFIG.yaml] [--any.key VALUE ...]
    python stage1/train.py --resume NAME
    python stage1/train.py CONFIG.yaml --plan [--fit] [--vram 8GB]

One configuration is one run. What it needs and is not there yet, the mix and the parent, is made first. The same
command goes on with a run that was interrupted, and says so when it is complete.
"""

import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from espalier.artifacts.run import AlreadyDone
from espalier.command_line.config import load
from espalier.command_line.console import say
from espalier.errors import run_main
from stage1.config import DEFAULT_CONFIG, Stage1Config
from training.config import TrainOptions
from training.launch import ready

COMMAND = "stage1/train.py"


def main(argv: list[str]) -> int:
    config, options = load(
        Stage1Config, argv, prog=f"python {COMMAND}", doc=__doc__, default=DEFAULT_CONFIG, options=TrainOptions
    )
    config = ready(config, options, argv, described=described)
    if options.plan:
        return 0
    try:
        return train(config, options)
    except AlreadyDone as done:
        say(str(done))
        return 0


def described(config: Stage1Config) -> Any:
    """The transformers configuration of the run's model, for a plan."""
    from stage1 import planning

    return planning.described(config)


def train(config: Stage1Config, options: TrainOptions) -> int:
    """Make the run that `config` describes; returns the exit code."""
    from training.from_base import train_from_base
    from training.origins import with_mix_of

    if config.model:
        return grow(config, options)
    # A trunk and its cores share a mix.
    return train_from_base(
        config, options, command=COMMAND, upbringing=lambda said: (COMMAND, with_mix_of(config, said))
    )


def grow(config: Stage1Config, options: TrainOptions) -> int:
    """A model from random weights, with a tokenizer of its own; returns the exit code."""
    from stage1.new_model import new_model, new_renderer, shape
    from training.command import begin, fit, open_packs
    from training.from_base import observers_of
    from training.origins import find_mix
    from training.together import join
    from training.watching.policy import check

    assert config.model is not None
    join(config.device)
    check(config)
    mix = find_mix(config, options)
    with begin(config, options, command=COMMAND, mix=mix, base=None, shape=shape(config.model)) as session:
        renderer = new_renderer(config, mix, session.run.folder).on(session.run.begun_on)
        packs = open_packs(session, renderer)
        model = new_model(config.model, renderer, config.seed).to(session.machine.device)
        return fit(session, model, renderer, packs, observers_of(session, renderer, packs))


if __name__ == "__main__":
    run_main(main)
