"""Wrong solutions by rule."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.self_improvement.families.programming.mutants import mutants


def all_of(source: str, language: str = "python") -> set[str]:
    return set(mutants(source, language, random.Random(0), 1000))


def test_each_rule_makes_what_it_says() -> None:
    source = "def f(n):\n    n += 1\n    return n < 10 and True"
    assert all_of(source) == {
        source.replace("+=", "-="),
        source.replace("1\n", "2\n"),
        source.replace("1\n", "0\n"),
        source.replace("    n += 1", "    pass"),
        source.replace("<", "<="),
        source.replace("10", "11"),
        source.replace("10", "9"),
        source.replace("and", "or"),
        source.replace("True", "False"),
    }


@pytest.mark.parametrize(
    ("source", "language", "found"),
    [
        ("# 1 < 2", "python", set()),
        ('return """1 < 2"""', "python", set()),
        ("return 'a < 1'", "python", {"return ''"}),
        ("return ''", "python", set()),
        ("return x // 2", "python", {"return x * 2", "return x // 3", "return x // 1"}),
        ("// 1 < 2", "javascript", set()),
        ("/* 1 \n < 2 */", "javascript", set()),
        ("return `${1}`", "javascript", set()),
        ("return a => !a", "javascript", {"return a => a"}),
        ("return a === b", "javascript", {"return a !== b"}),
        ("  total = 7;", "javascript", {"  total = 8;", "  total = 6;", "  ;"}),
    ],
)
def test_what_is_left_alone(source: str, language: str, found: set[str]) -> None:
    assert all_of(source, language) == found


@given(st.text("ab01 \n\t\"'`#/*+-<>=!&|%.{}();", max_size=80), st.sampled_from(["python", "javascript"]))
def test_of_any_text_the_mutants_are_others_and_no_two_alike(source: str, language: str) -> None:
    found = mutants(source, language, random.Random(0), 7)
    assert source not in found and len(set(found)) == len(found) <= 7


def test_the_same_are_drawn_again() -> None:
    source = "return a + b - c * d % 5 < 6"
    first, again = (mutants(source, "python", random.Random(3), 4) for _ in range(2))
    assert first == again and len(first) == 4
