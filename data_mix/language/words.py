"""A text as words, one way for everything that compares texts by their words.

    words("Don't stop: 3.5 km!")  ->  ["don", "t", "stop", "3", "5", "km"]
    words("我喜欢 Python")         ->  ["我", "喜", "欢", "python"]

The text is brought to Unicode's composed form (NFC) and casefolded. A word is then a longest run of letters, digits,
underscores and combining marks; all else sets words apart, but for a soft hyphen and characters of no width that join
or pick a variant, which are as if not there. In scripts written without spaces between words (Chinese characters, kana,
Thai, Lao, Burmese, Khmer) every character is a word.
"""

from __future__ import annotations

import unicodedata

_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # Chinese iteration mark and zero
    (0x3021, 0x3029),  # Chinese numerals
    (0x3041, 0x30FF),  # kana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Chinese characters
    (0x4E00, 0x9FFF),
    (0xA9E0, 0xA9FE),  # Burmese
    (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF),  # Chinese characters
    (0xFF66, 0xFF9F),  # kana of half width
    (0x20000, 0x3FFFF),  # Chinese characters
)
_NOT_THERE = frozenset("\u00ad\u2060\ufeff") | {chr(c) for c in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))}
_MARKS = frozenset({"Mn", "Mc"})


def words(text: str) -> list[str]:
    """The words of a text, in order; see above for what a word is."""
    # Most text is ASCII or fits Windows-1252 (curly quotes, Western Europe), where one table of bytes does letter case
    # and punctuation in one step, five times as fast. No such text is changed by NFC.
    if text.isascii():
        return text.encode().translate(ASCII_WORDS).decode().split()
    try:
        raw = text.encode("cp1252")
    except UnicodeEncodeError:
        pass
    else:
        if b"\xb5" not in raw:  # the micro sign, whose casefolded form is outside
            return raw.replace(b"\xdf", b"ss").translate(_WESTERN, b"\xad").decode("cp1252").split()
    return unicodedata.normalize("NFC", text).casefold().translate(_TABLE).split()


class _Table(dict[int, str]):
    """For `str.translate`: what to write for a character, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _written(chr(code))
        return found


def _written(char: str) -> str:
    if char in _NOT_THERE:
        return ""
    if not (char.isalnum() or char == "_" or unicodedata.category(char) in _MARKS):
        return " "
    return f" {char} " if any(low <= ord(char) <= high for low, high in _UNSPACED) else char


def _bytes_table(encoding: str) -> bytes:
    table = bytearray(b" " * 256)
    for code in range(256):
        char = bytes([code]).decode(encoding, "ignore")
        if char and len(char.casefold()) == 1 and (written := _written(char.casefold()).encode(encoding, "ignore")):
            table[code] = written[0]
    return bytes(table)


_TABLE = _Table()
ASCII_WORDS = _bytes_table("ascii")
"""For `bytes.translate`: ASCII as its words, with spaces for all else."""
_WESTERN = _bytes_table("cp1252")
