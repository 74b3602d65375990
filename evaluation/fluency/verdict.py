"""Whether a text is language: one figure from 0 to 1, and the reason in plain words.

Each kind of evidence costs where it is lower than nearly all real text has it, and nothing is won by being higher, so
that a good sentence does not pay for a salad beside it. What each costs was fitted to text that was kept apart from the
counts, and to the same text spoilt in eleven ways (`research/fluency.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from typing import Any

from data_mix.language.languages import UNKNOWN, identify
from espalier.command_line import yaml_text
from evaluation.fluency.counts import HERE, counts, languages
from evaluation.fluency.evidence import Evidence, gather
from evaluation.fluency.tokens import AMOUNTS, Token, read, tokens

KINDS = ("gain", "worst_6", "worst_10", "worst_16", "order", "functions", "run", "fresh")
"""What costs, of the evidence. The likelihood itself does not: it is low of all that speaks of rare things."""
FEWEST = 4
"""Tokens below which nothing is said."""
_CERTAIN, _LIKELY = 0.55, 0.35
"""Share of its words, function words counted whole and others half, that a text's language lists."""
_SURE = 0.5
"""How sure the identifier of languages has to be where the lists are not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fluency:
    """What was found of one text."""

    plausible: float
    """0 to 1: how plausible it is that this is language; 1 where nothing can be said."""
    why: str
    """What decided it, in plain words."""
    language: str
    """ISO 639-1 of the language whose counts decided; empty where none did."""
    evidence: Evidence | None
    """What it was decided by; None where nothing was."""


@lru_cache(maxsize=4096)
def fluency(text: str) -> Fluency:
    """Whether `text` is language, by the counts that ship. Of more than 6,000 characters half that of each end."""
    shown = read(text)
    found = tokens(shown)
    if len(found) < FEWEST:
        return Fluency(plausible=1.0, why="too little text to tell", language="", evidence=None)
    language = language_of(found, shown)
    known = counts(language) if language else None
    if known is None:
        return Fluency(plausible=1.0, why="its language is not known", language="", evidence=None)
    evidence = gather(found, known.ids(found), known)
    return decided(evidence, language, limits(language), found, shown)


def language_of(found: Sequence[Token], shown: str) -> str:
    """The language of a text among those whose counts ship, or empty. Numbers alone are read as English."""
    words = [each.text for each in found if each.is_word]
    if not words:
        return "en" if any(each.text in AMOUNTS for each in found) else ""
    shares = {name: _share(name, words) for name in languages()}
    best = max(shares, key=lambda name: shares[name])
    if shares[best] >= _CERTAIN:
        return best
    named, sure = identify(shown.encode("utf-8", "replace").decode())  # half a surrogate pair cannot be told
    if sure >= _SURE and named != UNKNOWN:
        return named if named in shares else ""
    return best if shares[best] >= _LIKELY else ""


def _share(language: str, words: list[str]) -> float:
    known = counts(language)
    assert known is not None
    return sum(0.5 * (word in known.words) + 0.5 * (word in known.functions) for word in words) / len(words)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What evidence costs, in one language."""

    costs: Mapping[str, tuple[tuple[float, float], ...]]
    """By kind, some limits with what a unit below each of them costs."""
    free: float
    """What may be spent before it tells."""

    def spent(self, evidence: Mapping[str, Any]) -> dict[str, float]:
        """By kind, what it costs."""
        return {
            kind: sum(cost * max(0.0, limit - evidence[kind]) for limit, cost in costs)
            for kind, costs in self.costs.items()
        }


@cache
def limits(language: str) -> Limits:
    """Those that ship."""
    path = HERE / f"{language}.yaml"
    listed = yaml_text.parse(path.read_text(encoding="utf-8"), str(path))
    costs = {kind: tuple((limit, cost) for limit, cost in pairs) for kind, pairs in listed["costs"].items()}
    return Limits(costs=costs, free=listed["free"])


def decided(evidence: Evidence, language: str, limits: Limits, found: tuple[Token, ...], shown: str) -> Fluency:
    """What the evidence comes to: 1 / (1 + exp(spent - free)), and for what most was spent."""
    spent = limits.spent(asdict(evidence))
    plausible = 1 / (1 + math.exp(min(50.0, sum(spent.values()) - limits.free)))
    worst = max(spent, key=lambda kind: spent[kind])
    first, last = evidence.place
    stretch = " ".join(shown[found[first].start : found[last].end].split())
    said = {
        "gain": "its words do not follow from each other",
        "worst_6": f"words that do not follow from each other: “{stretch}”",
        "worst_10": f"words that do not follow from each other: “{stretch}”",
        "worst_16": f"words that do not follow from each other: “{stretch}”",
        "order": "in any other order its words would be about as likely",
        "functions": f"{evidence.functions:.0%} of its words are function words",
        "run": f"{-evidence.run:.0f} words in a row without a function word",
        "fresh": "it says the same again and again",
    }
    why = said[worst] if plausible < 0.9 else "reads as language"
    return Fluency(plausible=plausible, why=why, language=language, evidence=evidence)
