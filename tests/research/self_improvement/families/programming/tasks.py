"""Tasks that several tests use, and the pool that runs them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from espalier.errors import UserError
from espalier.sandbox import Pool
from espalier.sandbox.program import command_for
from research.self_improvement.families.programming.programming import LIMITS
from research.self_improvement.families.programming.task import Case, Task


def opened_pool() -> Iterator[Pool]:
    """One whose clock a busy machine does not run out of."""
    with Pool(replace(LIMITS, wall_seconds=240), workers=2) as pool:
        yield pool


def _has_node() -> bool:
    try:
        return command_for("javascript") is not None
    except UserError:
        return False


needs_node = pytest.mark.skipif(not _has_node(), reason="node is not installed")

COUNT = """\
numbers = [int(part) for part in input().split()]
count = 0
for each in numbers:
    if each > 3 and each % 2 == 0:
        count += each
print(count)
"""
COUNT_INPUTS = [
    "2 4 6\n",
    "1 8\n",
    "\n",
    "3\n",
    "4\n",
    "5 7 9\n",
    "2 2\n",
    "8 -8 10\n",
    "6 3 4 5\n",
    "1 2 3 4\n",
    "12 5\n",
]


def count_task(**changed: Any) -> Task:
    """The sum of the even numbers above three, as a whole program."""
    cases = [Case(given, str(_count(given))) for given in COUNT_INPUTS]
    given: dict[str, Any] = {
        "statement": "Add up the even numbers above 3.",
        "language": "python",
        "function": None,
        "shown": cases[:2],
        "hidden": cases[2:],
        "reference": COUNT,
        "probes": ["2 3 4 5 6\n", "4 4\n", "7 10\n"],
    }
    return Task(**(given | changed))


def _count(given: str) -> int:
    return sum(number for number in map(int, given.split()) if number > 3 and number % 2 == 0)


DOUBLE = {
    "python": "def double(items):\n    return [2 * each for each in items]\n",
    "javascript": "function double(items) {\n  return items.map(each => 2 * each);\n}\n",
}


def double_task(language: str = "python") -> Task:
    """A function over a list."""
    lists = [[1], [2, 3], [], [0], [-1, 5], [7, 7], [1, 2, 3]]
    cases = [Case(f"[{items}]", str([2 * each for each in items])) for items in lists]
    return Task(
        statement="Double each number of a list.",
        language=language,
        function="double",
        shown=cases[:2],
        hidden=cases[2:],
        reference=DOUBLE[language],
    )


HALVES = """\
def check(given, printed):
    parts = printed.split()
    return len(parts) == 2 and all(part.isdecimal() for part in parts) and sum(map(int, parts)) == int(given)
"""
HALVES_SOLUTION = "n = int(input())\na = 0\nb = n\nwhile b > a + 1:\n    a += 1\n    b -= 1\nprint(a, b)\n"


def halves_task(checker: str = HALVES, **changed: Any) -> Task:
    """Two numbers that come to n: many answers are right."""
    cases = [Case(f"{n}\n", None) for n in (5, 8, 0, 1, 3, 10, 40)]
    given: dict[str, Any] = {
        "statement": "Print two numbers that are not negative and add up to n.",
        "language": "python",
        "function": None,
        "shown": cases[:2],
        "hidden": cases[2:],
        "reference": HALVES_SOLUTION,
        "checker": checker,
    }
    return Task(**(given | changed))
