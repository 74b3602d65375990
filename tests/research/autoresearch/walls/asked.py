"""An asker whose model is a function here: what the evaluator makes of answers, without a sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Answer = Callable[[NDArray[np.uint8], str], NDArray[np.float64]]
"""Windows (B, T) and the kind of question, to natural log-probabilities (B, T, 256)."""


class FakeAsker:
    """Answers as `answering.py` does, by a function."""

    def __init__(self, folder: Path, answer: Answer, context: int = 16, later_context: int | None = None) -> None:
        self.folder, self.answer, self.context = folder, answer, context
        self.later_context = later_context or context
        self.asked: list[tuple[str, bytes, Mapping[str, Any]]] = []

    @contextmanager
    def ask(self, kind: str, inputs: bytes, **request: Any) -> Iterator[tuple[Mapping[str, Any], Path]]:
        self.asked.append((kind, inputs, request))
        path = self.folder / f"{len(self.asked)}.bin"
        text = np.frombuffer(inputs, np.uint8)
        if kind == "whole":
            windows = [text[start : start + self.context][None] for start in range(0, len(text), self.context)]
            rows = [self.answer(window, kind)[0] for window in windows]
        else:
            ends = np.cumsum(request["lengths"])
            prefixes = [text[end - length : end][None] for end, length in zip(ends, request["lengths"], strict=True)]
            rows = [self.answer(prefix, kind)[0, -1:] for prefix in prefixes]
        np.concatenate(rows).astype("<f4").tofile(path)
        yield {"context": self.context if kind == "whole" else self.later_context}, path
