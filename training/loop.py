"""The training loop, the only one: accumulate, check, clip, step, log, ask the observers, keep a checkpoint."""

from __future__ import annotations

import gc
import math
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch.distributed.tensor import DTensor

from espalier.artifacts.run import Run
from espalier.command_line import processes
from espalier.command_line.console import duration, say
from espalier.command_line.console import progress as progress_display
from espalier.command_line.interrupts import Interrupts
from espalier.errors import UserError
from training.batches import Batch, Batches, prefetched
from training.checkpoint import Progress
from training.config import LoopSettings
from training.machine import peak_memory_gb
from training.objectives import Facts, Objective
from training.observers import CONTINUE, Action, Observer, Step, Verdict, ask
from training.schedules import lr_factor
from training.together import gathered, on_main, part_again, unwrapped

_HEARTBEAT_S = 5.0
_POLL_S = 0.5
_SHOWN_STEPS, _SHOWN_S = 8, 20.0
"""Steps, or seconds of steps, after which it is told how long the others take; not for less than a minute of them."""
_WORTH_TELLING_S = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How the loop ended."""

    progress: Progress
    """How far it came."""
    exit_code: int | None
    """None when all steps are done; otherwise the code to leave the process with: 130 or 143 after a signal, else 0."""


def train(
    *,
    model: Any,
    optimizer: torch.optim.Optimizer,
    objective: Objective,
    batches: Batches,
    settings: LoopSettings,
    run: Run,
    accelerator: Any,
    progress: Progress,
    observers: Sequence[Observer],
    checkpoint: Callable[[Progress], object],
) -> Outcome:
    """Train from `progress.step` to `settings.steps`.

    Of several processes each takes its own `batches`; all ask the observers and come to checkpoints together, the first
    logs and decides. Raises UserError, before the optimizer's step, when loss or gradient is not finite: the last
    checkpoint is then still good.
    """
    device, plain = accelerator.device, unwrapped(model)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    model.train()
    clock = _Clock(run.name, settings.steps, progress.tokens)
    with (
        Interrupts() as interrupts,
        progress_display(settings.steps, run.name, done=progress.step) as display,
        prefetched(batches, settings.steps, device) as next_batches,
        _frozen_collector(),
    ):
        if progress.step == 0:
            ask(observers, _before_the_first(plain, last=settings.steps == 0))
            part_again(model)
        while progress.step < settings.steps:
            clock.begin()
            share = lr_factor(progress.step, settings.steps, settings.schedule)
            lr = settings.optim.lr * share
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * share
            micro_batches = next_batches(progress.step)
            learned = _learn(model, parameters, objective, micro_batches, accelerator, settings.optim.clip, interrupts)
            if not math.isfinite(learned.loss + learned.grad_norm):
                raise _not_finite(run, progress.step, learned, micro_batches)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            progress.count(learned.loss, learned.facts, num_tokens=learned.num_tokens)
            clock.end(progress)

            last = progress.step == settings.steps
            step = Step(
                number=progress.step,
                last=last,
                model=plain,
                loss=learned.loss,
                grad_norm=learned.grad_norm,
                lr=lr,
                tokens=progress.tokens,
                facts=learned.facts,
            )
            if step.number % settings.log_every == 0 or last:
                line = _line(progress, step, clock.speed(progress.tokens), peak_memory_gb(device.type))
                run.log(step.number, line)
                display.update(step.number, {"loss": line["loss"], "tokens/s": line["tokens_per_second"]})
            if clock.heart_should_beat():
                run.heartbeat(step.number)
            wanted = ask(observers, step)
            part_again(model)
            verdict = on_main(partial(_decide, wanted, run, interrupts, learned.num_interrupted))
            if last or verdict.action > Action.CONTINUE or progress.step % settings.checkpoint_every == 0:
                checkpoint(progress)
            if verdict.reason:
                _tell(run, progress.step, verdict)
            if verdict.action is Action.PAUSE:
                verdict = _pause(run, progress.step, verdict, interrupts)
            if verdict.action is Action.STOP:
                code = on_main(partial(_exit_code, interrupts, learned.num_interrupted))
                return Outcome(progress=progress, exit_code=code)
    return Outcome(progress=progress, exit_code=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Learned:
    """The figures of a step, of all processes together, but for `shares`."""

    loss: float
    shares: list[float]
    """What each micro-batch of this process adds to the loss."""
    grad_norm: float
    facts: dict[str, float]
    num_tokens: int
    num_interrupted: int
    """Processes that were asked by a signal to stop."""


def _learn(
    model: Any,
    parameters: list[torch.nn.Parameter],
    objective: Objective,
    micro_batches: list[Batch],
    accelerator: Any,
    clip: float,
    interrupts: Interrupts,
) -> _Learned:
    """Forward and backward through the micro-batches of a step, and the gradient clipped."""
    losses: list[torch.Tensor] = []
    found: list[Facts] = []
    for batch in micro_batches:
        # Gradients meet once a step, unless they are to be parted: each process would hold those of all weights.
        waits = len(losses) + 1 < len(micro_batches) and not processes.sharded()
        with accelerator.no_sync(model) if waits else nullcontext():
            loss, facts = objective(model, batch)
            # Processes' gradients are averaged, and losses are shares of one mean: they are to add up.
            accelerator.backward(loss * accelerator.num_processes)
        losses.append(loss.detach())
        found.append(facts)
    norm = _whole(accelerator.clip_grad_norm_(parameters, clip))
    means = _means(found)
    if accelerator.num_processes > 1:
        means = {name: accelerator.reduce(value, "mean") for name, value in means.items()}
    # The one wait for the device in a step.
    values = torch.stack([*losses, norm, *means.values()]).tolist()
    shares = values[: len(losses)]
    loss, num_tokens = sum(shares), sum(batch.num_tokens for batch in micro_batches)
    num_interrupted = int(interrupts.received is not None)
    if accelerator.num_processes > 1:
        mine = norm.new_tensor([loss, num_tokens, num_interrupted], dtype=torch.float64)
        loss, num_tokens, num_interrupted = accelerator.reduce(mine, "sum").tolist()
    return _Learned(
        loss=loss,
        shares=shares,
        grad_norm=values[len(losses)],
        facts=dict(zip(means, values[len(losses) + 1 :], strict=True)),
        num_tokens=int(num_tokens),
        num_interrupted=int(num_interrupted),
    )


_CONTROL = {"checkpoint": Action.CHECKPOINT, "pause": Action.PAUSE, "stop": Action.STOP}


def _decide(wanted: Verdict, run: Run, interrupts: Interrupts, num_interrupted: int) -> Verdict:
    """What the observers want, unless the control file or a signal wants more."""
    if interrupts.received is not None or num_interrupted:
        return Verdict(Action.STOP)
    told = _told(run)
    return told if told.action > wanted.action else wanted


def _told(run: Run) -> Verdict:
    """What the words from outside come to, in their order: a pause that is taken back is none."""
    told = CONTINUE
    for word in run.control():
        action = _CONTROL.get(word.name, Action.CONTINUE)
        if action > told.action or (word.name == "resume" and told.action is Action.PAUSE):
            told = Verdict(action, f"the operator said {word}", who="operator")
    return told


_DONE = {Action.CHECKPOINT: "checkpoint", Action.PAUSE: "paused", Action.STOP: "stopped"}


def _tell(run: Run, step: int, verdict: Verdict) -> None:
    said = f"{verdict.action.name.lower()} at step {step}: {verdict.reason}"
    say(said)
    run.happened(step, verdict.who, _DONE.get(verdict.action, "note"), said)


def _pause(run: Run, step: int, verdict: Verdict, interrupts: Interrupts) -> Verdict:
    """Wait, in a checkpointed state, until someone says resume or stop."""
    say(f"paused at step {step}; go on with: espalier resume {run.name}")

    def look() -> Verdict | None:
        if interrupts.received is not None:
            return Verdict(Action.STOP)
        run.heartbeat(step, "paused", verdict.reason)
        words = [word.name for word in run.control() if word.name in ("resume", "stop")]
        if not words:
            return None
        what, action = ("resumed", Action.CONTINUE) if words[-1] == "resume" else ("stopped", Action.STOP)
        run.happened(step, "operator", what, f"{what} at step {step}: the operator said {words[-1]}")
        run.heartbeat(step)
        return Verdict(action)

    while (found := on_main(look)) is None:
        time.sleep(_POLL_S)
    return found


def _exit_code(interrupts: Interrupts, num_interrupted: int) -> int:
    """0 where an observer or a word stopped the run; as after a signal where this process or another received one."""
    if interrupts.received is not None:
        return 128 + interrupts.received
    return 128 + signal.SIGTERM if num_interrupted else 0


def _whole(norm: torch.Tensor) -> torch.Tensor:
    """The norm of a gradient of which each process holds a part."""
    return norm.full_tensor() if isinstance(norm, DTensor) else norm


@contextmanager
def _frozen_collector() -> Iterator[None]:
    """Keep what exists before the loop out of the search for garbage, which would go through all of it every time."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _before_the_first(model: Any, *, last: bool) -> Step:
    unknown = math.nan
    return Step(number=0, last=last, model=model, loss=unknown, grad_norm=unknown, lr=unknown, tokens=0, facts={})


