"""Articles of a Wikipedia dump, as `pages-articles.xml` has them, read from its beginning and only as far as needed.

The file is parsed by events and never held: it may have a hundred gigabytes. A document type, which dumps do not have,
is refused, so that there are no entities to expand and none from outside. What unpacks to far more than such files do
is refused, and so is what holds no end of a tag for megabytes.
"""

from __future__ import annotations

import bz2
import re
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from data_mix.reading.archives import MAX_RATIO, MAX_RATIO_FROM, open_file
from espalier.errors import UserError
from research.self_improvement.families.trivia.wikitext import plain_text

LONGEST_ARTICLE = 4 * 2**20
"""Characters of markup; what is longer is no article to ask about, and is passed over."""
# Parts of large dumps end in the pages that they hold: .xml-p1p41242.bz2
_DUMP = re.compile(r"\.xml(?:-p\d+p\d+[\w-]*)?(?:\.(?:bz2|gz|zst))?\Z", re.IGNORECASE)
_CHUNK = 2**16
_WITHOUT_EVENT = 16 * 2**20
_KEPT = ("title", "ns", "text")


def is_dump(path: Path) -> bool:
    """Whether a file's name says that it is a dump, packed or not."""
    return bool(_DUMP.search(path.name))


def dump_articles(path: Path) -> Iterator[tuple[str, str]]:
    """Title and text of each article in order, without redirects and pages about the encyclopedia.

    Raises UserError where the file is none, is damaged or made to do harm; what was read before has been given.
    """
    found = _Articles(path)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = found.refuse
    parser.StartElementHandler, parser.EndElementHandler = found.begin, found.end
    parser.CharacterDataHandler = found.say
    num_read = 0
    try:
        for chunk in _chunks(path):
            parser.Parse(chunk)
            num_read += len(chunk)
            if num_read - parser.CurrentByteIndex > _WITHOUT_EVENT:
                raise UserError(f"{path}: holds no end of a tag for {_WITHOUT_EVENT // 2**20} MiB, so it is no dump")
            yield from found.take()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise UserError(f"{path}: is no whole XML ({error}); fetch it again, or name a pages-articles dump") from error
    yield from found.take()
    if not found.is_dump:
        raise UserError(f"{path}: is XML, but holds no page of a MediaWiki dump; name a pages-articles dump")


class _Articles:
    """What the parser's events say."""

    def __init__(self, path: Path) -> None:
        self.is_dump = False
        self._path = path
        self._ready: list[tuple[str, str]] = []
        self._inside = ""
        self._said: dict[str, list[str]] = {}
        self._size = 0
        self._redirects = False

    def take(self) -> list[tuple[str, str]]:
        """The articles that have ended since."""
        ready, self._ready = self._ready, []
        return ready

    def refuse(self, *_: object) -> NoReturn:
        raise UserError(f"{self._path}: declares a document type, as no dump does; it is not read")

    def begin(self, name: str, _: object) -> None:
        if name == "page":
            self.is_dump = True
            self._said, self._size, self._redirects = {}, 0, False
        elif name == "redirect":
            self._redirects = True
        self._inside = name if name in _KEPT else ""
        if self._inside:
            # Of several revisions, the last.
            self._said[name] = []

    def end(self, name: str) -> None:
        self._inside = ""
        if name != "page":
            return
        title, space, text = ("".join(self._said.get(key, ())) for key in _KEPT)
        if space.strip() in ("", "0") and not self._redirects and self._size <= LONGEST_ARTICLE:
            self._ready.append((title.strip(), plain_text(text)))
        self._said = {}

    def say(self, words: str) -> None:
        if not self._inside:
            return
        self._size += len(words)
        if self._size <= LONGEST_ARTICLE:
            self._said.setdefault(self._inside, []).append(words)


def _chunks(path: Path) -> Iterator[bytes]:
    given, limit = 0, max(MAX_RATIO_FROM, MAX_RATIO * path.stat().st_size)
    try:
        with _opened(path) as stream:
            while chunk := stream.read(_CHUNK):
                given += len(chunk)
                if given > limit:
                    raise UserError(f"{path}: unpacks to more than {MAX_RATIO} times its size, as no dump does")
                yield chunk
    except (EOFError, OSError) as error:
        raise UserError(f"{path}: cannot be read on ({error}); fetch it again") from error


def _opened(path: Path) -> bz2.BZ2File | BufferedReader:
    return bz2.open(path) if path.suffix.lower() == ".bz2" else open_file(path)
