"""Numbers in words and in figures: 36 is "thirty-six", 2.5 "two point five"."""

from __future__ import annotations

from fractions import Fraction

_BELOW_TWENTY = """
zero one two three four five six seven eight nine ten
eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
"""
_FROM_TWENTY = "twenty thirty forty fifty sixty seventy eighty ninety"
SMALL, TENS = tuple(_BELOW_TWENTY.split()), tuple(_FROM_TWENTY.split())
_SCALES = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_PARTS = dict(enumerate(("half", "third", "quarter", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"), start=2))


def figure(value: Fraction) -> str:
    """A number in figures: 12, 2.5, 5/6."""
    if value.denominator == 1:
        return str(value.numerator)
    digits = next((place for place in range(1, 5) if (value * 10**place).denominator == 1), 0)
    return f"{float(value):.{digits}f}" if digits else str(value)


def spelled(value: Fraction) -> str | None:
    """A number in English words; None from a trillion on, and for fractions that have no everyday name."""
    if value < 0:
        positive = spelled(-value)
        return f"minus {positive}" if positive else None
    if value >= 10**12:
        return None
    if value.denominator == 1:
        return _whole(value.numerator)
    if value.denominator in _PARTS and value < 1:
        return f"{_whole(value.numerator)} {_PARTS[value.denominator]}{'s' * (value.numerator > 1)}"
    whole, _, digits = figure(value).partition(".")
    return f"{_whole(int(whole))} point {' '.join(SMALL[int(digit)] for digit in digits)}" if digits else None


def _whole(value: int) -> str:
    for scale, name in _SCALES:
        if value >= scale:
            above, rest = divmod(value, scale)
            joined = " and " if scale == 100 or rest < 100 else " "
            return f"{_whole(above)} {name}" + (f"{joined}{_whole(rest)}" if rest else "")
    if value < len(SMALL):
        return SMALL[value]
    tens, unit = divmod(value, 10)
    return TENS[tens - 2] + (f"-{SMALL[unit]}" if unit else "")
