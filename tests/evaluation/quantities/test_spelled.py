"""Numbers in words, of four languages."""

from fractions import Fraction

import pytest

from evaluation.quantities.numerals import terms
from evaluation.quantities.symbols import symbols
from tests.cpu import seconds_below


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("two and a half", "5/2"), ("one and three quarters", "7/4"), ("two dozen", "24"), ("half a dozen", "6"),
        ("a million", "1000000"), ("a hundred and one", "101"),
        ("cuarenta y dos", "42"), ("mil novecientos ochenta y cuatro", "1984"), ("dieciséis", "16"),
        ("un tercio", "1/3"), ("dos y medio", "5/2"), ("una docena", "12"),
        ("quatre-vingt-dix-sept", "97"), ("soixante et onze", "71"), ("vingt et un", "21"), ("deux et demi", "5/2"),
        ("mille neuf cent quatre-vingt-quatre", "1984"),
        ("zweiundvierzig", "42"), ("neunzehnhundertneunundachtzig", "1989"), ("anderthalb", "3/2"),
        ("zweieinhalb", "5/2"), ("drei Viertel", "3/4"), ("zweitausend", "2000"),
    ],
)  # fmt: skip
def test_a_number_in_words(text, value):
    assert terms(text) == (f"#{value}",)


def test_a_word_that_means_something_else_here_is_no_number():
    assert not [term for term in terms("You said it once, and it costs you a cent and an elf.") if term[0] == "#"]
    assert not [term for term in terms("J'ai mal au dos et à la tête.") if term[0] == "#"]
    assert "#11" in terms("Hay once niños en la clase.")


def test_two_numbers_are_a_year_where_no_comma_stands_between():
    assert [each.value for each in symbols("in fourteen ninety-two") if each.value] == [1492]
    assert [each.value for each in symbols("fifteen, twenty") if each.value] == [15, Fraction(20)]


@pytest.mark.parametrize(
    "text", ["zweiundvierzig quatre-vingt-dix ", "dos y ", "thousand ", "tausendtausend ", "xyzig "]
)
def test_long_texts_take_no_time(text):
    with seconds_below(5):
        terms((text * (100_000 // len(text)))[:100_000])
