"""Seconds by step. They are said, or written where the user wants them, and are no part of a mix: no two are alike."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


class Stopwatch:
    """Adds up what each step takes."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        """By step, in the order in which they were first begun."""

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        """Time a step."""
        self.seconds[step] += 0.0
        began = time.perf_counter()
        yield
        self.seconds[step] += time.perf_counter() - began

    def add(self, seconds: Mapping[str, float]) -> None:
        """Count in what another process measured."""
        for step, taken in seconds.items():
            self.seconds[step] += taken

    def write(self, path: Path) -> None:
        """Write them as JSON."""
        rounded = {step: round(taken, 3) for step, taken in self.seconds.items()}
        path.write_text(json.dumps(rounded, indent=2) + "\n", encoding="utf-8")
