"""Language at the level of a band."""

from __future__ import annotations

import pytest

from research.bootstrap.graders.english import english, parses
from research.bootstrap.graders.grammar import grammar


def score(band: int, text: str, ended: bool = True) -> int:
    return english(band, f" {text}", ended).score


@pytest.mark.parametrize(
    ("band", "text"),
    [
        (0, "Ba da."),
        (1, "Apple."),
        (1, "It is an apple."),
        (1, "A university."),
        (2, "Red apple."),
        (2, "Yes, plums."),
        (3, "To cut bread."),
        (3, "A red and sweet apple."),
        (3, "Because she had no breakfast."),
        (3, "One, two, three."),
        (4, "An apple is a fruit."),
        (4, "Yesterday my sister looked at the kite, because she was happy."),
        (4, "The apple is red and sweet."),
        (4, "We use the knife to cut bread."),
        (4, "Tom did not wait for the bus this morning."),
        (4, "Cat rhymes with hat."),
        (4, "There are three cats."),
        (4, "I like apples."),
        (4, "Touch the box!"),
        (5, "Did you look at the kite?"),
        (5, "Is it red?"),
        (5, "How many apples are there?"),
        (5, "What did Tom buy?"),
        (5, "Yes, it has a lid and a handle."),
        (6, "First she bought a carrot. Then she washed it. At last she ate it."),
        (7, "Hello, Sophie!"),
        (7, "Because she slept badly."),
    ],
)
def test_good_english_of_a_band_is_whole(band: int, text: str) -> None:
    assert score(band, text) == 7
    if band:
        assert score(band, text.rstrip(".!?")) == (6 if not text.endswith("?") else score(band, text.rstrip("?")))
    assert score(band, text, ended=False) <= 4


@pytest.mark.parametrize(
    ("band", "text", "most"),
    [
        (0, "Apple.", 0),
        (0, "Ba " * 20, 3),
        (0, "Ba apple.", 2),
        (1, "Xyzzy.", 0),
        (1, "Apple apple apple.", 2),
        (1, "Late shelf red one kite.", 2),
        (2, "Apple.", 3),
        (4, "A red apple.", 5),
        (4, "It are an apple.", 4),
        (4, "It is a apple.", 4),
        (4, "The cat eat the fish.", 4),
        (4, "Apple the is red.", 3),
        (4, "Kite the washed sister my.", 2),
        (4, "An apple is.", 5),
        (4, "Is an apple a fruit.", 4),
        (5, "It is red?", 4),
        (6, "She bought a carrot.", 5),
        (6, "She ran. She ran. She ran.", 2),
        (6, "She ran. Kite the the.", 4),
        (4, "", 0),
        (4, "...", 0),
        (4, "She three cats.", 3),
        (4, "There is five boats.", 4),
        (4, "It painted she then.", 4),
        (4, "Rhyme slow and go.", 4),
        (4, "Then then she washed it.", 2),
        (4, "It has a and a zip.", 4),
        (1, "Patient. Rope. Juice.", 2),
        (4, "One cats is here.", 4),
        (1, "An apple, an apple, an apple, an apple.", 2),
    ],
)
def test_what_is_no_english_of_a_band_is_not(band: int, text: str, most: int) -> None:
    assert score(band, text) <= most


def test_each_sentence_parses_or_does_not() -> None:
    assert parses("An apple is a fruit. Fruit a is apple! Is it red?") == [True, False, True]
    assert parses("") == []


def test_every_rule_is_reached_by_name_and_no_word_is_of_another_sort_than_words() -> None:
    found = grammar()
    assert all(word.isalpha() or word == ":" for word in found.known), "YAML took none for a truth value or a number"
    used = {part.name for rule in found.rules.values() for parts in rule for part in parts}
    top = {"sentence", "question", "phrase"}
    unused = {name.partition(".")[0] for name in found.rules} - {name.partition(".")[0] for name in used} - top
    assert not unused - {"modified"}
