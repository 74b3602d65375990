"""Numbers in words, in English: "twenty-seven", "two hundred and five", "three quarters"."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

_BELOW_TWENTY = """
zero one two three four five six seven eight nine ten
eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
"""
_FROM_TWENTY = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = {word: value for value, word in enumerate(_BELOW_TWENTY.split())}
_TENS = {word: 10 * value for value, word in enumerate(_FROM_TWENTY.split(), start=2)}
SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_PARTS = {
    f"{name}{plural}": value
    for value, names in enumerate(
        ("half halve", "third", "quarter fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"), start=2
    )
    for name in names.split()
    for plural in ("", "s")
}
NUMBER_WORDS = frozenset({*_UNITS, *_TENS, "hundred", "half"})


def number_at(spoken: Sequence[str], place: int) -> tuple[Fraction | None, int]:
    """The number that begins at `place`, and where it ends."""
    if spoken[place] == "half":
        return Fraction(1, 2), place + 1
    total, now, start = 0, None, place
    while place < len(spoken):
        word = spoken[place]
        if word in _UNITS and (now is None or _takes(now, _UNITS[word])):
            now = (now or 0) + _UNITS[word]
        elif word in _TENS and (now is None or now % 100 == 0):
            now = (now or 0) + _TENS[word]
        elif word == "hundred" and (now is None or 0 < now < 100):
            now = (now or 1) * 100
        elif word in SCALES and (now or place == start):
            total, now = total + (now or 1) * SCALES[word], 0
        elif not (
            word == "and" and place > start and spoken[place - 1] in ("hundred", *SCALES) and _more(spoken, place)
        ):
            break
        place += 1
    if place == start or (place == start + 1 and spoken[start] in SCALES):
        return None, start
    value = Fraction(total + (now or 0))
    if place < len(spoken) and spoken[place] in _PARTS and value:
        return value / _PARTS[spoken[place]], place + 1
    return value, place


def _takes(now: int, unit: int) -> bool:
    """Whether a unit may follow: "twenty" takes "seven", and "hundred" takes "twelve"; "two" takes none."""
    return now % 100 == 0 or (now % 10 == 0 and now % 100 >= 20 and 0 < unit < 10)


def _more(spoken: Sequence[str], place: int) -> bool:
    return place + 1 < len(spoken) and (spoken[place + 1] in _UNITS or spoken[place + 1] in _TENS)
