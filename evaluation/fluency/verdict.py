"""Whether a text is language: one figure from 0 to 1, and the reason in plain words.

Each kind of evidence costs where it is lower than nearly all real text has it, and nothing is won by being higher, so
that a good sentence does not pay for a salad beside it. What each costs was fitted to text that was kept apart from the
counts, and to the same text spoilt in eleven ways (`research/fluency.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
_DOUBTFUL = 0.9
_CERTAIN, _LIKELY = 0.55, 0.35
"""Share of its words, function words counted whole and others half, that a text's language lists."""
_STRANGE, _STRANGE_SHARE = 3, 0.06
"""Different function words of another language, and their share of all words, from which two languages are mixed."""
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
    if not language:
        return Fluency(plausible=1.0, why="its language is not known", language="", evidence=None)
    known = counts(language)
    evidence = gather(found, known.ids(found), known)
    return decided(evidence, language, limits(language), found, shown)


def language_of(found: Sequence[Token], shown: str) -> str:
    """The language of a text among those whose counts ship, or empty. Numbers alone are read as English."""
    words = [each.text for each in found if each.is_word]
    if not words:
        return "en" if any(each.text in AMOUNTS for each in found) else ""
    shares = {name: _share(name, words) for name in languages()}
    best = max(shares, key=lambda name: shares[name])
    if shares[best] < _CERTAIN:
        named, sure = identify(shown.encode("utf-8", "replace").decode())  # half a surrogate pair cannot be told
        if sure >= _SURE and named != UNKNOWN:
            best = named
        elif shares[best] < _LIKELY:
            return ""
    return best if best in shares and not _mixes(best, words) else ""


def _mixes(language: str, words: Sequence[str]) -> bool:
    """Whether many of the words are function words of another language, and none of this one."""
    unknown = set(words).difference(counts(language).words)
    for other in languages():
        strange = unknown & counts(other).functions
        if len(strange) >= _STRANGE and _STRANGE_SHARE * len(words) <= sum(word in strange for word in words):
            return True
    return False


def _share(language: str, words: Sequence[str]) -> float:
    known = counts(language)
    listed = sum(map(known.words.__contains__, words)) + sum(map(known.functions.__contains__, words))
    return 0.5 * listed / len(words)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What evidence costs, in one view of it."""

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
def limits(language: str) -> tuple[Limits, ...]:
    """Those that ship: of all evidence together, and of its worst place alone."""
    path = HERE / f"{language}.yaml"
    return tuple(
        Limits(free=view["free"], costs={kind: tuple(map(tuple, pairs)) for kind, pairs in view["costs"].items()})
        for view in yaml_text.parse(path.read_text(encoding="utf-8"), str(path))["views"]
    )


def decided(evidence: Evidence, language: str, views: Sequence[Limits], found: Sequence[Token], shown: str) -> Fluency:
    """What the evidence comes to: 1 / (1 + the sum over the views of exp(spent - free)), and what cost most."""
    facts = {kind: getattr(evidence, kind) for kind in KINDS}
    spent = [view.spent(facts) for view in views]
    over = [sum(each.values()) - view.free for each, view in zip(spent, views, strict=True)]
    plausible = 1 / (1 + sum(math.exp(min(50.0, each)) for each in over))
    decisive = spent[over.index(max(over))]
    kind = max(decisive, key=lambda kind: decisive[kind])
    why = _why(kind, evidence, found, shown) if plausible < _DOUBTFUL else "reads as language"
    return Fluency(plausible=plausible, why=why, language=language, evidence=evidence)


def _why(kind: str, evidence: Evidence, found: Sequence[Token], shown: str) -> str:
    first, last = evidence.place
    stretch = " ".join(shown[found[first].start : found[last].end].split())
    return {
        "gain": "its words do not follow from each other",
        "order": "in any other order its words would be about as likely",
        "functions": f"only {evidence.functions:.0%} of its words are function words",
        "run": f"{-evidence.run:.0f} words in a row without a function word",
        "fresh": "it says the same again and again",
    }.get(kind, f"words that do not follow from each other: “{stretch}”")
