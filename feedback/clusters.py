"""Which replies to one prompt say the same: their share tells how sure a model is of what it says.

By exact truth where the prompt has one: the letter that is chosen, whether the answer is said, which rules of a good
reply are kept. Else by words, or by what an embedding model reads: replies whose vectors are near on average are one
cluster. By truth, what is compared with the largest cluster differs from it in what is known, not in wording.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.cases.case import Case, Reply
from evaluation.metrics.answer import answer_given
from evaluation.metrics.choice import chosen
from feedback import rules
from feedback.samples import Sampled

_NEAR = 0.5
"""Mean cosine distance within which replies say the same."""
BY = ("auto", "truth", "words")

Clusters = list[int | None]
"""Of each reply to a prompt the number of its cluster; None for one that failed."""


def clusters(samples: Sequence[Sampled], by: str = "auto") -> list[Clusters]:
    """By exact truth (`truth`), by words (`words`), by an embedding model of that name, or (`auto`) by truth where the
    prompt has one and by words elsewhere. By truth, replies to a prompt without one are a cluster each."""
    read = _embedded(by) if by not in BY else _words
    return [_of_prompt(each, by, read) for each in samples]


def largest(found: Clusters) -> tuple[int | None, float]:
    """The largest cluster, the first of several, and its share of the replies; None where there is no reply."""
    sizes = Counter(number for number in found if number is not None)
    if not sizes:
        return None, 0.0
    number, size = max(sizes.items(), key=lambda each: (each[1], -each[0]))
    return number, size / sum(sizes.values())


def _of_prompt(sampled: Sampled, by: str, read: Callable[[Sampled, list[str]], Any]) -> Clusters:
    texts = list(dict.fromkeys(reply.text for reply in sampled.replies if reply.finish != "error"))
    if by in ("auto", "truth") and (known := _by_truth(sampled.case, sampled.replies)):
        keys: list[Hashable] = [known[text] for text in texts]
    elif by == "truth":
        keys = list(texts)
    else:
        keys = list(together(read(sampled, texts)))
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    of_text = dict(zip(texts, (numbers[key] for key in keys), strict=True))
    return [None if reply.finish == "error" else of_text[reply.text] for reply in sampled.replies]


def _by_truth(case: Case, replies: Sequence[Reply]) -> dict[str, Hashable]:
    """By text, what is known of it; nothing where nothing is known."""
    if case.choices:
        return {reply.text: chosen(case, reply.text) for reply in replies}
    kept = rules.kept(case, replies)
    if any(found.keys() - {"in_role"} for found in kept):
        return {reply.text: tuple(sorted(found.items())) for reply, found in zip(replies, kept, strict=True)}
    given = [answer_given(case, reply).value for reply in replies]
    if any(value is not None for value in given):
        return {reply.text: value for reply, value in zip(replies, given, strict=True)}
    return {}


def together(vectors: NDArray[np.float64]) -> list[int]:
    """Cluster numbers of vectors of length 1, (texts, width), by average linkage of cosine distances."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(vectors) < 2:
        return [0] * len(vectors)
    distances = np.clip(1 - vectors @ vectors.T, 0, 2)
    np.fill_diagonal(distances, 0)
    joined = linkage(squareform(distances, checks=False), method="average")
    return [int(number) for number in fcluster(joined, _NEAR, criterion="distance")]


def _words(sampled: Sampled, texts: list[str]) -> NDArray[np.float64]:
    """Stems of content words, counted: (texts, stems), of length 1."""
    from evaluation.metrics.text import read

    found = [read(text).content or frozenset(read(text).words) or frozenset([text]) for text in texts]
    places = {stem: place for place, stem in enumerate(sorted(frozenset().union(*found)))}
    vectors = np.zeros((len(texts), len(places)))
    for row, stems in zip(vectors, found, strict=True):
        row[[places[stem] for stem in stems]] = len(stems) ** -0.5
    return vectors


def _embedded(name: str) -> Callable[[Sampled, list[str]], NDArray[np.float64]]:
    from evaluation.judges.embedding import Embedding

    model = Embedding(name)
    return lambda sampled, texts: model.of_texts(texts)
