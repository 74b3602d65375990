"""How likely a model finds both texts of each contrast: sums of log-probabilities of the tokens that count."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from torch import Tensor

from espalier.generation.generate import context_of
from espalier.generation.reading import BESIDE_TRAINING, log_probabilities, read
from espalier.text.chat import ChatRenderer
from training.monitors.stereotypes.pairs import Contrast, Item


def values(model: Any, renderer: ChatRenderer, items: Sequence[Item]) -> dict[str, float]:
    """Each item's value in nats, by its id; without those that do not fit the model's context."""
    texts = dict.fromkeys(text for item in items for each in item.contrasts for text in (each.more, each.less))
    ids = dict(zip(texts, renderer.prompts(list(texts)), strict=True))
    context = context_of(model)
    fitting = {text: row for text, row in ids.items() if isinstance(row, list) and len(row) <= (context or len(row))}
    found = _log_probabilities(model, fitting)
    known = [item for item in items if all({each.more, each.less} <= found.keys() for each in item.contrasts)]
    differences: dict[Contrast, float] = {}
    for contrast in {each: None for item in known for each in item.contrasts}:
        differences[contrast] = _difference(contrast, fitting, found, len(renderer.start_ids))
    return {item.id: sum(each.weight * differences[each] for each in item.contrasts) for item in known}


def _difference(
    contrast: Contrast, ids: Mapping[str, list[int]], found: Mapping[str, np.ndarray], num_given: int
) -> float:
    """By how many nats the one is likelier than the other, over the tokens that count."""
    more, less = found[contrast.more], found[contrast.less]
    if contrast.tokens == "all":
        return float(more.sum() - less.sum())
    blocks = _shared(tuple(ids[contrast.more][num_given:]), tuple(ids[contrast.less][num_given:]))
    return float(sum(more[a : a + size].sum() - less[b : b + size].sum() for a, b, size in blocks))


@lru_cache(maxsize=16_384)
def _shared(more: tuple[int, ...], less: tuple[int, ...]) -> tuple[tuple[int, int, int], ...]:
    """Stretches of tokens that both have: where they begin in either, and how long they are."""
    return tuple(difflib.SequenceMatcher(None, more, less, autojunk=False).get_matching_blocks())


def _log_probabilities(model: Any, ids: Mapping[str, list[int]]) -> dict[str, np.ndarray]:
    """The log-probability of each token of each text after the given one."""
    texts, rows = list(ids), list(ids.values())

    def score(place: int, logits: Tensor) -> np.ndarray:
        return log_probabilities(logits, rows[place][1:]).double().cpu().numpy()

    return {texts[place]: found for place, found in read(model, rows, score, most_logits=BESIDE_TRAINING)}
