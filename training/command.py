"""A training session: the part of a run that one process makes, from its configuration to its seal.

with begin(config, options, command="stage1/train.py", mix=mix, base=base) as session:
    packs = open_packs(session, renderer)
    model = load_base(session, renderer)
    return fit(session, model, renderer, packs, [HeldoutLoss(…), Watch(…)])
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from data_mix.packing import pack, rendering
from espalier.artifacts import records
from espalier.artifacts.run import AlreadyDone, Bystander, Run
from espalier.command_line import processes
from espalier.command_line.console import say
from espalier.errors import UserError
from espalier.memory.runlog import note
from espalier.models import compiling, loading
from espalier.models.references import ModelRef
from espalier.text.chat import ChatRenderer
from espalier.text.ratings import PREFERRED
from training import adapter_init, adapters, checkpoint, growth, loop, origins, references, row_weights, summary
from training.batches import Batches, PackBatches
from training.concepts.protection import protect
from training.config import TrainConfig, TrainOptions
from training.machine import Machine, set_up
from training.neftune import add_noise
from training.objectives import make_objective
from training.observers import Observer
from training.optimizers import make_optimizer
from training.packing_check import check_rows_apart
from training.page_beside import page_beside
from training.switches import apply as switches
from training.together import main_first, on_main, part_again, prepare
from training.trackers import tracked
from training.vocabulary_check import check_vocabulary


@dataclass(frozen=True, kw_only=True)
class Session:
    """What all steps of a training command share."""

    command: str
    """The command, by its path in the checkout."""
    config: TrainConfig
    """What the user asked for, and what that leaves to the parent."""
    options: TrainOptions
    """How this once."""
    mix: Path
    """The folder of the mix."""
    base: ModelRef | None
    """The model to go on from; None for one that is grown from random weights."""
    machine: Machine
    """Where it computes."""
    run: Run
    """The run, which this process holds, or another one that trains it too."""


@contextmanager
def begin(
    config: TrainConfig,
    options: TrainOptions,
    *,
    command: str,
    mix: Path,
    base: ModelRef | None,
    shape: tuple[int, int] | None = None,
) -> Iterator[Session]:
    """Begin the run, or go on with it, and hold it; `shape` is a new model's width and feed-forward size.

    Raises AlreadyDone where the run is complete and whole.
    """
    config = growth.settled(config, base)
    machine = set_up(config, loading.width_of(base) if base else shape)
    try:
        held: list[Run] = []
        on_main(
            lambda: held.append(
                Run.start(
                    config.name,
                    command=command,
                    config=config,
                    parents=origins.parents_of(config, mix, base),
                    seeds={"all": config.seed},
                    device=machine.device,
                    threads=machine.threads,
                    compile_mode=machine.compile,
                    processes=processes.count(),
                    sharded=processes.sharded(),
                    made_in=options.made_in(config.name),
                    allow_changed_environment=options.allow_changed_environment,
                )
            )
        )
    except AlreadyDone as done:
        records.verify_manifest(done.run.folder)
        _note(config, options)
        raise
    with held[0] if held else Bystander(config.name) as run:
        for note in run.notes:
            say(note)
        with ExitStack() as watching:
            on_main(lambda: watching.enter_context(tracked(config.trackers, run)))
            if options.serve_while_training:
                on_main(lambda: watching.enter_context(page_beside(config.name)))
            yield Session(command=command, config=config, options=options, mix=mix, base=base, machine=machine, run=run)
    machine.accelerator.end_training()


def open_packs(session: Session, renderer: ChatRenderer) -> dict[str, pack.Pack]:
    """The run's rows, packed and weighed, by split; says how many there are and what was left out.

    UserError where one is longer than the base can take: it would be met, some day, in the middle of the run.
    """
    config = session.config
    found, manifest, done = main_first(
        lambda: pack.open_packs(
            session.mix,
            renderer,
            seq_len=config.seq_len,
            rows=config.rows,
            long_rows=config.long_rows,
            bad_rows=config.bad_rows,
        )
    )
    counts = manifest["splits"]["train"]
    say(
        f"pack ({done}): {counts['packed']:,} of {counts['rows']:,} rows, {counts['tokens']:,} tokens "
        f"({counts['trained_tokens']:,} trained) in {counts['sequences']:,} sequences of {config.seq_len}, "
        f"{100 * counts['density']:.1f} % full; the longest row takes {counts['longest']:,} tokens"
    )
    if config.rows == "preference":
        _check_compared(config, counts)
    for line in rendering.left_out(counts):
        say(f"    {line}")
    _check_lengths(session, manifest["splits"])
    if config.row_weights:
        row_weights.weigh(found["train"], config.row_weights)
    references.compare_with_others(config, session.base, renderer, found, session.run, session.machine)
    return found


def _check_compared(config: TrainConfig, counts: Mapping[str, Any]) -> None:
    """Say what is compared. UserError where an objective finds nothing that it could learn from."""
    pairs = ", ".join(f"{number:,} by {column}" for column, number in counts["pairs"].items())
    say(f"    {counts['replies']:,} replies in {counts['groups']:,} groups; pairs of a better and a worse one: {pairs}")
    paired = config.preference is not None and config.preference.loss != "unpaired"
    if paired and not counts["pairs"][PREFERRED]:
        by_itself = "; where single replies are said to be good or bad, give --preference.loss unpaired"
        by_itself = by_itself if config.objective == "dpo" else ""
        raise UserError(
            f"mix {config.mix}: no reply of its training split is better than another to the same prompt, so there is "
            f"nothing to compare{by_itself}"
        )


def _check_lengths(session: Session, splits: Mapping[str, Mapping[str, Any]]) -> None:
    limit = loading.context_of(session.base) if session.base else None
    longest = max(splits.values(), key=lambda counts: int(counts["longest"]))
    if limit is not None and longest["longest"] > limit:
        assert session.base is not None
        raise UserError(
            f"row {longest['longest_row']} takes {longest['longest']:,} tokens at once, and {session.base.spec} takes "
            f"{limit:,}; give a seq_len of {limit} or less, so that it is split (or, by --long_rows drop, left out)"
        )


def load_base(session: Session, renderer: ChatRenderer) -> Any:
    """The base on its device, with an adapter where one is to be trained, and those that lie frozen below it."""
    config, machine, base = session.config, session.machine, session.base
    assert base is not None
    begins_on = growth.standing(config, base)
    model = loading.load_base(
        begins_on.ground,
        # Weights to be parted may not fit one device before; those in 4 bits are not parted.
        device="cpu" if processes.sharded() and not config.load_in_4bit else machine.device,
        # Weights that are trained are float32 whatever is computed in; frozen ones need not be.
        dtype=machine.dtype if config.adapter else torch.float32,
        load_in_4bit=config.load_in_4bit,
        trust_remote_code=config.trust_remote_code,
    )
    switches.apply_to_base(model, config.memory)
    if not config.adapter:
        return model.requires_grad_(True)
    adapted = adapters.add_adapter(model, config.adapter, renderer, base.spec, config.seed, begins_on.adapters)
    growth.take_up(adapted, config, base)
    return adapted


def fit(
    session: Session,
    model: Any,
    renderer: ChatRenderer,
    packs: Mapping[str, pack.Pack],
    observers: Sequence[Observer],
    *,
    conclude: summary.Conclude | None = None,
) -> int:
    """Train the model from where the run is to its last step, and seal the run; returns the exit code.

    `conclude` finds out at the end what is to be known of it, in place of held-out loss.
    """
    config, machine, run = session.config, session.machine, session.run
    model.eval()
    asked = {"checkin.prompts": config.checkin.prompts, "self_play.openings": config.self_play.openings}
    check_vocabulary(model, renderer, packs, asked)
    if not processes.sharded():
        check_rows_apart(model, config.seq_len)
    begun = bool(checkpoint.list_checkpoints(run.folder / "checkpoints"))
    if config.adapter and not begun and config.growth != "continue":
        adapter_init.begin(model, config, packs["train"])
    if config.neftune_alpha:
        add_noise(model, config.neftune_alpha)
    protection = protect(model, config, renderer, packs["train"], run) if config.protect else None
    optimizer = make_optimizer(model, config.optim)
    objective = make_objective(config.objective, model, config)
    if machine.compile == "layers":
        compiling.compile_layers(model)
    switches.apply(model, config.memory, compiled=machine.compile == "layers")
    references.compare_with_start(config, session.base, model, packs, run, machine.accelerator)
    found = checkpoint.find_checkpoint(run.folder / "checkpoints", session.options.resume_from)
    if found:
        loading.restore_weights(model, found)
    share = adapters.share_trained(model)
    prepared = prepare(machine.accelerator, model, optimizer)
    if processes.sharded():
        check_rows_apart(model, config.seq_len, machine.dtype)
        part_again(prepared)
    progress = _progress(session, found, model, optimizer)
    _say_plan(session, len(packs["train"]), share)
    frozen_base, grown = growth.base_of(config, session.base), growth.grown(config, session.base)
    batches: Batches = PackBatches(
        packs["train"],
        micro_batch_size=config.micro_batch_size,
        grad_accum=config.grad_accum,
        seed=config.seed,
        rank=processes.rank(),
        world_size=processes.count(),
    )
    if protection:
        protection.after_steps_of(optimizer)
        batches, objective = protection.drawn(batches), protection.holding(objective)
        observers = [*observers, *protection.observers(run)]
    if progress.step == 0:
        references.check_start(config, session.base, model, batches, run, machine)
    outcome = loop.train(
        model=prepared,
        optimizer=optimizer,
        objective=objective,
        batches=batches,
        settings=config,
        run=run,
        accelerator=machine.accelerator,
        progress=progress,
        observers=observers,
        checkpoint=partial(
            checkpoint.save_checkpoint,
            run.folder / "checkpoints",
            model=model,
            renderer=renderer,
            base=frozen_base,
            grown=grown,
            optimizer=optimizer,
            keep=config.keep_checkpoints,
        ),
    )
    if outcome.exit_code is not None:
        say(f"stopped at step {progress.step}; go on with: python {session.command} --resume {config.name}")
        return outcome.exit_code
    unwrapped = machine.accelerator.unwrap_model(model, keep_fp32_wrapper=False)
    summary.finish(run, config, unwrapped, renderer, frozen_base, grown, packs, progress, machine, conclude)
    _note(config, session.options)
    return 0


def _note(config: TrainConfig, options: TrainOptions) -> None:
    if options.publish:
        on_main(partial(note, f"run:{config.name}"))


def _progress(
    session: Session, found: Path | None, model: Any, optimizer: torch.optim.Optimizer
) -> checkpoint.Progress:
    """Where to go on: at the checkpoint that was found, or the beginning. Later traces in the run are removed."""
    run = session.run
    if found is None:
        run.truncate(-1)
        return checkpoint.Progress()
    restored = checkpoint.restore(found, model=model, optimizer=optimizer)
    on_main(lambda: checkpoint.remove_later(found))
    run.truncate(restored.step)
    say(f"going on from step {restored.step}")
    return restored


def _say_plan(session: Session, num_sequences: int, share: tuple[int, int]) -> None:
    """The numbers that follow from the configuration."""
    config, machine = session.config, session.machine
    trained, total = share
    per_step = config.seq_len * config.micro_batch_size * config.grad_accum
    epochs = config.steps * config.micro_batch_size * config.grad_accum / num_sequences
    say(
        f"run {config.name}: {trained:,} of {total:,} parameters trained ({100 * trained / total:.1f} %); "
        f"{config.steps:,} steps of up to {per_step:,} tokens, {epochs:.2f} epochs; "
        f"{machine.device}, {str(machine.dtype).removeprefix('torch.')}, {machine.threads} threads, "
        f"compile {machine.compile}"
    )
