"""A text as tokens in which order can be counted: words in lower case, numbers, signs and marks by kind.

    "Hm, 12 x 3 = $36. Julia's apples?"  ->  hm , <num> <op> <num> = <money> . julia 's apples ?

A word that a vocabulary lacks is told by its shape, `<…ing>`, `<Name>`; that is `shape`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

LONGEST = 6000
"""Characters of a text that are read, half from its beginning and half from its end."""
SHAPES = (
    "<start>", "<num>", "<decimal>", "<money>", "<percent>", "<op>", "<sign>", "<letter>", "<script>", "<odd>",
    "<Name>", "<short>", "<long>", "<…ing>", "<…ed>", "<…ly>", "<…tion>", "<…ness>", "<…al>", "<…er>", "<…est>",
    "<…able>", "<…s>", "<…y>", "<…e>", "<…vowel>", "<word>",
)  # fmt: skip
"""Kinds of token that no vocabulary lists, in the order of their ids."""

ENDS = frozenset(".?!:")
"""Marks after which a sentence begins."""

PLAIN = str.maketrans(
    {
        "\r": "\n",
        "’": "'",
        "‘": "'",
        "´": "'",
        "“": '"',
        "”": '"',
        "«": '"',
        "»": '"',
        "„": '"',
        "–": "-",
        "—": "-",
        "…": ".",
    }
)
_TOKEN = re.compile(
    r"(?P<num>[$£€]?\d[\d,.:/]*\d[%°]?|[$£€]?\d[%°]?|\.\d+)"
    r"|(?P<op>(?:(?<=\d)|(?<=\d\s))[xX](?=\s*[$(]?\d)|[+*/×÷·^](?=\s*[(\d$]|\s*[a-z]\b)|-(?=\s*[$(]?\d)|[×÷])"
    r"|(?P<word>[^\W\d_]+(?:['-][^\W\d_]+)*'?)|(?P<equal>[=≈<>≤≥])"
    r"|(?P<mark>[.,?!;:()\"\n¿¡-])|(?P<sign>[^\s\w])"
)
_CLITIC = re.compile(r"(?<=[a-z])'(?:s|re|ve|ll|d|m)$")
_ELISION = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quelqu)'(?=\w)")
AMOUNTS = frozenset(("<num>", "<decimal>", "<money>", "<percent>"))
_ENDINGS = (
    ("ing", "<…ing>"), ("ed", "<…ed>"), ("ly", "<…ly>"), ("tion", "<…tion>"), ("sion", "<…tion>"), ("ment", "<…tion>"),
    ("ness", "<…ness>"), ("ity", "<…ness>"), ("ance", "<…ness>"), ("ence", "<…ness>"), ("al", "<…al>"),
    ("ous", "<…al>"), ("ful", "<…al>"), ("ive", "<…al>"), ("ic", "<…al>"), ("less", "<…al>"), ("able", "<…able>"),
    ("ible", "<…able>"), ("est", "<…est>"), ("er", "<…er>"), ("or", "<…er>"), ("s", "<…s>"), ("y", "<…y>"),
    ("e", "<…e>"),
)  # fmt: skip
_VOWELS = re.compile(r"[aeiouyáéíóúüöäàèêâîôûëïœæ]")
_ODD = re.compile(r"(.)\1\1|[^aeiouyáéíóúüöäàèêâîôûëïœæ'-]{6}")


class Token(NamedTuple):
    """One token of a text."""

    text: str
    """A word in lower case, a mark, or a kind such as `<num>`."""
    shape: str
    """The kind that stands for it where a vocabulary lacks it."""
    raw: str
    """As it stands, in lower case."""
    start: int
    """Where it begins in what was read, in characters."""
    end: int
    """Where it ends."""

    @property
    def is_word(self) -> bool:
        """Whether it is of letters, a clitic ('s) apart."""
        return self.text[0].isalpha()


def read(text: str) -> str:
    """The part of a text that is looked at, with plain quotes and dashes."""
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]}\n{text[-LONGEST // 2 :]}"
    return text.translate(PLAIN)


@lru_cache(maxsize=1024)
def tokens(text: str) -> tuple[Token, ...]:
    """The tokens of what `read` gives, in order."""
    found: list[Token] = []
    shouts = text.isupper()
    for match in _TOKEN.finditer(text):
        kind, raw, start, end = match.lastgroup, match[0], match.start(), match.end()
        if kind == "num":
            name = _number(raw)
            found.append(Token(name, name, raw, start, end))
        elif kind == "word":
            _add_word(found, raw, start, capital=raw[0].isupper() and not shouts)
        elif kind in ("op", "sign"):
            found.append(Token(f"<{kind}>", f"<{kind}>", raw, start, end))
        elif raw != "\n":
            found.append(Token(raw, "<sign>", raw, start, end))
        elif found and found[-1].text not in ENDS:  # a line that ends is a sentence that ends
            found.append(Token(".", "<sign>", raw, start, end))
    return tuple(found)


def _add_word(found: list[Token], raw: str, start: int, *, capital: bool) -> None:
    word, end = raw.lower().rstrip("'"), start + len(raw)
    if "'" not in word:
        found.append(Token(word, shape(word, capital=capital), word, start, end))
    elif clitic := _CLITIC.search(word):
        stem, at = word[: clitic.start()], start + clitic.start()
        found.append(Token(stem, shape(stem, capital=capital), stem, start, at))
        found.append(Token(clitic[0], "<short>", clitic[0], at, end))
    elif elided := _ELISION.match(word):
        rest, at = word[elided.end() :], start + elided.end()
        found.append(Token(elided[0], "<short>", elided[0], start, at))
        found.append(Token(rest, shape(rest, capital=capital), rest, at, end))
    else:
        found.append(Token(word, shape(word, capital=capital), word, start, end))


def _number(raw: str) -> str:
    if raw[0] in "$£€":
        return "<money>"
    if raw[-1] in "%°":
        return "<percent>"
    return "<decimal>" if set(raw) & set("./:") else "<num>"


@lru_cache(maxsize=16384)
def shape(word: str, *, capital: bool = False) -> str:
    """The kind of an unknown word in lower case, by its capital and its ending."""
    if len(word) == 1:
        return "<letter>"
    if word[0] > "\u024f":
        return "<script>"
    if _ODD.search(word) or not _VOWELS.search(word):
        return "<Name>" if capital and len(word) < 6 else "<odd>"
    if capital:
        return "<Name>"
    if len(word) < 4:
        return "<short>"
    for ending, kind in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return kind
    if word[-1] in "aiou":
        return "<…vowel>"
    return "<long>" if len(word) > 10 else "<word>"
