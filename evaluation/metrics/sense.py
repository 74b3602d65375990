"""Is a reply speech at all? What looks for words alone asks first, or a salad of the right words would do."""

from __future__ import annotations

import re
from functools import lru_cache

from evaluation.metrics.base import Score
from evaluation.metrics.text import read
from evaluation.varieties.lists import languages
from evaluation.varieties.mixing import shares

_LIKELY = 0.1
"""Nine in ten good replies that cite words of another language are above it, and one in 35 with its words at random."""
_QUOTED = re.compile(r"[\"“«„][^\"”»“\n]{1,60}[\"”»“]")
_OTHER_SCRIPT = re.compile(r"[\u0370-\u1fff\u3040-\ud7ff]+(?:\s+[\u0370-\u1fff\u3040-\ud7ff]+)*")
"""What a reply cites stands in no sentence of its language, and is read as one word there."""
_NO_COUNTS = ("ar", "sw", "zh")
"""Languages that have lists of words, and no counts of what follows what."""
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
    main = next(iter(shares(text)), "")
    if not words or main in _NO_COUNTS:
        return bool(words)
    shown = _OTHER_SCRIPT.sub(" this ", _QUOTED.sub(" this ", text))
    return fluency(shown).plausible >= _LIKELY


def hears(text: str) -> bool:
    """Whether the lists of words that say what is accepted and explained are of the text's language."""
    return read(text).language in (*languages(), "")


def unheard(text: str) -> Score:
    """An abstention that says so."""
    return Score(None, f"no list of such words in {read(text).language}")
