"""Structure where plain language was asked for: lists, headings, tables, code, markup.

A model that falls back on it no longer speaks as it was taught. What was asked for, by what was said before or by the
system prompt, is not looked at; a dash that opens a line of dialogue, a sum, a number at the beginning of a sentence
and a hashtag are none. Followed as a rate by kind; more than usual is a warning.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise

from espalier.signals.records import Signal
from training.config import TrainConfig
from training.monitors.base import Look, MonitorKind
from training.monitors.rates import followed
from training.monitors.spoken import spoken

_ASKED_FOR = re.compile(
    r"\b(?:list\w*|bullet\w*|steps?|step-by-step|tables?|columns?|headings?|outline|markdown|html|xml|json|yaml|latex|"
    r"code|program\w*|script|function|python|javascript|sql|bold|format(?:ted|ting)?|recipe|schedule|agenda|"
    r"listas?|viñetas?|pasos?|tablas?|columnas?|t[ií]tulos?|esquema|c[oó]digo|programas?|funci[oó]n|negrita|formato|"
    r"receta|horario)\b",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*[-*•·▪◦+]\s+\S", re.MULTILINE)
_NUMBERED = re.compile(r"^\s*\(?(\d{1,3})[.):]\s+\S", re.MULTILINE)
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+\S|^\S.{0,60}\n(?:={3,}|-{3,})\s*$|^\s*\*\*[^*\n]+\*\*:?\s*$", re.MULTILINE)
_ROW = re.compile(r"^\s*\|.*\|.*\|\s*$", re.MULTILINE)
_FENCE = re.compile(r"^\s*(?:```|~~~)", re.MULTILINE)
_CODE_LINE = re.compile(
    r"^\s*(?:def \w+\(|class \w+[(:]|(?:from \w[\w.]* )?import [\w.{*]|(?:const|let|var) \w+ ?=|function \w*\(|"
    r"#include|public (?:static|class)|return [\w(\[\"']+.*;|SELECT .+ FROM |[}\])]+;?$|\w[\w.]*\(.*\);?$|"
    r"\w+ ?[+-]?= ?.+;$|(?:for|while|if) ?\(.*\) ?\{|\"\w+\": )",
    re.MULTILINE,
)
_JSON = re.compile(r"[{\[]\s*\"[^\"\n]+\"\s*:")
_TAG = re.compile(
    r"</?(?:p|br|hr|div|span|b|i|u|em|strong|ul|ol|li|h[1-6]|table|tr|td|th|a|code|pre|html|body|head|script|style|img)"
    r"(?:\s[^<>\n]*)?/?>",
    re.IGNORECASE,
)
_INLINE = re.compile(
    r"(?<![\w*])(?:\*\*|__)(?=[^\W\d_])[^*_\n]*[^\W_](?:\*\*|__)(?![\w*])|`[^`\n]+`|\[[^\]\n]+\]\(\S+\)"
)
_LATEX = re.compile(r"\\(?:begin|frac|sum|int|sqrt|text\w*|section)\s*\{|\$\$.+?\$\$|\\\[.+?\\\]", re.DOTALL)


def _counted(text: str) -> bool:
    """Lines numbered one after the other."""
    numbers = [int(found[1]) for found in _NUMBERED.finditer(text)]
    return any(later == earlier + 1 for earlier, later in pairwise(numbers))


_KINDS: dict[str, Callable[[str], bool]] = {
    "list": lambda text: len(_BULLET.findall(text)) > 1 or _counted(text),
    "heading": lambda text: bool(_HEADING.search(text)),
    "table": lambda text: len(_ROW.findall(text)) > 1,
    "code": lambda text: bool(_FENCE.search(text) or _JSON.search(text)) or len(_CODE_LINE.findall(text)) > 1,
    "markup": lambda text: any(form.search(text) for form in (_TAG, _INLINE, _LATEX)),
}


def kinds_in(text: str) -> list[str]:
    """The kinds of structure in a text."""
    return [kind for kind, is_in in _KINDS.items() if is_in(text)]


class Structure:
    """The monitor."""

    def look(self, look: Look) -> Iterable[Signal]:
        """Signals `rate`, `found`, `of`, and of each kind its share."""
        judged = [each for each in spoken(look) if not each.asks_for(_ASKED_FOR)]
        found = [each.evidence | {"kinds": kinds} for each in judged if (kinds := kinds_in(each.text))]
        counts = Counter(kind for each in found for kind in each["kinds"])
        shares = [Signal(name=kind, value=counts[kind] / len(judged)) for kind in _KINDS if judged]
        return followed(look, "structure", "lists, headings, code or markup", found, len(judged), shares)


def _make(config: TrainConfig) -> Structure:
    return Structure()


MONITOR = MonitorKind(
    name="structure",
    looks_at="lists, headings, tables, code and markup in answers to which plain language was asked for",
    evidence="the texts, what they were said to, and the kinds of structure in them",
    make=_make,
)
