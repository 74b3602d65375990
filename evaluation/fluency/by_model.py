"""Whether texts are language by a language model: by how much likelier their order is than others of the same words.

What is random is drawn by the text alone, and all is counted per word, so that models with other vocabularies, and
texts with rare words, can be compared. A model asked so needs to be no teacher: a base model serves, and a small one.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from espalier.errors import UserError
from evaluation.backends.base import Ask, Backend
from evaluation.cache import Cache
from evaluation.cases.case import Case
from evaluation.play import answers

OTHERS = 4
"""Random orders that each text is held against."""
_FEWEST = 3
"""Words below which an order says nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ByModel:
    """What a model finds of one text."""

    likelihood: float
    """Nats per word; NaN for a text without words."""
    order: float
    """Nats per word by which it is likelier than its words in random orders; NaN of fewer than three words."""


def by_model(
    backend: Backend, texts: Sequence[str], *, cache: Cache, on_text: Callable[[int], None] = lambda read: None
) -> list[ByModel]:
    """What `backend`, which has to answer cases with texts by likelihoods, finds of each, in batches of its own.

    What it was asked before comes from the cache; `on_text` hears how many texts are known by now.
    UserError where it cannot: it has no likelihoods, as an endpoint has none, or a text does not fit into it.
    """
    cases = [Case(name=f"text {place}", messages=[], texts=_orders(text)) for place, text in enumerate(texts)]
    asked = [place for place, case in enumerate(cases) if case.texts]
    found = [ByModel(likelihood=math.nan, order=math.nan) for _ in texts]
    heard = itertools.count(len(texts) - len(asked) + 1)
    asks = [Ask(case=cases[place], turn=0, sample=0, seed=0) for place in asked]
    for place, reply in zip(asked, answers(backend, asks, cache, lambda _: on_text(next(heard))), strict=True):
        if len(reply.log_likelihoods) != len(cases[place].texts):
            raise UserError(
                f"{backend.name} cannot say how likely a text is ({reply.error or 'it has no likelihoods'})"
            )
        own, *others = reply.log_likelihoods
        size = len(texts[place].split())
        order = (own - sum(others) / len(others)) / size if others else math.nan
        found[place] = ByModel(likelihood=own / size, order=order)
    return found


def _orders(text: str) -> tuple[str, ...]:
    """The text, its words parted by one space, and the same words in other orders; nothing without words."""
    words = text.encode("utf-8", "replace").decode().split()
    if not words:
        return ()
    chance = random.Random(" ".join(words))
    others = [chance.sample(words, len(words)) for _ in range(OTHERS)] if len(words) >= _FEWEST else []
    return tuple(" ".join(each) for each in (words, *others))
