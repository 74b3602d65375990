"""Characters that do not belong in a text: wrongly decoded ones, control codes, invisible junk."""

from __future__ import annotations

import re

from data_mix.filters.config import FilterConfig
from data_mix.filters.draft import Draft, Drop, Filter, Repaired, rewrite, said
from data_mix.filters.scan import CONTROL, FOREIGN

# A first byte of UTF-8 and a second one, each read as Latin-1, Windows-1252 or Windows-1251, or a byte that was lost.
# Cheap, and true of some good text too: what it is true of is judged by ftfy.
_AS_1252 = "\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122"
_AS_1251 = "\u0080-\u00bf\u0402-\u045f\u0490\u0491\u2013-\u203a\u20ac\u2116\u2122"
_SUSPECT = re.compile(f"[\u00c2-\u00f4][{_AS_1252}]|[\u0420\u0421][{_AS_1251}]|\ufffd")
_LOST = "\ufffd"

_TERMINAL_CODE = re.compile(r"\x1b(?:\[[0-9;?]{0,16}[A-Za-z]|[()][A-Z0-9]|[=>78])?")
_LINE_CONTROL = re.compile("[\x0b\x0c\x85]")
_JUNK = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u2060-\u2064\ufeff\ufff9-\ufffc\ufffe\uffff]"
    # A break of no width belongs to scripts without spaces; joiners belong after a letter that joins, or in an emoji.
    "|(?<![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])\u200b"
    "|(?<![^\x00-\xff])[\u200c\u200d]"
)


def mojibake(config: FilterConfig) -> Filter | None:
    """Repair mojibake, or reason mojibake.

    By ftfy (Speer 2019, doi:10.5281/zenodo.2591652), which undoes only what is very unlikely to have been meant, and
    only where a cheap pattern sees a trace: good text in any language stays byte for byte.
    """
    if config.mojibake == "off":
        return None
    repair = config.mojibake == "repair"

    def look(draft: Draft) -> Drop | Repaired | None:
        if draft.text.isascii() or not _SUSPECT.search(draft.text):
            return None
        found = rewrite(draft, _decoded_again, "mojibake")
        if isinstance(found, Repaired) and not repair:
            return Drop("mojibake")
        messages = found.messages if isinstance(found, Repaired) else draft.messages
        if any(_LOST in text for text in said(messages)):
            return Drop("mojibake")
        return found

    return Filter(look, lambda scan: scan.misread())


def control(config: FilterConfig) -> Filter | None:
    """Repair control_characters, or reason control_characters. Tabs and line ends are none."""
    if config.control == "off":
        return None
    repair = config.control == "repair"

    def look(draft: Draft) -> Drop | Repaired | None:
        if draft.text.replace("\n", " ").replace("\t", " ").isprintable() or not _JUNK.search(draft.text):
            return None
        return rewrite(draft, _without_junk, "control_characters") if repair else Drop("control_characters")

    return Filter(look, lambda scan: scan.has(CONTROL | FOREIGN))


def _decoded_again(text: str) -> str:
    if text.isascii() or not _SUSPECT.search(text):
        return text
    import ftfy

    return str(ftfy.fix_encoding(text))


def _without_junk(text: str) -> str:
    if text.isprintable() or not _JUNK.search(text):
        return text
    return _JUNK.sub("", _LINE_CONTROL.sub("\n", _TERMINAL_CODE.sub("", text)))
