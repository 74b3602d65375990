"""Metrics of one's own: `--metrics my.py`, a Python file with functions under `@metric` or `@dialogue_metric`.

    from evaluation.metrics.base import metric

    @metric("says please", better="neither")
    def polite(case, reply):
        \"\"\"The word please stands in the reply.\"\"\"
        return float("please" in reply.text.lower())  # or Score(1.0, "why"), which says what decided it

The file is run as it stands, with all that it imports: it is the user's own code, named on the command line. Nothing
else ever runs code that comes with a suite, a model or a corpus.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from espalier.errors import UserError
from evaluation.cases.case import Case
from evaluation.metrics.base import DialogueMetric, Metric, Score
from evaluation.scoring.columns import known_columns


def load_metrics(paths: Sequence[Path | str]) -> dict[str, Metric | DialogueMetric]:
    """The metrics that the files define, by name. An exception that one of them raises later is a UserError, too.

    UserError names file and line of a file that is not there, is no Python, fails when it is run, has no metric, or
    gives one a name that is taken.
    """
    found: dict[str, Metric | DialogueMetric] = {}
    builtin = known_columns()
    for path in map(Path, paths):
        theirs = [
            value
            for value in vars(_run(path)).values()
            if isinstance(value, Metric | DialogueMetric) and builtin.get(value.name) is not value
        ]
        if not theirs:
            raise UserError(f"{path}: no metric in it; write a function of (case, reply) under @metric")
        for metric in theirs:
            if metric.name in builtin or metric.name in found:
                raise UserError(f"{path}:{_first_line(metric)}: the name {metric.name} is taken; choose another")
            found[metric.name] = _watched(metric, path)
    return found


def _run(path: Path) -> ModuleType:
    name = f"own_metrics_{path.stem}"
    loader = _Loader(name, str(path))
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    if spec is None or not path.is_file():
        raise UserError(f"{path}: no such file; --metrics wants a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and typing look it up
    try:
        loader.exec_module(module)
    except SyntaxError as error:
        raise UserError(f"{error.filename or path}:{error.lineno or 1}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        raise UserError(f"{path}:{_line(error, path) or 1}: {type(error).__name__}: {error}") from error
    return module


class _Loader(SourceFileLoader):
    def set_data(self, path: str, data: Any, *, _mode: int = 0o666) -> None:
        """Leaves no `__pycache__` beside the user's file."""


def _watched(metric: Metric | DialogueMetric, path: Path) -> Metric | DialogueMetric:
    """The metric, but that what goes wrong in it is said in one line."""

    def measure(case: Case, answered: Any) -> Score:
        try:
            return metric(case, answered)
        except Exception as error:
            where = f"{path}:{_line(error, path) or _first_line(metric)}"
            what = f"{type(error).__name__}: {error}"
            raise UserError(f"{where}: metric {metric.name} fails on case {case.name}: {what}") from error

    return replace(metric, measure=measure)


def _line(error: BaseException, path: Path) -> int | None:
    """The last line of the user's file on the way to the error."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return lines[-1] if lines else None


def _first_line(metric: Metric | DialogueMetric) -> int:
    code = getattr(metric.measure, "__code__", None)  # a callable need not be a function
    return code.co_firstlineno if code else 1
