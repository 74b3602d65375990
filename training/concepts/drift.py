"""How far a concept has drifted while its model is trained."""

from __future__ import annotations

from typing import Any

import torch

from espalier.artifacts.run import Run
from training.concepts.concept import Concept, label_said
from training.concepts.states import measure_states, readers_of, within
from training.observers import CONTINUE, Step, Verdict


class Drift:
    """The observer that measures it, before the first step, every so often and after the last."""

    def __init__(self, name: str, concept: Concept, every: int, run: Run) -> None:
        self._name, self._concept, self._every, self._run = name, concept, every, run

    def __call__(self, step: Step) -> Verdict:
        if step.last or (self._every and step.number % self._every == 0):
            found = measure_drift(step.model, self._concept)
            self._run.log(step.number, {f"{self._name}_{what}": value for what, value in found.items()})
        return CONTINUE


def measure_drift(model: Any, concept: Concept) -> dict[str, float]:
    """How far its examples are from where they were, as figures.

    drift_LAYER   root of the mean square by which they moved in the subspace, over that by which they lay around their
                  middle there: 1 is as far as they are from one another
    told          share of the examples of which the words likeliest to follow are of the label that they were of
    """
    output = len(readers_of(model)) - 1
    layers = sorted({*concept.bases, *(() if concept.words is None else (output,))})
    states = measure_states(model, concept.examples, layers)
    now = within({layer: states[layer] for layer in concept.bases}, concept.bases)
    found = {
        f"drift_{layer}": (float((now[layer] - was).pow(2).sum(1).mean()) / concept.spread(layer)) ** 0.5
        for layer, was in concept.was.items()
    }
    if concept.words is not None and concept.said is not None:
        same = torch.eq(label_said(model, states[output], concept.words), concept.said)
        found["told"] = float(same.float().mean())
    return found