def _line(progress: Progress, step: Step, tokens_per_second: float, peak_memory_gb: float) -> dict[str, float]:
    """What is logged: means over the steps since the last line, and how things stand after this one."""
    return progress.close_window() | {
        "lr": step.lr,
        "grad_norm": step.grad_norm,
        "tokens": step.tokens,
        "tokens_per_second": tokens_per_second,
        "seconds": progress.seconds,
        "peak_memory_gb": peak_memory_gb,
    }


def _means(found: Sequence[Facts]) -> dict[str, torch.Tensor]:
    """Each of the objective's facts, averaged over the micro-batches that have it."""
    names = sorted({name for facts in found for name in facts})
    return {
        name: torch.stack([facts[name].detach().float() for facts in found if name in facts]).mean() for name in names
    }


def _not_finite(run: Run, step: int, learned: _Learned, micro_batches: list[Batch]) -> UserError:
    shares = zip(learned.shares, micro_batches, strict=True)
    guilty = [batch for share, batch in shares if not math.isfinite(share)]
    if not any(gathered(bool(guilty))):
        guilty = micro_batches
    ids = [row_id for found in gathered([row_id for batch in guilty for row_id in batch.row_ids()]) for row_id in found]
    shown = ", ".join(ids[:12]) + (f" and {len(ids) - 12} more" if len(ids) > 12 else "")
    what = "gradient" if math.isfinite(learned.loss) else "loss"
    return UserError(
        f"run {run.name}: the {what} of step {step + 1} is not finite, so training stopped before using it and the "
        f"last checkpoint is good. It came from the rows {shown}. Look at them, or lower optim.lr under another name"
    )


