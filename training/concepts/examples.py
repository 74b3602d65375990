"""A concept's examples: beginnings of rows, each with a label, at whose end the concept decides what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from data_mix.packing.pack import Pack
from espalier.errors import UserError
from espalier.text.chat import ChatRenderer
from training.concepts.settings import ProtectSettings, read_examples

Tensor = torch.Tensor
_FEWEST = 8
"""Examples of each label, with fewer of which any direction would tell them apart."""
_AT_A_TIME = 256
"""Packed sequences that are searched for words at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Examples:
    """n beginnings, filled up to one length."""

    input_ids: Tensor
    """(n, L) int64."""
    ends: Tensor
    """(n,) int64: the place of the last token of each."""
    labels: np.ndarray
    """(n,) int64: numbers of their labels."""

    def __len__(self) -> int:
        return len(self.ends)


def find_examples(concept: ProtectSettings, renderer: ChatRenderer, pack: Pack, seq_len: int, seed: int) -> Examples:
    """Those of a file, or the places in training rows before one of the concept's words; as many of each label.

    UserError where there are fewer than a few of a label, and where a text is longer than a sequence.
    """
    chance = np.random.default_rng([seed, 71])
    if concept.examples:
        labelled = read_examples(concept.examples)
        names = list(dict.fromkeys(label for _, label in labelled))
        found = {name: [renderer.text_prompt(text) for text, label in labelled if label == name] for name in names}
        where = str(concept.examples)
    else:
        assert concept.words
        wanted = concept.max_examples // len(concept.words)
        found = _in_rows(concept.name, concept.words, renderer, pack, wanted, chance)
        where = "the run's training rows"
    few = next((name for name, some in found.items() if len(some) < _FEWEST), None)
    if few is not None or len(found) < 2:
        less = f"{len(found[few])} of the label {few}" if few is not None else f"{len(found)} labels"
        raise UserError(
            f"protect: {concept.name}: {where} have {less}, and a concept wants two labels at least and {_FEWEST} "
            "examples of each; give more of them, in a table that examples names"
        )
    count = min(concept.max_examples // len(found), *map(len, found.values()))
    drawn = {name: [some[place] for place in chance.permutation(len(some))[:count]] for name, some in found.items()}
    return _filled_up(concept.name, drawn, seq_len)


def word_ids(concept: str, word: str, renderer: ChatRenderer) -> list[int]:
    """The tokens of a word behind another one. UserError where it has none of its own."""
    before, whole = renderer.text_prompt("a"), renderer.text_prompt(f"a {word.strip()}")
    if whole[: len(before)] != before or len(whole) == len(before):
        raise UserError(f"protect: {concept}: the word {word!r} has no tokens of its own behind another word")
    return whole[len(before) :]


def _in_rows(
    concept: str, words: dict[str, list[str]], renderer: ChatRenderer, pack: Pack, wanted: int, chance: Any
) -> dict[str, list[list[int]]]:
    """Rows of a pack up to each place where one of the words follows, by label; so many of each, if there are."""
    ids = {label: [word_ids(concept, word, renderer) for word in said] for label, said in words.items()}
    found: dict[str, list[list[int]]] = {label: [] for label in words}
    order = chance.permutation(len(pack))
    for start in range(0, len(order), _AT_A_TIME):
        chosen = np.sort(order[start : start + _AT_A_TIME])
        for label, said in ids.items():
            if len(found[label]) < wanted:
                found[label] += [beginning for word in said for beginning in _before(word, pack, chosen)]
        if all(len(some) >= wanted for some in found.values()):
            break
    return found


def _before(word: Sequence[int], pack: Pack, chosen: np.ndarray) -> Iterator[list[int]]:
    labels, rows = pack.labels[chosen], pack.rows[chosen]
    width = labels.shape[1] - len(word) + 1
    here = rows[:, :width] >= 0
    for offset, token in enumerate(word):
        here &= (labels[:, offset : offset + width] == token) & (rows[:, offset : offset + width] == rows[:, :width])
    for sequence, place in np.argwhere(here).tolist():
        begin = place - int(pack.positions[chosen[sequence], place])
        if begin >= 0:  # of a row that is split, the rest begins elsewhere
            yield pack.inputs[chosen[sequence], begin : place + 1].tolist()


def _filled_up(concept: str, drawn: dict[str, list[list[int]]], seq_len: int) -> Examples:
    texts = [ids for some in drawn.values() for ids in some]
    longest = max(map(len, texts))
    if longest > seq_len:
        raise UserError(f"protect: {concept}: an example takes {longest} tokens, and seq_len is {seq_len}")
    # Nothing sees what lies behind it, so whatever fills up changes no state that is looked at.
    filled = [ids + [ids[-1]] * (longest - len(ids)) for ids in texts]
    return Examples(
        input_ids=torch.tensor(filled),
        ends=torch.tensor([len(ids) - 1 for ids in texts]),
        labels=np.repeat(np.arange(len(drawn)), [len(some) for some in drawn.values()]),
    )
