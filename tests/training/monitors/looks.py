"""What a monitor is shown, made by hand: looks, a history that remembers signals, a model by heart."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from data_mix.packing.pack import Pack, open_packs
from espalier.artifacts import records
from espalier.errors import UserError
from espalier.signals.records import Dialogue, Said, Signal, Turn
from espalier.text.rows import Row, write_rows
from tests import tiny
from training.config import TrainConfig
from training.monitors.base import Look, Monitor
from training.observers import Step

RENDERER = tiny.renderer()


class Remembered:
    """A history in memory."""

    def __init__(self) -> None:
        self.signals: list[tuple[int, str, Signal]] = []

    def series(self, name: str) -> list[tuple[int, float]]:
        return [(step, each.value) for step, key, each in self.signals if key == name and each.value is not None]

    def kept(self, name: str) -> list[tuple[int, Mapping[str, Any]]]:
        return [(step, each.evidence) for step, key, each in self.signals if key == name and each.evidence]


def config(**changes: Any) -> TrainConfig:
    return TrainConfig(**{"name": "r", "mix": "m", "parent": "p", "steps": 1000} | changes)


def look(step: int, history: Remembered, **shown: Any) -> Look:
    facts: dict[str, Any] = {
        "renderer": RENDERER,
        "as_chat": True,
        "answers": [],
        "dialogues": [],
        "packs": {},
        "config": config(),
        "history": history,
        "seed": step,
    }
    model = shown.pop("model", None)
    taken = Step(number=step, last=False, model=model, loss=1.0, grad_norm=1.0, lr=0.1, tokens=100 * step, facts={})
    return Look(step=taken, **facts | shown)


def watch(monitor: Monitor, name: str, looks: Iterable[Mapping[str, Any]], every: int = 100) -> list[dict[str, Signal]]:
    """The signals of each look, by name; one look every so many steps, the first before the first step."""
    history = Remembered()
    found = []
    for number, shown in enumerate(looks):
        signals = list(monitor.look(look(number * every, history, **shown)))
        history.signals += [(number * every, f"{name}.{signal.name}", signal) for signal in signals]
        found.append({signal.name: signal for signal in signals})
    return found


def said(reply: str, asked: str = "Hello!", system: str | None = None) -> Said:
    return Said(asked=asked, reply=reply, finish="stop", prompt=0, system=system)


def dialogue(*turns: str, opening: str = "Hello!") -> Dialogue:
    """A dialogue of which the model wrote all but the opening."""
    spoken = [
        Turn(role="assistant" if place % 2 == 0 else "user", said=turn, finish="stop")
        for place, turn in enumerate(turns)
    ]
    return Dialogue(turns=[Turn(role="user", said=opening, finish="given"), *spoken])


def packs(folder: Path, train: Sequence[Row], valid: Sequence[Row] = (), seq_len: int = 64) -> dict[str, Pack]:
    folder.mkdir()
    for split, rows in (("train", train), ("valid", valid)):
        if rows:
            write_rows(folder / f"{split}.parquet", list(rows))
    records.write_manifest(folder, {})
    return open_packs(folder, RENDERER, seq_len=seq_len, rows="all", long_rows="drop")[0]


class Recalling(torch.nn.Module):
    """A model that knows texts by heart: it goes on as they did after the longest end of what it reads."""

    def __init__(self, texts: Iterable[str | Sequence[int]], *, context: int = 64) -> None:
        super().__init__()
        self.config, self._context = tiny.model().config, context
        self._size = torch.nn.Parameter(torch.tensor(float(len(RENDERER.tokenizer))))
        self._next: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        known = list(texts)
        prompts = iter(RENDERER.prompts([text for text in known if isinstance(text, str)]))
        for text in known:
            ids = next(prompts) if isinstance(text, str) else text
            assert not isinstance(ids, UserError)
            for place in range(1, len(ids)):
                for begin in range(max(0, place - context), place + 1):
                    self._next[tuple(ids[begin:place])][ids[place]] += 1

    def forward(self, input_ids: torch.Tensor, use_cache: bool) -> SimpleNamespace:
        return SimpleNamespace(logits=torch.stack([self._logits(row) for row in input_ids.tolist()]))

    def _logits(self, row: list[int]) -> torch.Tensor:
        share = torch.full((len(row), len(RENDERER.tokenizer)), 0.1 / len(RENDERER.tokenizer))
        for place in range(len(row)):
            begins = range(max(0, place + 1 - self._context), place + 2)
            counts = next(self._next[key] for begin in begins if (key := tuple(row[begin : place + 1])) in self._next)
            for token, count in counts.items():
                share[place, token] += 0.9 * count / counts.total()
        return share.log()
