"""Expressions and claims in symbols and in words: what they come to, and what is none."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.quantities.expressions import expression_at
from evaluation.quantities.symbols import symbols
from evaluation.truth.claims import arithmetic


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3 x (4 + 5)", 27),
        ("60(5) - 245", 55),
        ("half of 20", 10),
        ("a third of 12", 4),
        ("two thirds of 30", 20),
        ("20% of 50", 10),
        ("3/4 of 12", 9),
        ("twice the 8", 16),
        ("the sum of 12 and 5", 17),
        ("the difference between 12 and 5", 7),
        ("add 12, 5 and 3 pears", 20),
        ("subtract 5 from 12", 7),
        ("take 3 away from 12", 9),
        ("twenty-four divided by three", 8),
        ("3 times as many as 20", 60),
        ("5 more than 12", 17),
        ("5 apples fewer than 12", 7),
        ("10,000 goal steps – 2,000 steps", 8000),
        ("3 1/2 + 1/2", 4),
        ("2 + 3 × 4²", 50),
        ("\\frac{3}{4} \\times 8", 6),
        ("the square root of 144", 12),
        ("√144", 12),
        ("seven sixes", 42),
        ("4 tens and 2 ones", 42),
        ("21 doubled", 42),
        ("la mitad de 84", 42),
        ("seis por siete", 42),
        ("uno menos que 43", 42),
        ("la moitié de 84", 42),
        ("un de moins que 43", 42),
        ("6 fois 7", 42),
        ("die Hälfte von 84", 42),
        ("sechs mal sieben", 42),
    ],
)
def test_an_expression_comes_to_its_value(text: str, value: int) -> None:
    said = symbols(text)
    found = next(each for place in range(len(said)) if (each := expression_at(said, place)) and each.operations)
    assert found.value == value


@pytest.mark.parametrize("text", ["2x + 14", "x - 5", "12", "40 / 0", "a well-known 3", "9^999", "(" * 500 + "1"])
def test_what_cannot_be_computed_is_no_expression(text: str) -> None:
    assert not arithmetic(text).expressions


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("6 x 7 = 48", False),
        ("6 x 7 = 42", True),
        ("48 is 6 times 7", False),
        ("half of 20 is 12", False),
        ("twice 8 makes 18", False),
        ("if you add 12 and 5 you get 16", False),
        ("12 and 5 makes 17", True),
        ("subtract 5 from 12, which leaves 8", False),
        ("Dividing 24 by 3 gives us 8 pencils", True),
        ("15 is more than 20", False),
        ("20 isn't less than 15", True),
        ("3 x 4 is not 12", False),
        ("Check 7 - 3 again, because it isn't 4", False),
        ("70 / 24 = 2.92", True),
        ("70 / 24 = 2.97", False),
        ("2/4 = 1/2", True),
        ("25% = 0.2", False),
        ("$5 + ($10 x 2) = $25 per person", True),
        ("27 - 1 (the coin) = 26", True),
        ("1 hour and 2 x 30 minutes = 1 hour", None),
    ],
)
def test_a_claim_holds_or_does_not(text: str, holds: bool | None) -> None:
    (claim,) = arithmetic(text).claims
    assert claim.holds is holds


def test_a_chain_makes_a_claim_of_each_link_even_where_it_runs_on() -> None:
    assert [each.holds for each in arithmetic("2 x 6 = 12 = 24 / 2").claims] == [True, True]
    assert all(each.holds for each in arithmetic("3*4 = 12 + 5 = 17").claims)


@pytest.mark.parametrize(
    "text",
    [
        "2x + 14 = 50",
        "12 = 2/3, so add 6",
        "3 x 5 would be 3 groups of 5",
        "Cost of 1 shirt will be 2*140",
        "There are 26 pencils and 2 boxes",
        "The ratio is 3:2 at 6:40 on the 2nd",
        "(0.3x)(1/3)(10) = 50",
        "1800 + 720 = 25_0",
        "438 + 6th test score = 558",
    ],
)
def test_what_is_no_claim(text: str) -> None:
    assert not arithmetic(text).claims


def test_a_question_claims_nothing() -> None:
    assert [each.asked for each in arithmetic("Is 3 x 4 = 13?").claims] == [True]
    assert [each.asked for each in arithmetic("So 3 x 4 = 13, right?").claims] == [False]


@given(st.integers(0, 999), st.integers(1, 999), st.sampled_from("+-*/"))
def test_what_is_computed_holds_and_what_is_one_off_does_not(left: int, right: int, sign: str) -> None:
    value = {"+": left + right, "-": left - right, "*": left * right, "/": Fraction(left, right)}[sign]
    if sign == "/":
        left, value = left * right, Fraction(left)
    (claim,) = arithmetic(f"We see that {left} {sign} {right} = {value}.").claims
    (off,) = arithmetic(f"We see that {left} {sign} {right} = {value + 1}.").claims
    assert claim.holds and off.holds is False
