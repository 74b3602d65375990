"""Concepts kept while a model is trained: what of its weights stays, and what its examples are held to.

Three things hold a concept in a layer. What writes into its subspace and what reads it stays (`guards.Part`). No
gradient goes through it (`guards.block`), so that nothing below is trained to change it. And because the rest of what
is learned moves it all the same, a few of its examples are held to what lay there before, at every step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from data_mix.packing.pack import Pack
from espalier.artifacts import records
from espalier.artifacts.run import Run
from espalier.command_line import processes
from espalier.command_line.console import say
from espalier.errors import UserError
from espalier.models.compiling import eager
from espalier.text.chat import ChatRenderer
from training.batches import Batch, Batches
from training.concepts import concept as concepts
from training.concepts.concept import Concept
from training.concepts.drift import Drift
from training.concepts.guards import Part, block
from training.concepts.places import Places, joined, parts_of
from training.concepts.states import readers_of, states_at, still
from training.config import TrainConfig
from training.objectives import Facts, Objective
from training.observers import Observer
from training.together import on_main, unwrapped

Tensor = torch.Tensor
FOLDER = "concepts"


def protect(model: Any, config: TrainConfig, renderer: ChatRenderer, pack: Pack, run: Run) -> Protection:
    """Keep the concepts of a configuration in `model`, which stands where the run begins.

    What is found is kept in the run, and found there again when it goes on. UserError where a concept cannot be kept.
    """
    assert config.protect
    _check(config)
    places = Places(unwrapped(model))
    folder = run.folder / FOLDER

    def find() -> None:
        if folder.exists():
            return
        made = {
            each.name: concepts.find(each, model, renderer, pack, config.seq_len, config.seed)
            for each in config.protect or ()
        }
        with records.staging(folder) as temporary:
            for name, concept in made.items():
                concepts.save(concept, temporary / f"{name}.safetensors")

    on_main(find)
    found = {each.name: concepts.load(folder / f"{each.name}.safetensors") for each in config.protect}
    for name, concept in found.items():
        ranks = ", ".join(f"{layer}: {basis.shape[1]}" for layer, basis in concept.bases.items())
        say(f"protect {name}: {len(concept.examples):,} examples; directions by layer, {ranks}")
    return Protection(places, model, config, found)


def _check(config: TrainConfig) -> None:
    if processes.sharded():
        raise UserError(
            "protect: weights are parted among processes (FSDP), and what is kept is of whole ones; take DDP"
        )
    if config.adapter and config.growth == "continue":
        raise UserError(
            "protect: growth: continue trains an adapter that has moved already, and only an update that begins at "
            "nothing can be kept out of a subspace; give growth: merge or stack"
        )


class Protection:
    """What keeps the concepts of a run."""

    def __init__(self, places: Places, model: Any, config: TrainConfig, found: Mapping[str, Concept]) -> None:
        self.found, self._settings = found, {each.name: each for each in config.protect or ()}
        self._grad_accum, self._seed = config.grad_accum, config.seed
        self._device = next(unwrapped(model).parameters()).device
        self.parts = _parts(places, found.values())
        for part in self.parts:
            part.parameter.register_hook(part.project)  # type: ignore[no-untyped-call]
        readers = readers_of(model)
        for layer in sorted({layer for concept in found.values() for layer in concept.bases}):
            bases = [concept.bases[layer] for concept in found.values() if layer in concept.bases]
            block(readers[layer], joined(bases).to(self._device))

    def after_steps_of(self, optimizer: torch.optim.Optimizer) -> None:
        """Put back what an optimizer's step has moved of the parts."""

        def restore(*_: Any) -> None:
            for part in self.parts:
                part.restore()

        optimizer.register_step_post_hook(restore)

    def drawn(self, batches: Batches) -> Batches:
        """The same batches, each with the places of the examples that it holds the model to."""

        def of(step: int) -> list[Batch]:
            return [self._with_examples(batch, [self._seed, 72, step, processes.rank(), place])
                    for place, batch in enumerate(batches(step))]  # fmt: skip

        return of

    def _with_examples(self, batch: Batch, seed: list[int]) -> Batch:
        chance = np.random.default_rng(seed)
        places = {
            _key(name): torch.from_numpy(chance.permutation(len(concept.examples))[: self._settings[name].held])
            for name, concept in self.found.items()
        }
        return replace(batch, extras={**batch.extras, **places})

    def holding(self, objective: Objective) -> Objective:
        """The objective, and besides the mean square by which examples have left what lay in each subspace, over the
        mean square by which they lay around their middle there."""

        def held(model: Any, batch: Batch) -> tuple[Tensor, Facts]:
            loss, facts = objective(model, batch)
            told = dict(facts)
            for name, concept in self.found.items():
                settings = self._settings[name]
                if settings.held:
                    left = self._left(model, concept, batch.extras[_key(name)])
                    told[f"{name}_left"] = left.detach()
                    loss = loss + settings.weight / self._grad_accum * left
            return loss, told

        return held

    def _left(self, model: Any, concept: Concept, places: Tensor) -> Tensor:
        examples, layers, on_cpu = concept.examples, list(concept.bases), places.cpu()
        plain = unwrapped(model)
        with still(plain), eager():
            states = states_at(
                plain, examples.input_ids[on_cpu].to(self._device), examples.ends[on_cpu].to(self._device), layers
            )
        left = []
        for layer, basis in concept.bases.items():
            now = states[layer].float() @ basis.to(self._device)
            moved = now - concept.was[layer][on_cpu].to(self._device)
            left.append(moved.pow(2).sum(1).mean() / concept.spread(layer))
        return torch.stack(left).mean()

    def observers(self, run: Run) -> list[Observer]:
        """What measures how far each concept has drifted."""
        return [Drift(name, concept, self._settings[name].every, run) for name, concept in self.found.items()]


def _key(name: str) -> str:
    return f"examples of {name}"


def _parts(places: Places, found: Iterable[Concept]) -> list[Part]:
    """All that stays of the weights, once for each matrix and side: spans of several concepts are kept together."""
    spans: dict[tuple[int, str], tuple[Any, list[Tensor]]] = {}

    def add(module: Any, side: str, span: Tensor) -> None:
        spans.setdefault((id(getattr(module, "weight", module)), side), (module, []))[1].append(span)

    for concept in found:
        for layer, basis in concept.bases.items():
            embedding, span = places.looked_up(layer, basis)
            add(embedding, "right", span)  # a row of it is what it writes
            for module, span in places.written(layer, basis):
                add(module, "left", span)
            for module, span in places.read(layer, basis):
                add(module, "right", span)
            for norm in places.norms_before(layer):
                norm.weight.requires_grad_(False)
        if concept.contrasts is not None:
            add(places.head, "left", concept.contrasts)
    return [part for (_, side), (module, some) in spans.items() for part in parts_of(module, **{side: joined(some)})]