class _Clock:
    """What steps cost, what is between them left out: a pause, a measurement or a checkpoint is no training."""

    def __init__(self, name: str, steps: int, tokens: int) -> None:
        self._name, self._steps = name, steps
        self._begun = self._window_s = 0.0
        self._window_tokens = tokens
        self._beat = 0.0
        self._first: list[float] = []
        self._told = False

    def begin(self) -> None:
        self._begun = time.perf_counter()

    def end(self, progress: Progress) -> None:
        seconds = time.perf_counter() - self._begun
        progress.seconds += seconds
        self._window_s += seconds
        if not self._told:
            self._first.append(seconds)
            self._tell(progress.step)

    def _tell(self, step: int) -> None:
        """What the steps to come will take, once a few have shown it; the first one also warms up."""
        shown = self._first[1:]
        if len(shown) < _SHOWN_STEPS and not (shown and sum(self._first) > _SHOWN_S):
            return
        self._told = True
        per_step, left = sorted(shown)[len(shown) // 2], self._steps - step
        if left > 0 and per_step * left > _WORTH_TELLING_S:
            takes = duration(per_step * left)
            say(f"{self._name}: {per_step:.2g} s a step, so that the {left:,} steps left take about {takes}")

    def speed(self, tokens: int) -> float:
        """Tokens per second since this was last asked; `tokens` are those read so far."""
        speed = (tokens - self._window_tokens) / self._window_s if self._window_s else 0.0
        self._window_s, self._window_tokens = 0.0, tokens
        return speed

    def heart_should_beat(self) -> bool:
        if time.perf_counter() - self._beat < _HEARTBEAT_S:
            return False
        self._beat = time.perf_counter()
        return True
