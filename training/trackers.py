"""Trackers: the figures of `metrics.jsonl` in TensorBoard, W&B or trackio too, through accelerate.

They watch and change nothing. One that fails in the middle of a run is left out from there on, and that is said; one
that cannot begin is told before anything is trained. A run that goes on goes on in them: what was shown before it was
interrupted is not shown again, for the same steps give the same figures.
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
import os
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from espalier.artifacts import records
from espalier.artifacts.run import Run
from espalier.command_line.console import say
from espalier.errors import UserError

_PROJECT = "espalier"


def check_installed(names: Sequence[str]) -> None:
    """UserError for a tracker whose package is not here."""
    for name in names:
        if importlib.util.find_spec(name) is None:
            raise UserError(f"trackers: {name} is not installed; pip install {name}, or leave it out")


class Trackers:
    """The trackers of a run, begun; they are shown what it logs until `finish`."""

    def __init__(self, names: Sequence[str], run: Run) -> None:
        """UserError where one cannot begin: nobody is logged in, or it does not answer."""
        self._began = records.read_json(run.folder / "run.json")
        metrics = run.folder / "metrics.jsonl"
        rows = records.read_jsonl(metrics) if metrics.exists() else ()
        self._shown = max((row["step"] for row in rows), default=-1)
        self._left = {name: self._begin(name, run) for name in names}
        run.listeners.append(self.show)

    def _begin(self, name: str, run: Run) -> Any:
        from accelerate.tracking import LOGGER_TYPE_TO_CLASS

        make = LOGGER_TYPE_TO_CLASS[name]
        if name == "tensorboard":
            tracker = make("tensorboard", run.folder)
        else:
            tracker = make(
                os.environ.get("WANDB_PROJECT", _PROJECT) if name == "wandb" else _PROJECT,
                **self._how(name, run.folder),
            )
        try:
            with _no_questions(), _randomness_kept():
                tracker.start()
                if not run.resumed:
                    tracker.store_init_configuration(_plain(self._began["config"]))
        except Exception as error:  # whatever a package of others says
            advice = "; wandb login, or WANDB_MODE=offline" if name == "wandb" else ""
            raise UserError(f"trackers: {name} cannot begin ({_reason(error)}){advice}, or leave it out") from error
        return tracker

    def _how(self, name: str, folder: Path) -> dict[str, Any]:
        """By what the tracker knows the run again, and what it is not to look at."""
        if name == "trackio":
            return {"name": self._began["name"], "resume": "allow", "embed": False, "auto_log_gpu": False}
        known_by = f"{self._began['name']} {self._began['created']}"
        return {
            "name": self._began["name"],
            "id": hashlib.sha256(known_by.encode()).hexdigest()[:16],
            "resume": "allow",
            "dir": os.environ.get("WANDB_DIR", str(folder)),
            "settings": {"console": "off", "disable_git": True, "save_code": False, "silent": True},
        }

    def show(self, step: int, facts: Mapping[str, Any]) -> None:
        """The figures of a step, to all that still listen."""
        figures = {
            name: value for name, value in facts.items() if isinstance(value, int | float) and math.isfinite(value)
        }
        if step <= self._shown or not figures:
            return
        for name, tracker in list(self._left.items()):
            try:
                tracker.log(figures, step=step)
            except Exception as error:
                self._leave_out(name, error)

    def finish(self) -> None:
        """Let them write what they still hold."""
        for name, tracker in list(self._left.items()):
            try:
                tracker.finish()
            except Exception as error:
                self._leave_out(name, error)
        self._left.clear()

    def _leave_out(self, name: str, error: Exception) -> None:
        del self._left[name]
        say(f"note: {name} failed and is shown nothing from here on ({_reason(error)}); metrics.jsonl has everything")


@contextmanager
def tracked(names: Sequence[str], run: Run) -> Iterator[None]:
    """Within, what the run logs is shown to the trackers called so."""
    if not names:
        yield
        return
    trackers = Trackers(names, run)
    try:
        yield
    finally:
        trackers.finish()


@contextmanager
def _no_questions() -> Iterator[None]:
    """Within, nobody can be asked: a package that wants a key says so instead of waiting for one."""
    asked = sys.stdin
    with open(os.devnull) as sys.stdin:
        try:
            yield
        finally:
            sys.stdin = asked


@contextmanager
def _randomness_kept() -> Iterator[None]:
    """Within, draws are taken back: a package that makes up a name would move what a checkpoint keeps."""
    import numpy as np

    python, numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


def _plain(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"optim.lr": 0.004}`: one level, of what every tracker takes."""
    plain: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            plain |= _plain(value, f"{prefix}{name}.")
        else:
            plain[prefix + name] = value if isinstance(value, bool | int | float | str) else str(value)
    return plain


def _reason(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
