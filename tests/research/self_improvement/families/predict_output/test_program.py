"""What is a usable program, how hard it is, and which are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.self_improvement.families.family import Refused
from research.self_improvement.families.predict_output.program import HELD_OUT, Source, difficulty, skill


def read(text: str) -> Source:
    source = Source.read(text)
    assert isinstance(source, Source), source
    return source


def level(text: str) -> int:
    source = read(text)
    return difficulty(source.tree, source.followed())


@pytest.mark.parametrize(
    "other",
    [
        "b = 3\nd = 4\nprint(b + d)", "a = 3\nb = 4\nprint(b + a)",
        "a=3  # three\n\nb = 4\nprint( (a+b) )\n\n", "a = 3\nb = 4\nprint(a+b)\r\n",
    ],
)  # fmt: skip
def test_names_layout_and_order_make_no_other_program(other: str) -> None:
    source = read("a = 3\nb = 4\nprint(a + b)")
    assert read(other).canonical == source.canonical and read(other).held_out == source.held_out


@pytest.mark.parametrize(
    "other",
    [
        "a = 3\nb = 4\nprint(a - b)", "a = 4\nb = 3\nprint(a + b)", "a = 3\nb = 4\nprint(a + a)",
        "a = 3\nb = 4\nprint(a + 4)",
    ],
)  # fmt: skip
def test_what_is_another_program_stays_one(other: str) -> None:
    assert read(other).canonical != read("a = 3\nb = 4\nprint(a + b)").canonical


def test_an_order_that_matters_is_kept_and_an_update_is_an_assignment() -> None:
    assert read("print(3 - 4)").canonical != read("print(4 - 3)").canonical
    assert read("print(len([2, 2]))").canonical != read("print(sum([2, 2]))").canonical
    assert read("a = 1\na += 2\nprint(a)").canonical == read("b = 1\nb = 2 + b\nprint(b)").canonical


def test_a_share_of_all_programs_is_held_out() -> None:
    held_out = [read(f"print({one} - {other})").held_out for one in range(60) for other in range(60)]
    assert abs(sum(held_out) / len(held_out) - HELD_OUT) < 0.02


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no program"),
        (" \n\n", "no program"),
        ("print(", "no Python"),
        ("print(1)\0", "no Python"),
        ("print('\ud800')", "no Python"),
        ("-" * 590 + "1", "no Python"),
        ("(" * 300 + ")" * 300, "no Python"),
        ("I think it is 7.", "no Python"),
        ("print(1)\n" * 40, "too long a program"),
        ("print(1)" + " + 1" * 200, "too long a program"),
        ("print('```')", "prints what an answer is framed with"),
        ("import random\nprint(random.random())", "could print something else another time"),
        ("import os.path\nprint(1)", "could print something else another time"),
        ("from time import time\nprint(time())", "could print something else another time"),
        ("from . import a", "could print something else another time"),
        ("from collections import _sys", "could print something else another time"),
        ("import collections\nprint(collections._sys.path)", "could print something else another time"),
        ("print(input())", "could print something else another time"),
        ("print(open('a').read())", "could print something else another time"),
        ("print(id(3) % 2)", "could print something else another time"),
        ("print(hash('a'))", "could print something else another time"),
        ("__import__('os')", "could print something else another time"),
        ("print(().__class__)", "could print something else another time"),
        ("eval('1')", "could print something else another time"),
    ],
)
def test_what_is_no_question_is_refused(text: str, why: str) -> None:
    assert Source.read(text) == Refused(why)


def test_modules_that_always_do_the_same_are_welcome() -> None:
    read("import math\nfrom collections import Counter\nprint(math.gcd(12, 18), Counter('aab'))")


@given(st.text(max_size=80) | st.text("abf()[]{}:=+-*<>,.'\" \n0123456789", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    source = Source.read(text)
    if isinstance(source, Source):
        source.followed()
        assert Source.read(source.text) == Source.read(text) or source.text == read(source.text).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("print(2 + 2)", 0),
        ("a = 2\nb = 3\nprint(a + b)", 1),
        ("a = 2\na += 3\nprint(a)", 2),
        ("a = 2\na = a + a\na = a + 1\na = a + 1\nprint(a)", 2),
        ("a = 5\nif a > 3:\n    print(a + 2)", 3),
        ("a = 5\nprint('x' if a > 3 else 'y')", 3),
        ("f = lambda a: a + 1\nprint(f(3))", 4),
        ("print([a + 1 for a in [1, 2]])", 5),
        ("a = 3\nwhile a > 0:\n    a -= 1\nprint(a)", 6),
        ("def f(a):\n    return a + 1\nfor b in [1, 2]:\n    print(f(b))", 7),
        ("def f(a):\n    return a + 1\nfor b in [1, 2]:\n    if b > 1:\n        print(f(b))", 8),
        ("for a in 'ab':\n    for b in 'cd':\n        print(a + b)", 9),
        ("print([a + b for a in 'ab' for b in 'cd'])", 9),
    ],
)
def test_levels(text: str, expected: int) -> None:
    assert level(text) == expected


@pytest.mark.parametrize(
    "stuffing",
    [
        "def f(a):\n    return a + 1",
        "for a in range(0):\n    for b in [1, 2]:\n        print(a)",
    ],
)
def test_what_is_never_run_makes_nothing_harder(stuffing: str) -> None:
    assert level(f"{stuffing}\nprint(2 + 3)") == 0


def test_skills() -> None:
    texts = [
        "print(4)",
        "print(1 + 1)",
        "print(1 - 1)",
        "a = 3\na *= 2\nprint(a - 1)",
        "print(7 % 4)",
        "print('a' * 2)",
    ]
    found = [skill(read(text).tree, read(text).followed()) for text in texts]
    assert found == ["other", "addition", "subtraction", "multiplication", "division", "text"]


def test_what_can_be_copied_is_told() -> None:
    source = read("a = 12\nfor b in [3, 4]:\n    print('x y')")
    assert source.says("12") and source.says("3\n4") and source.says("x y") and source.says("[3, 4]")
    assert not source.says("2") and not source.says("1") and not source.says("3\n5") and not source.says("-3")
