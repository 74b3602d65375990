"""Train a Stage 1 model.

    python stage1/train.py [CONFIG.yaml] [--any.key VALUE ...]
    python stage1/train.py --resume NAME

One configuration is one run. What it needs and is not there yet, the mix and the parent, is made first. The same
command goes on with a run that was interrupted, and says so when it is complete.
"""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from espalier.command_line.config import load
from espalier.command_line.console import say
from espalier.errors import UserError, run_main
from espalier.models import devices
from stage1.config import DEFAULT_CONFIG, TrainConfig, TrainOptions, resumed_config


def main(argv: list[str]) -> int:
    # How long an idle thread spins before it sleeps. GNU OpenMP's own default makes a step take ten times as long on a
    # machine that does something else besides; sleeping at once makes it half as fast on one that does not.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    config, options = load(
        TrainConfig, argv, prog="python stage1/train.py", doc=__doc__, default=DEFAULT_CONFIG, options=TrainOptions
    )
    if options.resume:
        config = resumed_config(options, argv)
    one_process()
    return train(config, options)


def one_process() -> None:
    """UserError where torchrun or `accelerate launch` has started several: they would train the same run twice."""
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if processes > 1:
        raise UserError(
            f"{processes} processes were started, and training in several is not supported yet; start one, by "
            "python stage1/train.py"
        )


def train(config: TrainConfig, options: TrainOptions) -> int:
    """Make the run that `config` describes; returns the exit code."""
    devices.check_here(config.device)
    from functools import partial

    from espalier.artifacts import records
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.run import AlreadyDone, Run
    from espalier.models import compiling
    from stage1 import prepare, summary
    from training import adapters as building
    from training import batches as data
    from training import checkin, checkpoint, heldout, loop, objectives

    mix = prepare.mix(config)
    if code := prepare.parent(config, options):
        return code
    base = prepare.base(config)
    machine = prepare.machine(config, base)
    renderer = prepare.renderer_of(base, config)
    try:
        run = Run.start(
            config.name,
            command="stage1/train.py",
            config=config,
            parents=prepare.parents(config, mix, base),
            seeds={"all": config.seed},
            device=machine.device,
            threads=machine.threads,
            compile_mode=machine.compile,
            allow_changed_environment=options.allow_changed_environment,
        )
    except AlreadyDone as done:
        records.verify_manifest(artifact("runs", config.name))
        say(str(done))
        return 0

    with run:
        for note in run.notes:
            say(note)
        renderer = (renderer or prepare.new_renderer(config, mix, run)).on(run.begun_on)
        packs = prepare.packs(config, mix, renderer)
        model = prepare.model(config, renderer, base, machine)
        prepare.rows_apart(model, config, machine)
        optimizer = loop.make_optimizer(model, config.optim)
        progress = prepare.progress(run, options, model, optimizer)
        batches = data.Batches(
            packs["train"], micro_batch_size=config.micro_batch_size, grad_accum=config.grad_accum, seed=config.seed
        )
        if machine.compile == "layers":
            compiling.compile_layers(model)
        prepare.say_plan(config, machine, packs["train"], building.share_trained(model))
        outcome = loop.train(
            model=machine.accelerator.prepare_model(model),
            optimizer=optimizer,
            objective=objectives.sft,
            batches=batches,
            settings=config,
            run=run,
            accelerator=machine.accelerator,
            progress=progress,
            observers=[
                heldout.HeldoutLoss(packs, config.heldout, run),
                checkin.Checkin(renderer, config.checkin, run, as_chat=config.rows != "text"),
            ],
            checkpoint=partial(
                checkpoint.save_checkpoint,
                run.folder / "checkpoints",
                model=model,
                renderer=renderer,
                base=base if config.adapter else None,
                optimizer=optimizer,
                keep=config.keep_checkpoints,
            ),
        )
        if outcome.exit_code is not None:
            say(f"stopped at step {progress.step}; go on with: python stage1/train.py --resume {config.name}")
            return outcome.exit_code
        summary.finish(run, config, model, renderer, base, packs, progress, machine)
    return 0


if __name__ == "__main__":
    run_main(main)
