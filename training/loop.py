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

from espalier.artifacts.run import Run
from espalier.command_line.console import duration, say
from espalier.command_line.console import progress as progress_display
from espalier.command_line.interrupts import Interrupts
from espalier.errors import UserError
from training.checkpoint import Progress
from training.objectives import Batch, Facts, Objective
from training.schedules import lr_factor
from training.settings import LoopSettings, OptimSettings

_HEARTBEAT_S = 5.0
_POLL_S = 0.5
_SHOWN_STEPS, _SHOWN_S = 8, 20.0
"""Steps, or seconds of steps, after which it is told how long the others take; not for less than a minute of them."""
_WORTH_TELLING_S = 60.0


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
    clock = _Clock(run.name, settings.steps, progress.tokens)
    with Interrupts() as interrupts, progress_display(settings.steps, run.name, done=progress.step) as display:
        if progress.step == 0:
            _ask(observers, Step(number=0, last=settings.steps == 0, model=model, loss=math.nan))
        while progress.step < settings.steps:
            clock.begin()
            lr = settings.optim.lr * lr_factor(progress.step, settings.steps, settings.schedule)
            for group in optimizer.param_groups:
                group["lr"] = lr
            micro_batches = [batch.to(accelerator.device) for batch in batches(progress.step)]
            losses: list[torch.Tensor] = []
            found: list[Facts] = []
            for batch in micro_batches:
                waits = accelerator.no_sync(model) if len(losses) + 1 < len(micro_batches) else nullcontext()
                with waits:
                    loss, facts_of_batch = objective(model, batch)
                    accelerator.backward(loss)
                losses.append(loss.detach())
                found.append(facts_of_batch)
            norm = accelerator.clip_grad_norm_(parameters, settings.optim.clip)
            means = _means(found)
            # The one wait for the device in a step.
            values = torch.stack([*losses, norm, *means.values()]).tolist()
            shares, grad_norm = values[: len(losses)], values[len(losses)]
            if not math.isfinite(sum(shares) + grad_norm):
                raise _not_finite(run, progress.step, shares, micro_batches)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

            progress.step += 1
            progress.tokens += sum(batch.num_tokens for batch in micro_batches)
            progress.window_loss += sum(shares)
            progress.window_steps += 1
            for name, value in zip(means, values[len(losses) + 1 :], strict=True):
                progress.window_facts[name] = progress.window_facts.get(name, 0.0) + value
            clock.end(progress)
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


def _means(found: Sequence[Facts]) -> Facts:
    """Each of the objective's facts, averaged over the micro-batches that have it."""
    names = sorted({name for facts in found for name in facts})
    return {
        name: torch.stack([facts[name].detach().float() for facts in found if name in facts]).mean() for name in names
    }


def _close_window(progress: Progress) -> dict[str, float]:
    """Means over the steps since the last line: the loss, and the objective's facts."""
    sums = {"loss": progress.window_loss, **progress.window_facts}
    means = {name: value / progress.window_steps for name, value in sums.items()}
    progress.window_loss, progress.window_steps, progress.window_facts = 0.0, 0, {}
    return means


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

    def facts(self, progress: Progress) -> dict[str, float]:
        """Tokens and speed since this was last asked."""
        tokens = progress.tokens - self._window_tokens
        speed = tokens / self._window_s if self._window_s else 0.0
        self._window_s, self._window_tokens = 0.0, progress.tokens
        return {"tokens": progress.tokens, "tokens_per_second": speed, "seconds": progress.seconds}

    def heart_should_beat(self) -> bool:
        if time.perf_counter() - self._beat < _HEARTBEAT_S:
            return False
        self._beat = time.perf_counter()
        return True
