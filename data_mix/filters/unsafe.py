"""Unsafe content, by the labels that a corpus carries and by a list of terms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from data_mix.filters.config import FilterConfig
from data_mix.filters.draft import Draft, Drop, Filter, watch
from data_mix.language.words import words
from espalier.command_line.config import read_yaml
from espalier.errors import UserError

BUILTIN = Path(__file__).with_name("unsafe.yaml")
_APART = re.compile(r"[\W_]+")


def redacted(config: FilterConfig) -> Filter | None:
    """Reason redacted."""
    if config.redacted == "off":
        return None
    return Filter(lambda draft: Drop("redacted") if draft.meta.get("redacted") else None)


def labels(config: FilterConfig) -> Filter | None:
    """Reason unsafe_label."""
    if config.unsafe is None or not config.unsafe.labels:
        return None
    wanted = frozenset(map(_plain, config.unsafe.labels))

    def look(draft: Draft) -> Drop | None:
        for key in ("moderation", "safety"):
            said = draft.meta.get(key)
            if said and not wanted.isdisjoint(map(_plain, _texts(said))):
                return Drop("unsafe_label")
        return None

    return Filter(look)


def lexicon(config: FilterConfig) -> Filter | None:
    """Reason unsafe_term. Raises UserError for a file that is no list of terms."""
    if config.unsafe is None or config.unsafe.lexicon is None:
        return None
    file = BUILTIN if config.unsafe.lexicon == "builtin" else config.unsafe.lexicon
    terms = read_terms(file)
    single = frozenset(term[0] for term in terms if len(term) == 1)
    # The longest word of a longer term is the rarest, as a rule: where it is missing, so is the term.
    longer = {(max(term, key=len), f" {' '.join(term)} ") for term in terms if len(term) > 1}
    any_word = watch(single.union(word for word, _ in longer))
    everybody = config.unsafe.turns == "all"

    def look(draft: Draft) -> Drop | None:
        if any_word.isdisjoint(draft.watched):
            return None
        spoken = words(draft.replies)
        if everybody and draft.asked:
            spoken = [*spoken, "\n", *words(draft.asked)]
        vocabulary = frozenset(spoken)
        line = f" {' '.join(spoken)} "
        if not single.isdisjoint(vocabulary) or any(word in vocabulary and term in line for word, term in longer):
            return Drop("unsafe_term")
        return None

    return Filter(look, lambda scan: scan.watches(any_word))


def read_terms(file: Path) -> list[list[str]]:
    """The terms of a lexicon, each as its words. Raises UserError, naming the file, where it is not one."""
    data = read_yaml(file)
    entries = data.get("terms")
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise UserError(f"{file}: wants a list of texts under `terms` (`terms: [one, two words]`)")
    terms = [words(entry) for entry in entries]
    for entry, term in zip(entries, terms, strict=True):
        if not term:
            raise UserError(f"{file}: the term {entry!r} has no word in it")
    return terms


def _texts(said: object) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, Iterable):
        yield from (label for label in said if isinstance(label, str))


def _plain(label: str) -> str:
    return _APART.sub(" ", label.casefold()).strip()
