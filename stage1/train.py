"""Train a Stage 1 model.

    python stage1/train.py [CONFIG.yaml] [--any.key VALUE ...]
    python stage1/train.py --resume NAME

One configuration is one run. What it needs and is not there yet, the mix and the parent, is made first. The same
command goes on with a run that was interrupted, and says so when it is complete.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from espalier.artifacts.run import AlreadyDone
from espalier.command_line.config import load
from espalier.command_line.console import say
from espalier.errors import run_main
from stage1.config import DEFAULT_CONFIG, Stage1Config
from training.config import TrainOptions, resumed_config
from training.process import check_process

COMMAND = "stage1/train.py"


def main(argv: list[str]) -> int:
    config, options = load(
        Stage1Config, argv, prog=f"python {COMMAND}", doc=__doc__, default=DEFAULT_CONFIG, options=TrainOptions
    )
    if options.resume:
        config = resumed_config(Stage1Config, options, argv)
    check_process(config, COMMAND)
    try:
        return train(config, options)
    except AlreadyDone as done:
        say(str(done))
        return 0


def train(config: Stage1Config, options: TrainOptions) -> int:
    """Make the run that `config` describes; returns the exit code."""
    from stage1 import newborn
    from training import origins, session
    from training.checkin import Checkin
    from training.heldout import HeldoutLoss
    from training.observers import Observer

    mix = origins.find_mix(config)
    if code := origins.train_parent(config, options, command=COMMAND, configured_by=Stage1Config):
        return code
    base = None if config.model else origins.find_base(config)
    renderer = base and origins.base_renderer(config, base)
    with session.begin(config, options, command=COMMAND, mix=mix, base=base, shape=newborn.shape(config.model)) as now:
        renderer = (renderer or newborn.new_renderer(config, mix, now.run.folder)).on(now.run.begun_on)
        packs = session.open_packs(now, renderer)
        if config.model:
            model = newborn.new_model(config.model, renderer, config.seed).to(now.machine.device)
        else:
            model = session.load_base(now, renderer)
        observers: list[Observer] = [
            HeldoutLoss(packs, config.heldout, now.run),
            Checkin(renderer, config.checkin, now.run, as_chat=config.rows != "text"),
        ]
        return session.fit(now, model, renderer, packs, observers)


if __name__ == "__main__":
    run_main(main)
