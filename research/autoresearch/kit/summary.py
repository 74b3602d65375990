"""What a training prints at its end, one figure a line, so that a person, `grep` and the loop read the same."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

BEGIN = "---"
_NUMBER = re.compile(r"\d{1,20}(\.\d{1,20})?")
_DECIMALS = {"val_bpb": 6, "route_accuracy": 6, "training_seconds": 2, "total_seconds": 2, "peak_vram_mb": 1}
_COUNTS = ("total_tokens", "num_steps", "num_params")


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The figures, as the training claims them: only the evaluator's are to be trusted."""

    task: str
    """language or mazes."""
    val_bpb: float | None = None
    """The lower the better; None before the evaluator has said it."""
    route_accuracy: float | None = None
    """Of mazes, besides: the share of whole routes that are right."""
    training_seconds: float
    """From the budget's start to the end of the last step."""
    total_seconds: float
    """From the command's beginning, with imports, building and what follows the training."""
    peak_vram_mb: float
    """The most memory in use: of the GPU, or of the process where there is none."""
    memory_of: Literal["gpu", "process"]
    """Which of them."""
    total_tokens: int
    """Bytes (or pixels, or moves: what the task's training counts) that were trained on."""
    num_steps: int
    """Steps of the optimizer."""
    num_params: int
    """Parameters of the model."""


def print_summary(summary: Summary) -> None:
    """Print it, behind a line of its own."""
    lines = [BEGIN, f"task={summary.task}"]
    for name, value in asdict(summary).items():
        if name != "task" and value is not None:
            shown = f"{value:.{_DECIMALS[name]}f}" if name in _DECIMALS else str(value)
            lines.append(f"{name + ':':<18}{shown}")
    print("\n".join(lines), flush=True)


def read_summary(text: str) -> Summary | None:
    """The last summary in what was printed; None where there is none, or none that is whole.

    Whoever printed it may have meant to deceive: a figure that is no finite number from 0 on, or that stands twice,
    makes it none.
    """
    _, found, block = f"\n{text}".replace("\r\n", "\n").rpartition(f"\n{BEGIN}\n")
    if not found:
        return None
    values: dict[str, str] = {}
    for line in block.splitlines():
        name, sign, value = line.partition("=" if line.startswith("task=") else ":")
        if sign and name in _FIELDS:
            if name in values:
                return None
            values[name] = value.strip()
    if not values.keys() >= _FIELDS - {"val_bpb", "route_accuracy"} or values["memory_of"] not in ("gpu", "process"):
        return None
    figures: dict[str, float | int] = {}
    for name in values.keys() - {"task", "memory_of"}:
        if not _NUMBER.fullmatch(values[name]) or (name in _COUNTS and "." in values[name]):
            return None
        figures[name] = int(values[name]) if name in _COUNTS else float(values[name])
    return Summary(task=values["task"], memory_of=values["memory_of"], **figures)  # type: ignore[arg-type]


_FIELDS = frozenset(field.name for field in fields(Summary))


def peak_memory_mb(device: str) -> tuple[float, Literal["gpu", "process"]]:
    """The most memory that was in use so far, in MiB, and whose it is."""
    if device != "cpu":
        import torch

        return torch.cuda.max_memory_allocated() / 2**20, "gpu"
    return _peak_of_process(), "process"


def _peak_of_process() -> float:
    # The kernel hands a parent's ru_maxrss on to a command that it starts, so that VmHWM is asked first.
    try:
        told = re.search(r"^VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        told = None
    if told:
        return int(told[1]) / 1024
    import resource
    import sys

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
