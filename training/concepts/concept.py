"""A concept as it was found before the first step: its subspaces, its examples, and what these were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from data_mix.packing.pack import Pack
from espalier.errors import UserError
from espalier.text.chat import ChatRenderer
from training.concepts.examples import Examples, find_examples, word_ids
from training.concepts.settings import ProtectSettings
from training.concepts.states import measure_states, readers_of, within
from training.concepts.subspaces import find_subspace, orthonormal
from training.together import unwrapped

Tensor = torch.Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class Concept:
    """What is to stay."""

    bases: Mapping[int, Tensor]
    """By layer, an orthonormal basis (width, r) of where it lies in what that layer reads; float32, on the CPU."""
    examples: Examples
    """Where it decides."""
    was: Mapping[int, Tensor]
    """What lay there in the examples' states, (n, r)."""
    words: Tensor | None
    """(labels, pairs) int64: the first token of each of its words."""
    contrasts: Tensor | None
    """An orthonormal basis (vocabulary, k) of what of the logits says which of its words is said."""
    said: Tensor | None
    """(n,) int64: the label of the words that were likeliest to follow each example."""

    def spread(self, layer: int) -> float:
        """How far the examples lay from their middle there, as a mean square."""
        return max(float((self.was[layer] - self.was[layer].mean(0)).pow(2).sum(1).mean()), 1e-30)


def find(concept: ProtectSettings, model: Any, renderer: ChatRenderer, pack: Pack, seq_len: int, seed: int) -> Concept:
    """Find a concept in `model` as it stands. UserError where it has no layer, or states that tell nothing."""
    output = len(readers_of(model)) - 1
    layers = list(range(output + 1)) if concept.layers == "all" else sorted(set(concept.layers))
    if layers[-1] > output:
        raise UserError(
            f"protect: {concept.name}: layers: there is no layer {layers[-1]}; the model has states 0 to {output}, the "
            "last of which the output layer reads"
        )
    words = _first_tokens(concept, renderer)
    examples = find_examples(concept, renderer, pack, seq_len, seed)
    states = measure_states(model, examples, [*{*layers, output}])
    said = None if words is None else label_said(model, states[output], words)
    contrasts = None if words is None or output not in layers else _contrasts(model, words)
    bases: dict[int, np.ndarray] = {}
    for layer in layers:
        try:
            found = find_subspace(states[layer].numpy(), examples.labels, concept.how, concept.rank)
        except UserError as error:
            raise UserError(f"protect: {concept.name}: in what layer {layer} reads, {error}") from None
        if layer == output and words is not None and contrasts is not None:
            told = torch.tensor(sorted({*words.flatten().tolist()}))
            found = np.concatenate([found, _rows(model, told).T @ contrasts[told.numpy()]], axis=1)
        bases[layer] = orthonormal(found)
    if concept.how == "random":
        chance = np.random.default_rng([seed, 73])
        bases = {layer: orthonormal(chance.normal(size=basis.shape)) for layer, basis in bases.items()}
        contrasts = None if contrasts is None else orthonormal(chance.normal(size=contrasts.shape))
    kept = {layer: torch.from_numpy(basis).float() for layer, basis in bases.items()}
    return Concept(
        bases=kept,
        examples=examples,
        was=within(states, kept),
        words=words,
        contrasts=None if contrasts is None else torch.from_numpy(contrasts).float(),
        said=said,
    )


def _first_tokens(concept: ProtectSettings, renderer: ChatRenderer) -> Tensor | None:
    if concept.words is None:
        return None
    found = {
        label: [word_ids(concept.name, word, renderer)[0] for word in said] for label, said in concept.words.items()
    }
    for place, tokens in enumerate(zip(*found.values(), strict=True)):
        if len(set(tokens)) < len(tokens):
            alike = ", ".join(said[place] for said in concept.words.values())
            raise UserError(
                f"protect: {concept.name}: words: {alike} begin with one token, so that it does not say which is said; "
                "leave them out, or give examples alone"
            )
    return torch.tensor(list(found.values()))


def _contrasts(model: Any, words: Tensor) -> np.ndarray:
    """(vocabulary, k): the span of one word's logit less another's, of all that stand for one another."""
    vocabulary = unwrapped(model).get_output_embeddings().weight.shape[0]
    first, *others = words.tolist()
    pairs = [pair for other in others for pair in zip(first, other, strict=True)]
    columns = np.zeros((vocabulary, len(pairs)))
    for place, (one, another) in enumerate(pairs):
        columns[one, place], columns[another, place] = 1, -1
    return orthonormal(columns)


def _rows(model: Any, tokens: Tensor) -> np.ndarray:
    """The output layer's weights for some tokens (n,): (n, width)."""
    weight = unwrapped(model).get_output_embeddings().weight.detach()
    rows: np.ndarray = weight[tokens.to(weight.device)].double().cpu().numpy()
    return rows


def label_said(model: Any, states: Tensor, words: Tensor) -> Tensor:
    """(n,) int64: the label whose words (labels, pairs) are likeliest after `states` (n, width) of the output layer."""
    rows = torch.from_numpy(_rows(model, words)).float()
    return torch.einsum("nw,lpw->nlp", states, rows).logsumexp(-1).argmax(1)


def save(concept: Concept, path: Path) -> None:
    """Keep a concept as a file."""
    tensors = {f"basis.{layer}": basis for layer, basis in concept.bases.items()}
    tensors |= {f"was.{layer}": was for layer, was in concept.was.items()}
    tensors |= {"input_ids": concept.examples.input_ids, "ends": concept.examples.ends}
    tensors |= {"labels": torch.from_numpy(concept.examples.labels)}
    tensors |= {} if concept.words is None or concept.said is None else {"words": concept.words, "said": concept.said}
    tensors |= {} if concept.contrasts is None else {"contrasts": concept.contrasts}
    save_file({name: value.contiguous() for name, value in tensors.items()}, path)


def load(path: Path) -> Concept:
    """The concept that `save` kept."""
    tensors = load_file(path)
    layers = sorted(int(name.removeprefix("basis.")) for name in tensors if name.startswith("basis."))
    return Concept(
        bases={layer: tensors[f"basis.{layer}"] for layer in layers},
        was={layer: tensors[f"was.{layer}"] for layer in layers},
        examples=Examples(input_ids=tensors["input_ids"], ends=tensors["ends"], labels=tensors["labels"].numpy()),
        words=tensors.get("words"),
        contrasts=tensors.get("contrasts"),
        said=tensors.get("said"),
    )
