"""Is a reply speech at all? What looks for words alone asks first, or a salad of the right words would do."""

from __future__ import annotations

import re
from functools import lru_cache

from evaluation.metrics.base import Score
from evaluation.metrics.text import read
from evaluation.varieties.lists import languages

_LIKELY = 0.5
_QUOTED = re.compile(r"[\"“«„][^\"”»“\n]{1,60}[\"”»“]")
_OTHER_SCRIPT = re.compile(r"[\u0370-\u1fff\u3040-\ud7ff]+(?:\s+[\u0370-\u1fff\u3040-\ud7ff]+)*")
"""What a reply cites stands in no sentence of its language, and is read as one word there."""
_FEWEST, _REPEATED = 6, 0.5
"""Words from which much repetition tells, and the share of different ones below which it does."""


@lru_cache(maxsize=1024)
def is_speech(text: str) -> bool:
    """Whether it reads as language, where that can be told; of languages whose counts do not ship, whether it has a
    sentence and does not say the same words over and over."""
    from evaluation.fluency.verdict import fluency  # numpy, which scores that are known need not wait for

    words = read(text).words
    if len(words) >= _FEWEST and len(set(words)) / len(words) < _REPEATED:
        return False
    shown = _OTHER_SCRIPT.sub(" this ", _QUOTED.sub(" this ", text)) if re.search("[a-z]{3}", text) else text
    return bool(words) and fluency(shown).plausible >= _LIKELY


def hears(text: str) -> bool:
    """Whether the lists of words that say what is accepted and explained are of the text's language."""
    return read(text).language in (*languages(), "")


def unheard(text: str) -> Score:
    """An abstention that says so."""
    return Score(None, f"no list of such words in {read(text).language}")
