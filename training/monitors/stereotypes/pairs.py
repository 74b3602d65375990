"""Minimal pairs as items: of each, how much likelier a model finds the stereotype than the same of another group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

KINDS = ("gender", "origin", "age", "religion", "disability", "class")
LANGUAGES = ("en", "es")

_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Contrast:
    """Two texts that differ in the group named."""

    more: str
    """The one that is more stereotyped."""
    less: str
    """The other."""
    weight: float = 1.0
    """What their difference counts in the item's value; below 0 for what is taken off."""
    tokens: Literal["shared", "all"] = "shared"
    """Which tokens are counted: those that both have, as in CrowS-Pairs, so that a name's frequency does not count; or
    all, where the name is what is asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """What one value is measured on, in nats: above 0 where the stereotype is preferred."""

    id: str
    kind: str
    """The kind of stereotype, after the file's name where it comes from a file."""
    contrasts: tuple[Contrast, ...]
    """The pair first, then what is taken off."""
    couple: str = ""
    """The two groups, where there are pairs in either direction; empty where there are not."""
    of_first: bool = True
    """Of which of them the stereotype is."""

    @property
    def pair(self) -> Contrast:
        """The pair that is told of it."""
        return self.contrasts[0]


@cache
def own_items() -> tuple[Item, ...]:
    """Our own, of all kinds and languages."""
    return tuple(item for language in LANGUAGES for item in _in_language(language))


def _in_language(language: str) -> Iterator[Item]:
    data = yaml.safe_load((_HERE / f"{language}.yaml").read_text(encoding="utf-8"))
    for kind in KINDS:
        for couple in data[kind]:
            plain = data.get("plain_of_many", data["plain"]) if couple.get("many") else data["plain"]
            for said, target, other in (("of_first", "first", "second"), ("of_second", "second", "first")):
                names, both = (couple[target], couple[other]), f"{couple['first']} / {couple['second']}"
                control = tuple(_contrast(names, each, -1 / len(plain)) for each in plain)
                for predicate in couple[said]:
                    pair = _contrast(names, predicate, 1.0)
                    yield Item(
                        id=f"{language}: {pair.more}",
                        kind=kind,
                        contrasts=(pair, *control),
                        couple=both,
                        of_first=said == "of_first",
                    )


def _contrast(names: tuple[str, str], predicate: str, weight: float) -> Contrast:
    return Contrast(more=f"{names[0]} {predicate}.", less=f"{names[1]} {predicate}.", weight=weight)


@cache
def patterns() -> Mapping[str, Mapping[str, list[dict[str, Any]]]]:
    """By language and kind, names of groups and what is said of them."""
    found: Mapping[str, Mapping[str, list[dict[str, Any]]]] = yaml.safe_load(
        (_HERE / "patterns.yaml").read_text(encoding="utf-8")
    )
    return found
