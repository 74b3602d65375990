"""The training loop, the only one: accumulate, check, clip, step, log, ask the observers, keep a checkpoint."""

from __future__ import annotations

import enum
import math
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from espalier.checkpoint import Progress
from espalier.console import progress as progress_display
from espalier.console import say
from espalier.errors import UserError
from espalier.interrupts import Interrupts
from espalier.objectives import Batch, Objective
from espalier.run import Run
from espalier.schedule import lr_factor
from espalier.settings import LoopSettings, OptimSettings

_HEARTBEAT_S = 5.0
_POLL_S = 0.5


class Verdict(enum.IntEnum):
    """What an observer wants; of several, the highest counts."""

    CONTINUE = 0
    CHECKPOINT = 1
    PAUSE = 2
    STOP = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What an observer is shown after a step."""

    number: int
    """Steps done, this one included; 0 before the first."""
    last: bool
    """Whether training ends here."""
    model: Any
    """The model, to be left as it was found."""
    loss: float
    """The step's loss in nats per trained token; NaN before the first step."""


Observer = Callable[[Step], Verdict]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How the loop ended."""

    progress: Progress
    """How far it came."""
    exit_code: int | None
    """None when all steps are done; otherwise the code to leave the process with: 130 or 143 after a signal, else 0."""


def make_optimizer(model: torch.nn.Module, settings: OptimSettings) -> torch.optim.AdamW:
    """AdamW over the parameters that are trained; only matrices decay. The fused kernel does a step in one pass."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trained:
        raise UserError("nothing in the model is trained: give it an adapter, or train it in full (adapter: null)")
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": settings.weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=settings.lr,
        betas=settings.betas,
        eps=settings.eps,
        fused=True,
    )


def train(
    *,
    model: Any,
    optimizer: torch.optim.Optimizer,
    objective: Objective,
    batches: Callable[[int], list[Batch]],
    settings: LoopSettings,
    run: Run,
    accelerator: Any,
    progress: Progress,
    observers: Sequence[Observer],
    checkpoint: Callable[[Progress], object],
) -> Outcome:
    """Train from `progress.step` to `settings.steps`.

    `batches(step)` gives the micro-batches of a step, and must depend on nothing else. Raises UserError, before the
    optimizer's step, when loss or gradient is not finite: the last checkpoint is then still good.
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    model.train()
    clock = _Clock(progress)
    with Interrupts() as interrupts, progress_display(settings.steps, run.name, done=progress.step) as display:
        if progress.step == 0:
            _ask(observers, Step(number=0, last=settings.steps == 0, model=model, loss=math.nan))
        while progress.step < settings.steps:
            lr = settings.optim.lr * lr_factor(progress.step, settings.steps, settings.schedule)
            for group in optimizer.param_groups:
                group["lr"] = lr
            micro_batches = [batch.to(accelerator.device) for batch in batches(progress.step)]
            losses: list[torch.Tensor] = []
            for batch in micro_batches:
                waits = accelerator.no_sync(model) if len(losses) + 1 < len(micro_batches) else nullcontext()
                with waits:
                    loss, _ = objective(model, batch)
                    accelerator.backward(loss)
                losses.append(loss.detach())
            norm = accelerator.clip_grad_norm_(parameters, settings.optim.clip)
            *shares, grad_norm = torch.stack([*losses, norm]).tolist()  # the one wait for the device in a step
            if not math.isfinite(sum(shares) + grad_norm):
                raise _not_finite(run, progress.step, shares, micro_batches)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

            progress.step += 1
            progress.tokens += sum(batch.num_tokens for batch in micro_batches)
            progress.window_loss += sum(shares)
            progress.window_steps += 1
            clock.tick(progress)
            last = progress.step == settings.steps
            if progress.step % settings.log_every == 0 or last:
                facts = _close_window(progress) | {"lr": lr, "grad_norm": grad_norm, **clock.facts(progress)}
                run.log(progress.step, facts)
                display.update(progress.step, {"loss": facts["loss"], "tokens/s": facts["tokens_per_second"]})
            if clock.heart_should_beat():
                run.heartbeat(progress.step)

            verdict = _ask(observers, Step(number=progress.step, last=last, model=model, loss=sum(shares)))
            verdict = max(verdict, _CONTROL.get(run.control() or "", Verdict.CONTINUE))
            if interrupts.received is not None:
                verdict = Verdict.STOP
            if last or verdict > Verdict.CONTINUE or progress.step % settings.checkpoint_every == 0:
                checkpoint(progress)
            if verdict is Verdict.PAUSE:
                verdict = _pause(run, progress.step, interrupts)
            if verdict is Verdict.STOP:
                signal = interrupts.received
                return Outcome(progress=progress, exit_code=0 if signal is None else 128 + signal)
    return Outcome(progress=progress, exit_code=None)


_CONTROL = {"checkpoint": Verdict.CHECKPOINT, "pause": Verdict.PAUSE, "stop": Verdict.STOP}


def _ask(observers: Sequence[Observer], step: Step) -> Verdict:
    return max((observer(step) for observer in observers), default=Verdict.CONTINUE)


def _pause(run: Run, step: int, interrupts: Interrupts) -> Verdict:
    """Wait, in a checkpointed state, until someone says resume or stop."""
    say(f"paused at step {step}; go on with: echo resume > {run.folder / 'control'}")
    while interrupts.received is None:
        run.heartbeat(step, "paused")
        word = run.control()
        if word in ("resume", "stop"):
            return Verdict.STOP if word == "stop" else Verdict.CONTINUE
        time.sleep(_POLL_S)
    return Verdict.STOP


def _close_window(progress: Progress) -> dict[str, float]:
    loss = progress.window_loss / progress.window_steps
    progress.window_loss, progress.window_steps = 0.0, 0
    return {"loss": loss}


def _not_finite(run: Run, step: int, shares: list[float], micro_batches: list[Batch]) -> UserError:
    guilty = [b for share, b in zip(shares, micro_batches, strict=True) if not math.isfinite(share)] or micro_batches
    ids = [row_id for batch in guilty for row_id in batch.row_ids()]
    shown = ", ".join(ids[:12]) + (f" and {len(ids) - 12} more" if len(ids) > 12 else "")
    what = "gradient" if math.isfinite(sum(shares)) else "loss"
    return UserError(
        f"run {run.name}: the {what} of step {step + 1} is not finite, so training stopped before using it and the "
        f"last checkpoint is good. It came from the rows {shown}. Look at them, or lower optim.lr under another name"
    )


class _Clock:
    """Speed, and the time to say that the run is alive."""

    def __init__(self, progress: Progress) -> None:
        self._began = time.perf_counter() - progress.seconds
        self._window = (time.perf_counter(), progress.tokens)
        self._beat = 0.0

    def tick(self, progress: Progress) -> None:
        progress.seconds = time.perf_counter() - self._began

    def facts(self, progress: Progress) -> dict[str, float]:
        now = time.perf_counter()
        seconds, tokens = now - self._window[0], progress.tokens - self._window[1]
        self._window = (now, progress.tokens)
        return {"tokens": progress.tokens, "tokens_per_second": tokens / seconds, "seconds": progress.seconds}

    def heart_should_beat(self) -> bool:
        if time.perf_counter() - self._beat < _HEARTBEAT_S:
            return False
        self._beat = time.perf_counter()
        return True
