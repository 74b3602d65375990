"""A text read once for all metrics: its words, sentences and questions, and the content that another may take up."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from itertools import pairwise

from data_mix.language.speech import words
from evaluation.cases.case import Messages
from evaluation.metrics.stems import stem
from evaluation.metrics.stop_words import language_of, stop_stems
from evaluation.quantities.numerals import is_number, terms

_ABBREVIATION = re.compile(r"\b(?:mr|mrs|ms|dr|prof|st|vs|fig|approx|sr|sra|[a-z]\.[a-z])\.$", re.IGNORECASE)
_END = re.compile(r"(?<=[.?!…])[\"'”’»)\]*_]*\s+|(?<=[。！？।])|\n+")
_ASKS = re.compile(r"[?？؟][\s\"'”’»)\]*_!?。.]*$")


class Text:
    """What is said in one turn."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        """As it was written."""

    @cached_property
    def plain(self) -> str:
        """In lower case, with straight quotes."""
        return self.raw.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its words in lower case, contractions written out."""
        return tuple(words(self.raw))

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """Its sentences and lines, those with a word in them."""
        found: list[str] = []
        for part in _END.split(self.raw):
            if found and _ABBREVIATION.search(found[-1]):
                found[-1] += f" {part}"
            else:
                found.append(part)
        return tuple(part for part in found if words(part))

    @cached_property
    def questions(self) -> tuple[str, ...]:
        """The sentences that end in a question mark."""
        return tuple(sentence for sentence in self.sentences if _ASKS.search(sentence))

    @cached_property
    def language(self) -> str:
        """The code of the language it seems to be in, of the few whose function words are known; or empty."""
        return language_of(self.words)

    @cached_property
    def content(self) -> frozenset[str]:
        """What another can take up: stems of content words, numbers but 0 and 1, Chinese characters by themselves.

        Of other scripts without spaces, two characters that stand side by side.
        """
        stops = stop_stems(self.language)
        found = {term for term in terms(self.raw) if term not in stops and not _says_nothing(term)}
        apart = {term for term in found if len(term) == 1}
        han = {char for char in apart if "\u3400" <= char <= "\u9fff"}
        apart -= {char for char in apart if "\u3400" <= char <= "\u9fff"}
        pairs = {one + two for one, two in pairwise(self.words) if one in apart and two in apart} if apart else set()
        return frozenset({term for term in found if len(term) > 1} | han | pairs)

    def shared(self, content: frozenset[str]) -> list[str]:
        """What of another's content stands in it, in the order and the writing of this text."""
        found = dict.fromkeys(term for term in terms(self.raw) if term in content)
        found |= dict.fromkeys(sorted(content & self.content))  # which has the pairs
        return [term[1:] if is_number(term) else self._written.get(term, term) for term in found]

    @cached_property
    def _written(self) -> dict[str, str]:
        """By stem, the first of its words that has it."""
        return {stem(word): word for word in reversed(self.words)}


def _says_nothing(term: str) -> bool:
    return term in ("#0", "#1") or (len(term) == 1 and term < "\u0e00")


@lru_cache(maxsize=256)
def read(raw: str) -> Text:
    """The text, read once however many metrics ask for it."""
    return Text(raw)


def topic(messages: Messages) -> frozenset[str]:
    """What a conversation is about: the content of all that was said in it, instructions to the tutor apart."""
    return _topic(tuple(message["content"] for message in messages if message["role"] != "system"))


@lru_cache(maxsize=256)
def _topic(turns: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(*(read(turn).content for turn in turns))
