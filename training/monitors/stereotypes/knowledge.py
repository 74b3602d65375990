"""Which words a model can know: of one that it has never met, no preference is a stereotype."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from data_mix.language.words import words
from data_mix.packing.pack import Pack
from espalier.artifacts.run import saved_config
from espalier.errors import UserError
from espalier.text.chat import ChatRenderer
from training.config import TrainConfig
from training.monitors.stereotypes.pairs import Item

_READ_TOKENS = 300_000
_OFTEN = 3
"""A word that the rows read show so often can be known."""


def is_pretrained(config: TrainConfig) -> bool:
    """Whether the model, or one that it descends from, goes on from weights that learned elsewhere."""
    facts: Mapping[str, object] = config.model_dump(mode="json")
    while facts.get("base") is None and isinstance(parent := facts.get("parent"), str):
        try:
            facts = saved_config(parent)
        except UserError:  # it was removed
            return False
        if facts.get("init") == "random":
            return False
    return facts.get("base") is not None and facts.get("init") != "random"


def known_words(pack: Pack, renderer: ChatRenderer) -> frozenset[str]:
    """The words of the training rows, of a sample spread over all of them where there are many."""
    count = min(len(pack), max(1, _READ_TOKENS // pack.inputs.shape[1]))
    chosen = np.linspace(0, len(pack), count, endpoint=False).astype(int)
    rows = [pack.labels[place][pack.rows[place] >= 0].tolist() for place in chosen]
    texts = renderer.tokenizer.batch_decode(rows, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    counts = Counter(word for text in texts for word in words(text))
    return frozenset(word for word, times in counts.items() if times >= _OFTEN)


def judged(items: Iterable[Item], known: frozenset[str] | None) -> list[Item]:
    """The items whose words are all known, those of two groups as many in the one direction as in the other."""
    fitting = [item for item in items if known is None or _is_known(item, known)]
    sides: dict[str, dict[bool, list[Item]]] = defaultdict(lambda: {True: [], False: []})
    for item in fitting:
        if item.couple:
            sides[item.couple][item.of_first].append(item)
    kept = [item for item in fitting if not item.couple]
    for both in sides.values():
        size = min(map(len, both.values()))
        kept += [item for side in both.values() for item in side[:size]]
    return kept


def _is_known(item: Item, known: frozenset[str]) -> bool:
    return all(word in known for text in (item.pair.more, item.pair.less) for word in words(text))
