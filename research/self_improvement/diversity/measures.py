"""How different the texts of a batch are from one another, by five measures, each with what deceives it.

A batch's size moves all of them, so that figures are comparable only of as many texts: of more than `size`, each is the
mean over draws of so many (n-grams are drawn on their own). Fewer are measured as they are, and being few then counts
against them, since what is measured are numbers of different things and not shares. No measure here knows good from
bad: letters at random are as different as can be. What is ranked by difference has to be multiplied by quality.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from feedback.clusters import together
from research.self_improvement.diversity.embedding import Embed, Floats
from research.self_improvement.diversity.settings import SIZE
from research.self_improvement.diversity.texts import tokens

NGRAMS = 256
"""n-grams that are drawn for the share of distinct ones, which falls with their number."""
_DRAWS = 8
_BLEU = 4
"""Length of the longest n-gram of BLEU."""
_NO_MATCH = 0.1
"""What n-grams that match nowhere count (Chen and Cherry 2014, method 1)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """How different a batch's texts are."""

    num: int
    """Texts."""
    size: int
    """Of how many at a time it was measured."""
    vendi: float
    """How many different texts they are worth, similarity counted, from 1 to `size`."""
    clusters: float
    """How many clusters of equal size they are worth, from 1 to `size`."""
    distinct_1: float
    """Share of distinct words and marks among 256 drawn of them, or among all of fewer; falls as texts grow alike."""
    distinct_2: float
    """The same of pairs of neighbours. The same words in another order deceive it, and not the two above."""
    self_bleu: float | None
    """How much of a text the others hold too, from 0 to 1; None for fewer than two texts."""


def measure(texts: Sequence[str], embed: Embed, *, size: int = SIZE) -> Measured:
    """All measures of a batch; its order does not matter. ValueError where it is empty."""
    if not texts:
        raise ValueError("no text to measure")
    texts = sorted(texts)
    words = [tokens(text) for text in texts]
    vectors = embed(texts)
    rng = np.random.default_rng(0)
    few = len(texts) <= size
    drawn = [range(len(texts))] if few else [rng.permutation(len(texts))[:size].tolist() for _ in range(_DRAWS)]
    parts = [(vectors[list(places)], [words[place] for place in places]) for places in drawn]
    bleu = [found for _, said in parts if (found := self_bleu(said)) is not None]
    return Measured(
        num=len(texts),
        size=min(size, len(texts)),
        vendi=_mean(vendi(each) for each, _ in parts),
        clusters=_mean(effective(Counter(together(each)).values()) for each, _ in parts),
        distinct_1=distinct(words, 1),
        distinct_2=distinct(words, 2),
        self_bleu=_mean(bleu) if bleu else None,
    )


def vendi(vectors: Floats) -> float:
    """The Vendi score of vectors of length 1, (texts, width): the exponential of the entropy of the eigenvalues of
    their similarities over their number (Friedman and Dieng 2023)."""
    shares = np.linalg.eigvalsh(vectors @ vectors.T / len(vectors))
    shares = shares[shares > 1e-12]
    return float(np.exp(-np.sum(shares * np.log(shares))))


def effective(counts: Iterable[int]) -> float:
    """How many groups of equal size the counts are worth: the exponential of their entropy (Hill 1973). 0 of
    nothing."""
    found = [count for count in counts if count]
    shares = [count / sum(found) for count in found]
    return math.exp(-sum(share * math.log(share) for share in shares)) if found else 0.0


def distinct(texts: Sequence[Sequence[str]], n: int, *, drawn: int = NGRAMS) -> float:
    """Expected share of distinct ones among `drawn` n-grams of all the texts (Li et al. 2016), without replacement.

    The share among all of them falls with their number, so that short texts would pass for varied ones; so many are
    drawn in thought (rarefaction, Hurlbert 1971), or all where there are fewer. 0 where there is none.
    """
    counts = Counter(ngram for text in texts for ngram in ngrams(text, n))
    total = counts.total()
    drawn = min(drawn, total)
    return sum(1 - _none_of(times, total, drawn) for times in counts.values()) / drawn if drawn else 0.0


def ngrams(text: Sequence[str], n: int) -> list[tuple[str, ...]]:
    """Runs of `n` tokens, in order."""
    return [tuple(text[at : at + n]) for at in range(len(text) - n + 1)]


def self_bleu(texts: Sequence[Sequence[str]]) -> float | None:
    """Mean BLEU of each text with all others as references (Zhu et al. 2018); None for fewer than two.

    Texts of fewer than four tokens are compared by n-grams up to their length; of none, by whether another has none.
    """
    if len(texts) < 2:
        return None
    logs = np.zeros(len(texts))
    for n in range(1, _BLEU + 1):
        counts = [Counter(ngrams(text, n)) for text in texts]
        most = _two_most(counts)
        for place, (text, own) in enumerate(zip(texts, counts, strict=True)):
            if own:
                matched = sum(min(times, _most_of_others(most[ngram], place)) for ngram, times in own.items())
                logs[place] += math.log((matched or _NO_MATCH) / own.total()) / min(_BLEU, len(text))
    lengths = Counter(map(len, texts))
    found = [
        math.exp(log + min(0.0, 1 - _closest(lengths, len(text)) / len(text))) if text else float(lengths[0] > 1)
        for text, log in zip(texts, logs.tolist(), strict=True)
    ]
    return sum(found) / len(found)


def _none_of(times: int, total: int, drawn: int) -> float:
    """The chance that none of `times` is among `drawn` of `total`."""
    if times > total - drawn:
        return 0.0
    ways = math.lgamma(total - times + 1) + math.lgamma(total - drawn + 1)
    return math.exp(ways - math.lgamma(total - times - drawn + 1) - math.lgamma(total + 1))


def _two_most(counts: Sequence[Counter[tuple[str, ...]]]) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """Of each n-gram the most that a text has of it, which text that is, and the most that another has."""
    found: dict[tuple[str, ...], tuple[int, int, int]] = {}
    for place, own in enumerate(counts):
        for ngram, times in own.items():
            most, where, next_most = found.get(ngram, (0, -1, 0))
            found[ngram] = (times, place, most) if times > most else (most, where, max(next_most, times))
    return found


def _most_of_others(most: tuple[int, int, int], place: int) -> int:
    return most[2] if most[1] == place else most[0]


def _closest(lengths: Mapping[int, int], own: int) -> int:
    """The length of another text that is nearest to its own, the shorter of two."""
    others = [length for length, times in lengths.items() if length != own or times > 1]
    return min(others, key=lambda length: (abs(length - own), length))


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
