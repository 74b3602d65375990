"""YAML 1.2 scalars, no duplicate keys, errors with their line, and an exact round trip."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from espalier.command_line.yaml_text import dump, parse
from espalier.errors import UserError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("off", "off"), ("yes", "yes"), ("true", True), ("1e-3", 0.001), ("4E5", 4e5), (".5", 0.5), ("010", 10),
        ("12:30", "12:30"), ("2024-01-01", "2024-01-01"), ("1_000", "1_000"), ("~", None), ("", None), ("-3", -3),
        ("[a, 1, null]", ["a", 1, None]), ("0x10", "0x10"), ("=", "="),
    ],
)  # fmt: skip
def test_scalars(text: str, value: Any) -> None:
    assert parse(text, "x") == value
    assert type(parse(text, "x")) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", r"x.yaml:3: key 'a' stands twice"),
        ("a:\n  b: 1\n  b: 2\n", r"x.yaml:3: key 'b' stands twice"),
        ("a:\n\tb: 1\n", r"x.yaml:2: a tab cannot indent YAML; use spaces"),
        ("a: [1, 2\n", r"x.yaml:2: "),
        ("a: b: c\n", r"x.yaml:1: mapping values are not allowed here"),
        ("? [a]\n: 1\n", r"x.yaml:1: a key must be plain text"),
        ("a: \x00", r"x.yaml: not YAML"),
        ("a: !!python/object:os.system x", r"x.yaml:1: could not determine a constructor"),
        ("a: 1\n---\nb: 1", r"x.yaml:2: "),
    ],
)
def test_problems_name_the_line(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse(text, "x.yaml")


def test_merge_keys_stay_usable() -> None:
    assert parse("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}", "x")["b"] == {"x": 1, "y": 3}


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10))
def test_round_trip(value: Any) -> None:
    assert parse(dump(value), "x") == value


def test_not_a_number_survives() -> None:
    assert math.isnan(parse(dump(math.nan), "x"))
