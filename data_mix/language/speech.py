"""What is said, as words: one way for all that compares a tutor's words with a learner's.

    tokens("I can't, I'm 3.5 km off. L'été?")  ->  i can not i am 3.5 km off . l été ?

Contractions are written out, so that "you're" and "you are" are the same words; a number is one word. In scripts
without spaces between words every character is one, as in `words`, which is for whole corpora: it is quicker,
and takes "can't" for two words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Sequence
from functools import lru_cache

from data_mix.language.words import words as characters_apart

_ENDINGS = {
    "can't": "can not", "cannot": "can not", "won't": "will not", "shan't": "shall not", "let's": "let us",
    "n't": " not", "'m": " am", "'re": " are", "'ve": " have", "'ll": " will",
    "'s": " is",  # or a genitive, and then it is the same on both sides
}  # fmt: skip
_CONTRACTION = re.compile(r"\b(?:can't|cannot|won't|shan't|let's)\b|n't\b|'(?:m|re|ve|ll|s)\b")
_ELISION = re.compile(
    r"\b([cdjlmnst]|qu|jusqu|lorsqu|puisqu|quelqu|d?all|d?ell|dell|nell|sull|quest|quell|com|dov)'(?=\w)"
)
_LETTER = r"[\w\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u0e31-\u0ecd]"
"""Letters, digits, and the marks that Python does not count among letters: accents, vowels of Arabic, Hindi, Thai."""
_TOKEN = re.compile(rf"\d+(?:[.,]\d+)+|{_LETTER}+(?:'{_LETTER}+)*|[.?!;:…\n。！？；：؟।]")
_BREAKS = frozenset(".?!;:…\n。！？；：؟।")

YOURS = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "i'm": "you're", "i've": "you've",
    "we": "you", "us": "you", "our": "your", "ours": "yours", "ourselves": "yourselves", "am": "are",
    "we're": "you're", "we've": "you've",
}  # fmt: skip
"""What a speaker calls their own, as the other calls it."""


@lru_cache(maxsize=1024)
def _tokens(text: str) -> tuple[str, ...]:
    text = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("_", " ").lower()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if "'" in text or "cannot" in text:
        text = _ELISION.sub(r"\1 ", _CONTRACTION.sub(lambda found: _ENDINGS[found[0]], text))
    found = _TOKEN.findall(text)
    if text.isascii():
        return tuple(found)
    return tuple(piece for token in found for piece in _apart(token))


def _apart(token: str) -> Sequence[str]:
    """A run of letters as it is, or, of a script without spaces, as its characters."""
    if token.isascii() or token in _BREAKS:
        return (token,)
    pieces = characters_apart(token.replace("'", ""))
    return pieces if len(pieces) > 1 else (token,)


def tokens(text: str) -> list[str]:
    """Words in lower case, and the marks that end a sentence or clause; commas, quotes and dashes are passed over."""
    return list(_tokens(text))


def words(text: str) -> list[str]:
    """The words of `text` in lower case, contractions written out."""
    return [token for token in _tokens(text) if token not in _BREAKS]


def find(text: Sequence[Hashable], phrase: Sequence[Hashable]) -> list[int]:
    """Where `phrase` begins in `text`, both as tokens; an empty phrase is nowhere."""
    size = len(phrase)
    if not size:
        return []
    first, last = phrase[0], len(text) - size
    return [at for at, token in enumerate(text) if token == first and at <= last and text[at : at + size] == phrase]


def contains(text: str, phrase: str) -> bool:
    """Whether the words of `phrase` stand in `text` side by side, within one sentence, as whole words in any case."""
    return bool(find(tokens(text), words(phrase)))


@lru_cache(maxsize=256)
def to_tutors_person(sentence: str) -> str:
    """`sentence` said to the one who said it: "I lost my cat." becomes "you lost your cat"."""
    clause = re.sub(r"[.?!\s]+$", "", sentence)
    clause = re.sub(r"\b(I|we) was\b", "you were", clause, flags=re.IGNORECASE)
    turned = re.sub(r"[A-Za-z']+", lambda match: YOURS.get(match[0].lower(), match[0]), clause)
    return turned[:1].lower() + turned[1:]
