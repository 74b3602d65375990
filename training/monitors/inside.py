"""Inside: where in its layers the model holds what words are, measured by probes over a few hundred words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from espalier.command_line.config import Config
from espalier.signals.records import Signal
from training.config import TrainConfig
from training.monitors.base import Look, Measured, MonitorKind
from training.probing.material import Marked, labelled
from training.probing.probes import probe
from training.probing.record import as_picture, best_layer


class InsideSettings(Config):
    """How much the probes look at."""

    sentences: Annotated[int, Field(ge=40)] = 250
    """Sentences of the curriculum whose words are probed."""
    texts: Annotated[int, Field(ge=10)] = 40
    """Sessions, and chats, of the curriculum in which is probed who speaks."""


class Inside:
    """Reads the same words off at every look, so that its figures can be compared over steps."""

    def __init__(self, config: TrainConfig, settings: InsideSettings) -> None:
        self._settings = settings
        self._marked: list[Marked] = []

    def look(self, look: Look) -> Iterator[Signal | Measured]:
        """By task how well it is read off at its best layer, and all of it for pictures over steps."""
        if not self._marked:
            texts = self._settings.texts
            self._marked = labelled(sentences=self._settings.sentences, sessions=texts, dialogues=texts)
        found = probe(look.step.model, look.renderer, self._marked)
        picture = as_picture(found)
        yield Measured(what="probes", value=picture)
        for task in picture[0]:
            layer = best_layer(picture, task)
            best = picture[layer][task]
            evidence = {"layer": layer, **{key: best[key] for key in ("accuracy", "control", "tells")}}
            yield Signal(name=f"{task}.selectivity", value=best["selectivity"], evidence=evidence)


MONITOR = MonitorKind(
    name="inside",
    looks_at="in which layers probes find what words are, beside what they find of random labels",
    evidence="the layer where a task is read off best, with its accuracy and its control's",
    make=Inside,
    every=10,
    in_all=False,
    settings=InsideSettings,
)
