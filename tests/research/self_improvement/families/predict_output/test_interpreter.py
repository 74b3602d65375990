"""What a program prints by rule: the same as Python, or nothing is said."""

from __future__ import annotations

import ast
import random
import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from espalier.sandbox import Limits, Pool, Program
from research.self_improvement.families.predict_output.grammar import levels
from research.self_improvement.families.predict_output.interpreter import Unknown, follow
from tests.espalier.sandbox.walls import needs_walls


def test_steps_are_in_order_and_with_their_numbers() -> None:
    source = """
def f(a):
    if a > 4:
        return a - 4
    return a * 2 + 1
b = 3
for c in [7, 2]:
    b = b + f(c)
d = b
d += 1
print(b, d)
"""
    run = follow(ast.parse(source))
    assert run.output == "11 12\n"
    assert run.steps == (
        "c = 7", "7 > 4: yes", "7 - 4 = 3", "f(7) = 3", "b = 3 + 3 = 6",
        "c = 2", "2 > 4: no", "2 * 2 = 4", "4 + 1 = 5", "f(2) = 5", "b = 6 + 5 = 11",
        "d = 11", "d = 11 + 1 = 12",
    )  # fmt: skip


def test_what_was_not_run_is_not_reached() -> None:
    run = follow(
        ast.parse("def f(a):\n    return a\nfor b in range(0):\n    print(b)\nif 1 > 2:\n    print(3)\nprint(-4)")
    )
    names = {type(node).__name__ for node in run.reached}
    assert not {"For", "FunctionDef", "Return"} & names and {"If", "Compare"} <= names and run.output == "-4\n"


REFUSED = {
    "no end": "while True:\n    print(1)",
    "endless recursion": "def f(a):\n    return f(a)\nprint(f(1))",
    "too many rounds": "for a in range(9999999):\n    print(a)",
    "rounds of rounds": "for a in range(99):\n    for b in range(99):\n        c = a\nprint(c)",
    "too large": "a = 99999\nfor b in [1, 2, 3]:\n    a = a * a\nprint(a)",
    "a name of nothing": "print(a)",
    "a name of its own that a function has not yet": "a = 1\ndef f():\n    b = a\n    a = 2\n    return b\nprint(f())",
    "an argument called like a function": "def g(a):\n    return a\ndef f(g):\n    return g(1)\nprint(f(1))",
    "two arguments of one name": "def f(a, a):\n    return a\nprint(f(1, 2))",
    "too few arguments": "def f(a):\n    return a\nprint(f())",
    "no value": "def f(a):\n    if a > 3:\n        return a\nprint(f(1))",
    "another print": "def print(a):\n    return a\nprint(1)",
    "another range": "range = 3\nprint(range)",
    "a name of Python's": "__debug__ = 1\nprint(__debug__)",
    "a default": "def f(a=1):\n    return a\nprint(f())",
    "a decorator": "def g(a):\n    return 1\n@g\ndef f(a):\n    return a\nprint(f(1))",
    "a keyword": "print(1, end='')",
    "a text": "print('a')",
    "a truth": "print(True)",
    "a division": "print(7 / 2)",
    "a list among numbers": "print([1] + [2])",
    "a chain": "a = b = 1\nprint(a)",
    "two comparisons": "if 1 < 2 < 3:\n    print(1)",
    "return outside": "return 1",
    "an else of a loop": "for a in [1]:\n    print(a)\nelse:\n    print(2)",
    "an import": "import math\nprint(1)",
}  # fmt: skip


@pytest.mark.parametrize("source", REFUSED.values(), ids=list(REFUSED))
def test_what_it_does_not_know_it_refuses(source: str) -> None:
    with pytest.raises(Unknown):
        follow(ast.parse(source))


@given(st.integers(0, len(levels()) - 1), st.randoms(use_true_random=False))
def test_every_program_of_the_grammar_is_followed(level: int, rng: random.Random) -> None:
    run = follow(ast.parse(levels()[level].draw(rng)))
    assert run.steps and all(line.strip() for line in run.output.splitlines())


@needs_walls
def test_what_it_says_is_what_python_prints() -> None:
    rng, said = random.Random(0), dict[str, str]()
    for number in range(150):
        source = levels()[number % len(levels())].draw(rng)
        said[source] = follow(ast.parse(source)).output
        spoilt = _spoilt(source, rng)
        try:
            with warnings.catch_warnings(action="ignore"):
                said[spoilt] = follow(ast.parse(spoilt)).output
        except (SyntaxError, Unknown):
            pass
    assert len(said) > 190, "of the spoilt ones many can still be followed"
    with Pool(Limits(wall_seconds=120)) as pool:
        outcomes = list(pool.map(Program(source=source) for source in said))
    assert [(source, outcome.text) for source, outcome in zip(said, outcomes, strict=True)] == list(said.items())
    assert all(outcome.ok for outcome in outcomes)


def _spoilt(source: str, rng: random.Random) -> str:
    """A program with another name, number or sign in one place: sometimes none, and mostly another program."""
    place = rng.choice(list(re.finditer(r"\b[a-h]\b|\d|[-+*<>]", source)))
    other = rng.choice(next(kind for kind in ("abcdefgh", "0123456789", "+-*<>=") if place[0] in kind))
    return source[: place.start()] + other + source[place.end() :]
