"""Kinds about numbers and lists of them, which take one pass."""

from __future__ import annotations

import random
from typing import Any

from research.self_improvement.families.programming.kinds.kind import Kind, Params


def some_numbers(rng: random.Random, low: int = -20, high: int = 20, longest: int = 9) -> list[int]:
    """Between one and `longest` of them."""
    return [rng.randint(low, high) for _ in range(rng.randint(1, longest))]


class Linear(Kind):
    """One sum."""

    name, topic, level = "linear", "arithmetic", 0
    takes = {"n": "number"}
    python = "def solve(n):\n    return A * n + B\n"
    javascript = "function solve(n) {\n  return A * n + B;\n}\n"

    def params(self, rng: random.Random) -> dict[str, Any]:
        return {"A": rng.randint(2, 12), "B": rng.randint(1, 30)}

    def asked(self, p: Params) -> str:
        return f"Given a number n, find {p['A']} times n, plus {p['B']}."

    def truth(self, p: Params, n: int) -> int:
        return sum([n] * p["A"], p["B"])

    def draw(self, p: Params, rng: random.Random) -> list[Any]:
        return [rng.randint(-100, 100)]

    def edges(self, p: Params) -> list[list[Any]]:
        return [[0], [-1]]


class Clamp(Kind):
    """A condition on either side."""

    name, topic, level = "clamp", "conditions", 1
    takes = {"n": "number"}
    python = "def solve(n):\n    if n < LOW:\n        return LOW\n    if n > HIGH:\n        return HIGH\n    return n\n"
    javascript = """\
function solve(n) {
  if (n < LOW) { return LOW; }
  if (n > HIGH) { return HIGH; }
  return n;
}
"""

    def params(self, rng: random.Random) -> dict[str, Any]:
        low = rng.randint(-20, 10)
        return {"LOW": low, "HIGH": low + rng.randint(5, 30)}

    def asked(self, p: Params) -> str:
        return (
            f"Given a number n, find {p['LOW']} where n is less than that, {p['HIGH']} where it is more than that, "
            "and n itself otherwise."
        )

    def truth(self, p: Params, n: int) -> int:
        return int(sorted([p["LOW"], n, p["HIGH"]])[1])

    def draw(self, p: Params, rng: random.Random) -> list[Any]:
        return [rng.randint(p["LOW"] - 12, p["HIGH"] + 12)]

    def edges(self, p: Params) -> list[list[Any]]:
        return [[p["LOW"] - 1], [p["LOW"] + 1], [p["HIGH"] - 1], [p["HIGH"] + 1]]


class Divisible(Kind):
    """Two conditions at a time."""

    name, topic, level = "divisible", "conditions", 1
    takes = {"n": "number"}
    python = """\
def solve(n):
    if n % A == 0 and n % B == 0:
        return "both"
    if n % A == 0:
        return "first"
    if n % B == 0:
        return "second"
    return n
"""
    javascript = """\
function solve(n) {
  if (n % A === 0 && n % B === 0) { return "both"; }
  if (n % A === 0) { return "first"; }
  if (n % B === 0) { return "second"; }
  return n;
}
"""

    def params(self, rng: random.Random) -> dict[str, Any]:
        first, second = rng.sample(range(2, 13), 2)
        return {"A": first, "B": second}

    def asked(self, p: Params) -> str:
        return (
            f'Given a number n, find the text "both" where n can be divided by {p["A"]} and by {p["B"]}, "first" where '
            f'only by {p["A"]}, "second" where only by {p["B"]}, and otherwise n itself.'
        )

    def truth(self, p: Params, n: int) -> Any:
        by = [n % p["A"] == 0, n % p["B"] == 0]
        return {(True, True): "both", (True, False): "first", (False, True): "second"}.get((by[0], by[1]), n)

    def draw(self, p: Params, rng: random.Random) -> list[Any]:
        return [rng.randint(1, 30) * rng.choice([1, 1, p["A"], p["B"], p["A"] * p["B"]])]

    def edges(self, p: Params) -> list[list[Any]]:
        return [[0], [p["A"]], [p["B"]], [p["A"] * p["B"]], [1], [p["A"] * p["B"] + 1]]


class SumOfMultiples(Kind):
    """A loop with a condition."""

    name, topic, level = "sum of multiples", "lists", 2
    takes = {"numbers": "numbers"}
    python = """\
def solve(numbers):
    total = 0
    for each in numbers:
        if each % K == 0:
            total += each
        elif each > M:
            total += 1
    return total
"""
    javascript = """\
function solve(numbers) {
  let total = 0;
  for (const each of numbers) {
    if (each % K === 0) {
      total += each;
    } else if (each > M) {
      total += 1;
    }
  }
  return total;
}
"""

    def params(self, rng: random.Random) -> dict[str, Any]:
        return {"K": rng.randint(2, 7), "M": rng.randint(-5, 12)}

    def asked(self, p: Params) -> str:
        return (
            f"Given a list of numbers, add up those that can be divided by {p['K']}, and 1 for each of the others that "
            f"is more than {p['M']}."
        )

    def truth(self, p: Params, numbers: list[int]) -> int:
        return sum(each if each % p["K"] == 0 else int(each > p["M"]) for each in numbers)

    def draw(self, p: Params, rng: random.Random) -> list[Any]:
        return [some_numbers(rng)]

    def edges(self, p: Params) -> list[list[Any]]:
        return [[[]], [[p["M"], p["M"] + 1]], [[p["K"], -p["K"], p["K"] * 2]]]


class EveryKth(Kind):
    """Places as well as values."""

    name, topic, level = "every kth", "lists", 3
    takes = {"numbers": "numbers"}
    python = """\
def solve(numbers):
    total = 0
    for place, each in enumerate(numbers):
        if place % K == S:
            total += each
        elif each < 0:
            total -= each
    return total
"""
    javascript = """\
function solve(numbers) {
  let total = 0;
  for (let place = 0; place < numbers.length; place++) {
    if (place % K === S) {
      total += numbers[place];
    } else if (numbers[place] < 0) {
      total -= numbers[place];
    }
  }
  return total;
}
"""

    def params(self, rng: random.Random) -> dict[str, Any]:
        step = rng.randint(2, 12)
        return {"K": step, "S": rng.randrange(step)}

    def asked(self, p: Params) -> str:
        return (
            f"Given a list of numbers whose places are counted from 0, add up the numbers at place {p['S']} and at "
            f"every {p['K']} places after it; from that, take away those numbers at other places that are negative."
        )

    def truth(self, p: Params, numbers: list[int]) -> int:
        chosen = numbers[p["S"] :: p["K"]]
        return sum(chosen) - (sum(n for n in numbers if n < 0) - sum(n for n in chosen if n < 0))

    def draw(self, p: Params, rng: random.Random) -> list[Any]:
        return [some_numbers(rng, longest=16)]

    def edges(self, p: Params) -> list[list[Any]]:
        return [[[]], [[5]], [[-5]], [[*range(-8, 9)]]]


KINDS = (Linear(), Clamp(), Divisible(), SumOfMultiples(), EveryKth())
