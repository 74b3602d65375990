"""Where pages come from: a folder or file of texts, a Wikipedia dump, or a dataset of the hub."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from data_mix.language.words import words
from data_mix.reading.hub import HubSource
from data_mix.reading.record import BadRecord
from data_mix.reading.sources import find_files, read_records
from espalier.errors import UserError
from research.self_improvement.families.trivia.page import Page, sentences
from research.self_improvement.families.trivia.wikipedia import dump_articles, is_dump

LONGEST = 3000
"""Characters of a page: as many whole sentences as fit, from its beginning. Models that read more are few here."""
FEWEST_WORDS = 30
_HUB = re.compile(r"hub:(?P<name>[^\s:@]+/[^\s:@]+)(?::(?P<config>[^\s:@]+))?(?:@(?P<revision>\S+))?")
_TEXTS, _TITLES = ("text", "content", "article", "page"), ("title", "name", "heading")


class Read(NamedTuple):
    """What a source held."""

    pages: list[Page]
    passed_over: Counter[str]
    """How many were not, by why."""


def read_pages(where: str, *, most: int = 1000) -> Read:
    """The first pages of `where`, each with a title of its own: a folder or a file of texts (of .txt and .md each is a
    page, of records each that has a text), a dump (.xml, .xml.bz2, …), or hub:OWNER/NAME[:CONFIG][@REVISION].

    Raises UserError where there is none, or it cannot be read.
    """
    passed_over, titles = Counter[str](), Counter[str]()
    pages = list[Page]()
    texts = set[str]()
    # Of what cannot be used, ten for each that can are looked at: a source is never read on for days in vain.
    for title, text in islice(_found(where, passed_over), 10 * most):
        text = _fitting(text)
        if len(words(text)) < FEWEST_WORDS:
            passed_over["too short"] += 1
            continue
        if text in texts:
            passed_over["the same as another"] += 1
            continue
        texts.add(text)
        title = " ".join(title.split()) or text.split(".")[0][:60]
        titles[title] += 1
        pages.append(Page(title=title if titles[title] == 1 else f"{title} ({titles[title]})", text=text))
        if len(pages) == most:
            break
    if not pages:
        told = "; ".join(f"{number} {why}" for why, number in passed_over.items()) or "it is empty"
        raise UserError(f"{where}: holds no page of at least {FEWEST_WORDS} words ({told}); name other texts")
    return Read(pages, passed_over)


def _found(where: str, passed_over: Counter[str]) -> Iterator[tuple[str, str]]:
    if where.startswith("hub:"):
        named = _HUB.fullmatch(where)
        if named is None:
            raise UserError(f"{where}: names no dataset; write hub:OWNER/NAME, hub:OWNER/NAME:CONFIG, with @REVISION")
        for record in HubSource(**named.groupdict()).resolve().records():
            yield from _page(record.value, "", passed_over)
        return
    path = Path(where)
    if path.is_file() and is_dump(path):
        yield from dump_articles(path)
        return
    for file in find_files(path)[0]:
        for record in read_records(file, text_row="file"):
            yield from _page(record.value, file.stem, passed_over)


def _page(value: Any, title: str, passed_over: Counter[str]) -> Iterator[tuple[str, str]]:
    if isinstance(value, BadRecord):
        passed_over[value.reason] += 1
    elif isinstance(value, str):
        yield title, value
    elif isinstance(value, dict) and (text := _first(value, _TEXTS)):
        yield _first(value, _TITLES) or title, text
    else:
        passed_over["without a text"] += 1


def _first(value: dict[str, Any], keys: tuple[str, ...]) -> str:
    return next((value[key] for key in keys if isinstance(value.get(key), str) and value[key].strip()), "")


def _fitting(text: str) -> str:
    """Its first sentences, as many as fit; lines stay lines."""
    kept, size = list[str](), 0
    for line in text[: 2 * LONGEST].splitlines():
        fit = list[str]()
        for sentence in sentences(line):
            size += len(sentence) + 1
            if size > LONGEST:
                break
            fit.append(sentence)
        if fit:
            kept.append(" ".join(fit))
        if size > LONGEST:
            break
    return "\n".join(kept)
