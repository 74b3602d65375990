"""Equations in figures as they stand in a text, and whether they hold: 26 - 2 = 24, 70/24 = 2.92, 7 + 3 + 8 = 18."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_NUMBER = r"\$?\d+(?:,\d{3})*(?:\.\d+)?%?"
_SIGN = r"\s*[-+*/x×÷·:−–]\s*"
_EQUATION = re.compile(rf"(?<![\w.)(/*+−-])({_NUMBER}(?:{_SIGN}{_NUMBER}){{1,8}})\s*=\s*({_NUMBER})(?!\s*[-+*/x×÷(\d])")
_TIMES, _BY, _MINUS = "*x×·", "/÷:", "-−–"
_ONE_WAY = {ord(sign): signs[0] for signs in (_TIMES, _BY, _MINUS) for sign in signs}


@dataclass(frozen=True, kw_only=True, slots=True)
class Equation:
    """One equation."""

    text: str
    """As it was written."""
    left: str
    """What is computed."""
    right: str
    """What it is said to come to."""

    @property
    def key(self) -> str:
        """What is computed, however it is written."""
        return re.sub(r"[\s$,]", "", self.left).translate(_ONE_WAY)

    @property
    def holds(self) -> bool:
        """Whether both sides are equal, the right one rounded perhaps."""
        value = computed(self.left)
        digits = len(self.right.rstrip("%").partition(".")[2])
        return value is not None and abs(value - _value(self.right)) <= (Fraction(1, 2 * 10**digits) if digits else 0)


def equations(text: str) -> list[Equation]:
    """The equations of a text, in order."""
    return [
        Equation(text=match[0].strip(), left=match[1].strip(), right=match[2].strip())
        for match in _EQUATION.finditer(text)
    ]


def computed(expression: str) -> Fraction | None:
    """What an expression without parentheses comes to; None where it divides by zero."""
    parts = re.findall(rf"{_NUMBER}|[-+*/x×÷·:−–]", expression)
    sums = [_value(parts[0])]
    for sign, number in zip(parts[1::2], parts[2::2], strict=True):
        value = _value(number)
        if sign in _TIMES:
            sums[-1] *= value
        elif sign in _BY:
            if not value:
                return None
            sums[-1] /= value
        else:
            sums.append(-value if sign in _MINUS else value)
    return sum(sums, Fraction(0))


def _value(number: str) -> Fraction:
    value = Fraction(number.strip("$%").replace(",", ""))
    return value / 100 if number.endswith("%") else value
