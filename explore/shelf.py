"""The models that can be talked to, looked up when they are asked: checkpoints come and go while a run trains."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psutil
import torch

from espalier.errors import UserError
from espalier.models.pool import Placement, Pool
from espalier.models.references import ModelRef, resolve
from espalier.serving.family import Family, Served, serve_as
from espalier.serving.request import Refusal
from espalier.text.chat_template import read_template

_TRIES = 3
"""Times that the newest checkpoint is looked for, where a newer one takes its place meanwhile."""
_IN_MEMORY = 2
"""Models at once: two can be compared without loading them anew for each word."""


class Shelf(Family):
    """The models of a page. What was asked for last stays in memory."""

    def __init__(
        self,
        references: Callable[[], dict[str, str]],
        placement: Placement,
        *,
        beside_training: Callable[[], bool],
        threads: int | None = None,
    ) -> None:
        """`references` says what there is, by name; `beside_training`, whether a training is to be left the card, and
        the processors but one thread of them, unless `threads` says how many a model may take."""
        super().__init__({}, placement, Pool())
        self.served: dict[str, Served] = {}
        self._references, self._beside_training, self._threads = references, beside_training, threads
        self._template = read_template(placement.chat_template) if placement.chat_template else None
        self._loaded: list[tuple[ModelRef, Placement]] = []
        self._looking_up = threading.Lock()

    def take(self, name: str) -> Served:
        """The model of that name as it is now, in memory. Refusal where there is none; UserError where it is of no use.

        Its hashes are compared, so that a checkpoint that was made anew under its name is not taken for the former.
        """
        for attempt in range(_TRIES):
            try:
                served = self.find(name)
                with self.at_work:  # loaded here and not by the thread that writes, which gives way to a training
                    self.model(name)
                return served
            except (UserError, OSError):  # a training removes old checkpoints, maybe while one is read
                if attempt + 1 == _TRIES or not self._beside_training():
                    raise
        raise AssertionError

    def find(self, name: str) -> Served:
        """The same, but not yet in memory."""
        reference = self._references().get(name)
        if reference is None:
            raise Refusal(404, f"no model {name!r} is here any more", param="model", code="model_not_found")
        with self._looking_up:
            ref = resolve(reference, unfinished=True)
            known = self.served.get(name)
            if known is None or known.ref != ref:
                self.served[name] = serve_as(name, ref, self._where, self._template)
            return self.served[name]

    def model(self, name: str) -> Any:
        """The weights that answer for a name that was taken. To be called by who holds `at_work`."""
        wanted = self.served[name].ref, self._where
        if wanted in self._loaded:
            self._loaded.remove(wanted)
        else:
            self._pool.join(*wanted)
        self._loaded.append(wanted)
        while len(self._loaded) > _IN_MEMORY:
            self._pool.leave(*self._loaded.pop(0))
        usual = psutil.cpu_count(logical=False) or 1
        torch.set_num_threads(self._threads or (1 if self._beside_training() else usual))
        return self._pool.model(*wanted)

    @property
    def _where(self) -> Placement:
        aside = self._placement.device == "auto" and self._beside_training()
        return replace(self._placement, device="cpu") if aside else self._placement
