"""What is looked at before torch is imported: whether this process can train at all, and its part of the work."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

from espalier.command_line import processes
from espalier.errors import UserError
from espalier.models import devices
from training.config import TrainConfig, TrainOptions, resumed_config
from training.trackers import check_installed

C = TypeVar("C", bound=TrainConfig)


def ready(config: C, options: TrainOptions, argv: list[str], *, described: Callable[[C], Any]) -> C:
    """The configuration that is to be trained now, here: that of the run to be resumed, or as --fit chose it.

    Prints the plan where one is asked for, of a model that `described` tells the transformers configuration of.
    UserError where this process cannot train it.
    """
    if options.resume:
        config = resumed_config(type(config), options, argv)
    if options.plan:
        check_shares(config)
    else:
        check_process(config)
    if options.plan or options.fit:
        from training.memory.command import planned

        config = planned(config, options, described(config))
        check_shares(config)
    return config


def check_process(config: TrainConfig) -> None:
    """Set what torch reads when it is imported. UserError where device or files are not here.

    And where several processes were started that cannot share this run among them.
    """
    # How long an idle thread spins before it sleeps. GNU OpenMP's own default makes a step take ten times as long on a
    # machine that does something else besides; sleeping at once makes it half as fast on one that does not.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    # On a GPU: memory that was freed in pieces serves for a longer sequence too.
    os.environ.setdefault("PYTORCH_ALLOC_CONF", "expandable_segments:True")
    devices.check_here(config.device, processes=processes.count_here())
    check_shares(config)
    _check_engine()
    if processes.sharded():
        _check_sharded(config)
    check_installed(config.trackers)
    if config.row_weights and not config.row_weights.is_file():
        raise UserError(f"row_weights: {config.row_weights}: no such file")


def check_shares(config: TrainConfig) -> None:
    """A step is the same however many processes share it: each takes as many of its micro-batches as the others."""
    num = processes.count()
    if config.grad_accum % num == 0:
        return
    per_step = config.micro_batch_size * config.grad_accum
    parts = "1 micro-batch" if config.grad_accum == 1 else f"{config.grad_accum} micro-batches"
    said = f"grad_accum: the {parts} of a step cannot be shared evenly by {num} processes"
    if per_step % num == 0:
        size = max(size for size in range(1, config.micro_batch_size + 1) if per_step // num % size == 0)
        raise UserError(
            f"{said}; the same step in parts that can: --micro_batch_size {size} --grad_accum {per_step // size}"
        )
    raise UserError(
        f"{said}, nor can its {per_step} sequences; start a number of processes that divides them, or change "
        "micro_batch_size and grad_accum, which changes what a step learns from"
    )


def _check_engine() -> None:
    """What `accelerate launch` was told to train with."""
    for engine in ("deepspeed", "megatron_lm"):
        if os.environ.get(f"ACCELERATE_USE_{engine.upper()}", "false").lower() == "true":
            raise UserError(f"accelerate was told to use {engine}, with which nothing is trained here; use FSDP2")
    if processes.sharded() and os.environ.get("FSDP_VERSION", "1") != "2":
        raise UserError("accelerate was told to use the first FSDP; say --fsdp_version 2 (fsdp_version: 2 in a file)")
    if processes.sharded() and processes.count() == 1:
        raise UserError("FSDP shares a model among processes, and one was started; start several (--num_processes 2)")


def _check_sharded(config: TrainConfig) -> None:
    """What is not done where each process holds a part of the weights."""
    if config.optim.kind != "adamw":
        raise UserError(f"optim.kind: {config.optim.kind} needs whole matrices, and FSDP parts them; use adamw")
    if config.adapter and config.adapter.train_embeddings == "tokens":
        raise UserError("adapter.train_embeddings: where FSDP parts weights no single tokens are trained; all or none")
    for key in ("embedding_on_cpu", "head_in_4bit", "offload_checkpoints", "liger"):
        if getattr(config.memory, key):
            raise UserError(f"memory.{key} is for one card, and FSDP parts the weights among several; leave it out")
