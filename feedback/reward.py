"""Train a reward model on the preferences and ratings of a mix.

    python feedback/reward.py CONFIG.yaml [--any.key VALUE ...]
    python feedback/reward.py CONFIG.yaml --parent basil-core --mix my-preferences --name my-reward
    python feedback/reward.py --resume NAME

The run holds weights, a head, and what its rewards mean on replies that it was not taught by; it judges in evaluations
(--judges run:NAME). The same command goes on where it was interrupted, and says so when it is complete.
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
from feedback.rewards.config import RewardConfig
from training.config import TrainOptions
from training.launch import ready

COMMAND = "feedback/reward.py"


def main(argv: list[str]) -> int:
    config, options = load(RewardConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=TrainOptions)
    config = ready(config, options, argv, described=described)
    if options.plan:
        return 0
    try:
        return train(config, options)
    except AlreadyDone as done:
        say(str(done))
        return 0


def described(config: RewardConfig) -> Any:
    """The transformers configuration of the model that it stands on, for a plan."""
    from training.memory.bases import config_of_origin, no_parent

    if (found := config_of_origin(config)) is None:
        raise no_parent(config)
    return found


def train(config: RewardConfig, options: TrainOptions) -> int:
    """Make the run that `config` describes; returns the exit code."""
    from functools import partial

    from evaluation.backends.controls import DEFAULT
    from evaluation.controls.base import controls
    from evaluation.controls.choice import chosen, words_of
    from feedback.rewards.conclude import conclude
    from feedback.rewards.model import attach_head, check
    from training.command import begin, fit, load_base, open_packs
    from training.origins import base_renderer, find_base, find_mix
    from training.reward.heldout import HeldoutRewards
    from training.together import join

    families = list(DEFAULT) if config.controls is None else chosen(words_of(config.controls), controls(), "controls: ")
    check()
    join(config.device)
    mix = find_mix(config, options)
    base = find_base(config)
    renderer = base_renderer(config, base)
    with begin(config, options, command=COMMAND, mix=mix, base=base) as session:
        renderer = renderer.on(session.run.begun_on)
        packs = open_packs(session, renderer)
        model = load_base(session, renderer)
        attach_head(model, config, base, packs["train"])
        if config.reward.calibrate_on not in packs:
            say(
                f"note: mix {config.mix} has no preferences in a split {config.reward.calibrate_on}, so what rewards "
                "mean will not be found, and the model cannot judge; build the mix with a valid_fraction, or name a "
                "split with --reward.calibrate_on"
            )
        observers = [HeldoutRewards(packs, config.reward.calibrate_on, config.heldout, session.run)]
        ending = partial(conclude, config, families, mix, renderer, packs)
        return fit(session, model, renderer, packs, observers, conclude=ending)


if __name__ == "__main__":
    run_main(main)
