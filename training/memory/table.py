"""A plan as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from espalier.command_line.console import duration, say, table
from training.config import START, TrainConfig
from training.memory import work
from training.memory.fit import Fitting, Rung
from training.memory.plan import Plan
from training.memory.shapes import Shape
from training.memory.sizes import GIB, shown

_SMALL = 1 / 500
"""Lines of a smaller share than this are summed up as one."""


def say_plan(plan: Plan, shape: Shape, config: TrainConfig, dtype: str) -> None:
    """Where memory goes at the peak, and what each moment of a step takes."""
    say(
        f"plan of {config.name}: {shape.kind}, {shape.parameters / 1e6:,.1f} million parameters; "
        f"{config.micro_batch_size} x {config.seq_len:,} tokens on {plan.device}, {dtype}"
    )
    if config.compile == "layers":
        say("    layers are planned as they compute uncompiled; what compiled ones keep is not planned apart")
    if plan.device == "cpu":
        say("    of tensors in use: the C library keeps much of what is freed, as much again and more in some runs")
    unit, name = (GIB, "GiB") if plan.total >= GIB else (GIB // 1024, "MiB")
    lines = [*plan.peak.lines, *plan.around]
    least = _SMALL * plan.total
    listed = [[line.name, line.size / unit] for line in lines if line.size >= least]
    rest = sum(line.size for line in lines if line.size < least)
    _table(
        (f"at the peak, in the {plan.peak.name}", name), [*listed, ["the rest", rest / unit], ["", plan.total / unit]]
    )
    say()
    _table(("moments of a step", f"{name} of tensors"), [[moment.name, moment.size / unit] for moment in plan.moments])
    for line in plan.host:
        say(f"in host memory instead: {line.name}, {shown(line.size)}")


def say_verdict(fitting: Fitting, config: TrainConfig, where: str) -> None:
    """Whether it fits, and if not, what to turn on. UserError where it is smaller than the smallest plan."""
    plan = fitting.plan(config)
    limit = fitting.shape.max_positions
    if plan.total <= fitting.memory:
        longest = fitting.longest(config, max(limit or 0, config.seq_len), with_switches=False)
        say(f"it fits in {where} ({shown(fitting.memory)}); so would sequences of up to {longest:,} tokens")
        return
    if not fitting.fits(fitting.smallest(config)):
        raise fitting.too_small(config)
    rungs = fitting.ladder(config)
    say(f"it does not fit in {where}: {shown(plan.total - fitting.memory)} too much. Turn on, in this order:")
    _table(("switch", "saves GiB", "then GiB", "costs time (by arithmetic)"), list(_ladder(rungs)))
    last = rungs[-1].config if rungs else config
    if rungs and rungs[-1].plan.total <= fitting.memory:
        say("with these it fits; --fit turns on what is needed by itself")
        return
    longest = fitting.longest(last, config.seq_len, with_switches=False)
    say(f"that is not enough: with all of them, sequences of up to {longest:,} tokens fit (seq_len: {longest})")


def _ladder(rungs: Sequence[Rung]) -> Iterable[list[object]]:
    for rung in rungs:
        yield [rung.switch.name, rung.saved / GIB, rung.plan.total / GIB, rung.switch.cost]


def say_work(shape: Shape, config: TrainConfig, device: str) -> None:
    """Tokens, steps, epochs, seconds where they are known, and bytes on the disk."""
    per_step = config.seq_len * config.micro_batch_size * config.grad_accum
    tokens = config.steps * per_step
    counts = work.packed(config)
    sequences = counts["sequences"] if counts else None
    said = f"time: {config.steps:,} steps of up to {per_step:,} tokens, {tokens:,} in all"
    if sequences:
        epochs = config.steps * config.micro_batch_size * config.grad_accum / sequences
        said += f", {epochs:.2f} epochs of the {sequences:,} sequences that a pack of this mix has"
    else:
        said += "; epochs are known when the mix is packed"
    say(said)
    for name in dict.fromkeys(config.compared_with.values()):
        who = "what the run begins as" if name == START else f"{name}, loaded alone before the model,"
        say(f"    before the first step {who} is asked once what it gives: one forward pass over the pack")
    measured = work.measured_speed(config, device)
    if measured:
        speed, run = measured
        say(f"    {duration(tokens / speed)} at {speed:,.0f} tokens/s, the speed of run {run}, which computed alike")
    else:
        say("    no run here computed alike, so tokens/s are not known; the first steps will tell")
    disk = work.on_disk(shape, config, sequences)
    say(
        f"disk: {shown(disk.checkpoint)} a checkpoint, {shown(disk.checkpoints)} with those kept "
        f"(keep_checkpoints {config.keep_checkpoints}), {shown(disk.final)} of final weights"
        + (f", {shown(disk.pack)} of packed rows" if disk.pack else "")
    )


def say_choice(before: TrainConfig, chosen: TrainConfig, why: str) -> None:
    """What --fit has changed."""
    say(f"--fit chose, of sequences up to {why}:")
    changes = list(differences(before, chosen))
    for key, value in changes:
        say(f"    {key}: {value}")
    if not changes:
        say("    what was configured")


def differences(before: TrainConfig, chosen: TrainConfig) -> Iterable[tuple[str, object]]:
    """The keys that a choice changed, with their new values."""
    was, now = before.model_dump(mode="json"), chosen.model_dump(mode="json")
    for key in now:
        if isinstance(now[key], dict) and isinstance(was[key], dict):
            yield from ((f"{key}.{inner}", now[key][inner]) for inner in now[key] if now[key][inner] != was[key][inner])
        elif now[key] != was[key]:
            yield key, now[key]


def _table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    table(headers, [[f"{value:.2f}" if isinstance(value, float) else value for value in row] for row in rows])
