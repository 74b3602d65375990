"""Krippendorff's α, against figures that he published himself."""

import pytest

from evaluation.comparison.krippendorff import krippendorff

# Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", section C: four observers, twelve units, values
# from 1 to 5, some of them missing.
A = "1 2 3 3 2 1 4 1 2 . . ."
B = "1 2 3 3 2 2 4 1 2 5 . 3"
C = ". 3 3 3 2 3 4 2 2 5 1 ."
D = "1 2 3 3 2 4 4 1 2 5 1 ."
UNITS = [
    [int(value) - 1 for value in unit if value != "."]
    for unit in zip(*(each.split() for each in (A, B, C, D)), strict=True)
]


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_the_published_example(level, published):
    found = krippendorff(UNITS, 5, level)
    assert found.value == pytest.approx(published, abs=5e-4)
    assert found.num_units == 11, "the unit with one value cannot be agreed on"
    assert found.low < found.value < found.high


def test_the_published_example_of_two_observers_and_two_values():
    # Section A there: α = 0.095.
    first, second = "0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0"
    units = [[int(a), int(b)] for a, b in zip(first.split(), second.split(), strict=True)]
    assert krippendorff(units, 2, "nominal").value == pytest.approx(0.095, abs=5e-4)


def test_the_published_example_of_two_observers_and_five_names():
    # Section B there: α = 0.692; a to e are 0 to 4.
    first, second = "a a b b d c c c e d d a", "b a b b b c c c e d d d"
    units = [["abcde".index(a), "abcde".index(b)] for a, b in zip(first.split(), second.split(), strict=True)]
    assert krippendorff(units, 5, "nominal").value == pytest.approx(0.692, abs=5e-4)


def test_what_cannot_be_told_is_none():
    assert krippendorff([[0], [1]], 2, "nominal").value is None, "nobody rated what another did"
    assert krippendorff([[1, 1], [1, 1]], 2, "nominal").value is None, "nothing was ever said but one thing"
    one = krippendorff([[0, 1]], 2, "nominal")
    assert one.value == 0.0 and one.low is None


def test_opposites_are_below_chance_and_far_ones_worse_than_near_ones():
    assert krippendorff([[0, 1], [1, 0]] * 5, 2, "nominal").value < 0
    near, far = [[0, 0], [4, 4], [2, 3]], [[0, 0], [4, 4], [0, 4]]
    assert krippendorff(near, 5, "ordinal").value > krippendorff(far, 5, "ordinal").value


def test_which_of_two_sides_is_called_the_first_does_not_matter():
    names = [[0, 0], [0, 0], [0, 1], [0, 0], [2, 0]]
    other = [[1, 1], [0, 0], [1, 0], [1, 1], [2, 1]]
    one, same = (krippendorff(units, 3, "nominal", sides=True).value for units in (names, other))
    assert one == pytest.approx(same) and one > krippendorff(names, 3, "nominal").value
    assert krippendorff([[0, 0]] * 5, 3, "nominal", sides=True).value == 1.0
