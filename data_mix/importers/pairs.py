"""Sentences and their translations.

    {"source", "target", "source_language"?, "target_language"?}    translated in this direction
    {"translation": {"es": …, "en": …}}                             as the Hugging Face hub has them
    {"left", "right", "left_language"?, "right_language"?}          lines of two files

Where no direction is given, the text itself decides, by its hash: both languages are learned, and the same record is
always the same row.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Any

from data_mix.importers.base import Imported, Importer, one, shown, text_of
from data_mix.importers.parts.around import NUMBERED
from data_mix.language.languages import code_of
from data_mix.reading.record import BadRecord

_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "eo": "Esperanto", "es": "Spanish", "et": "Estonian",
    "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French", "ga": "Irish", "gl": "Galician", "he": "Hebrew",
    "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "is": "Icelandic", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "ms": "Malay", "nl": "Dutch",
    "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak",
    "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "th": "Thai",
    "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
_KNOWN = frozenset(
    (
        "source", "target", "source_language", "target_language", "translation", "left", "right", "left_language",
        "right_language",
    )
)  # fmt: skip
_PHRASES = ("Translate into {}:\n", "How do you say this in {}?\n", "In {}, please:\n", "What is this in {}?\n")
_PHRASE_WITHOUT_NAME = "Translate:\n"


def from_pair(record: Any) -> Imported:
    """A request to translate, in one of a few phrasings, and the translation. `meta.language` is the answer's
    language, `meta.languages` the question's and the answer's."""
    (text, its_language), (answer, language), has_direction = _sides(record)
    chance = zlib.crc32(f"{text}\n{answer}".encode(errors="surrogatepass"))
    if not has_direction and chance & 1:
        (text, its_language), (answer, language) = (answer, language), (text, its_language)
    name = _NAMES.get(language or "")
    phrase = _PHRASES[(chance >> 1) % len(_PHRASES)].format(name) if name else _PHRASE_WITHOUT_NAME
    messages = [{"role": "user", "content": f"{phrase}{text}"}, {"role": "assistant", "content": answer}]
    meta: dict[str, Any] = {"language": language} if language else {}
    if language and its_language:
        meta["languages"] = [its_language, language]
    return Imported(messages=messages, meta=meta)


_Side = tuple[str, str | None]
"""A text, and the code of its language where that is known."""


def _sides(record: Any) -> tuple[_Side, _Side, bool]:
    """Both sides, and whether the first is to be translated into the second."""
    if isinstance(record, dict) and "translation" in record:
        sides = record["translation"]
        if not isinstance(sides, dict) or len(sides) != 2:
            raise BadRecord("bad_messages", "translation must hold the same text in two languages")
        one, other = sides
        return _side(sides, one, one), _side(sides, other, other), False
    has_direction = not (isinstance(record, dict) and "left" in record)
    one, other = ("source", "target") if has_direction else ("left", "right")
    first = _side(record, one, record.get(f"{one}_language") if isinstance(record, dict) else None)
    return first, _side(record, other, record.get(f"{other}_language")), has_direction


def _side(record: Any, key: str, label: Any) -> _Side:
    text = text_of(record, key).strip()
    if not text:
        raise BadRecord("bad_messages", f"{shown(key)} has no content")
    return text, _code(label) if isinstance(label, str) and len(label) <= 40 else None


_code = lru_cache(maxsize=1024)(code_of)


def _looks_like(record: dict[str, Any]) -> bool:
    return (
        isinstance(record.get("translation"), dict)
        or (isinstance(record.get("source"), str) and isinstance(record.get("target"), str))
        or ("left" in record and "right" in record)
    ) and "text" not in record


PAIRS = Importer(name="pairs", order=190, looks_like=_looks_like, convert=one(from_pair), keys=_KNOWN | NUMBERED)
