"""Train a Stage 1 model.

    python stage1/train.py [CONFIG.yaml] [--any.key VALUE ...]
    python stage1/train.py --resume NAME
    python stage1/train.py CONFIG.yaml --plan [--fit] [--vram 8GB]

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
from training.launch import check_process, check_shares

COMMAND = "stage1/train.py"


def main(argv: list[str]) -> int:
    config, options = load(
        Stage1Config, argv, prog=f"python {COMMAND}", doc=__doc__, default=DEFAULT_CONFIG, options=TrainOptions
    )
    if options.resume:
        config = resumed_config(Stage1Config, options, argv)
    if options.plan:
        check_shares(config)
    else:
        check_process(config)
    if options.plan or options.fit:
        from stage1.planning import plan

        config = plan(config, options)
        check_shares(config)
        if options.plan:
            return 0
    try:
        return train(config, options)
    except AlreadyDone as done:
        say(str(done))
        return 0


def train(config: Stage1Config, options: TrainOptions) -> int:
    """Make the run that `config` describes; returns the exit code."""
    from stage1.new_model import new_model, new_renderer, shape
    from training.checkin import Checkin
    from training.command import begin, fit, load_base, open_packs
    from training.heldout import HeldoutLoss
    from training.observers import Observer
    from training.origins import base_renderer, find_base, find_mix, train_parent
    from training.together import join

    join(config.device)
    mix = find_mix(config)
    if code := train_parent(config, options, command=COMMAND, configured_by=Stage1Config):
        return code
    base = None if config.model else find_base(config)
    renderer = base and base_renderer(config, base)
    with begin(config, options, command=COMMAND, mix=mix, base=base, shape=shape(config.model)) as session:
        run = session.run
        renderer = (renderer or new_renderer(config, mix, run.folder)).on(run.begun_on)
        packs = open_packs(session, renderer)
        if config.model:
            model = new_model(config.model, renderer, config.seed).to(session.machine.device)
        else:
            model = load_base(session, renderer)
        observers: list[Observer] = [
            HeldoutLoss(packs, config.heldout, run),
            Checkin(renderer, config.checkin, run, as_chat=config.rows != "text"),
        ]
        return fit(session, model, renderer, packs, observers)


if __name__ == "__main__":
    run_main(main)
