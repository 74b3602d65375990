"""Whether a text is language, by the counts that ship: made by hand, both ways."""

import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.fluency.counts import counts, languages, packed, unpacked
from evaluation.fluency.evidence import NOTHING
from evaluation.fluency.tokens import LONGEST, read, tokens
from evaluation.fluency.verdict import KINDS, fluency, limits
from evaluation.judges.features.reading import Text
from evaluation.judges.features.wording import wording

GOOD = (
    "Not quite, try again.",
    "You added the two numbers, but the question asks how many more apples Tom has. What should you do instead?",
    "12 x 3 = 36, then 36 + 4 = 40, so she has 40 stickers.",
    "So 5 * 4 =",
    'You wrote "he goed to school". What is the past of "go"?',
    "great job!! your almost their, just check teh last step agian",
    "Thinking about the area of a rectangle, which two measurements do we multiply?",
    "First find the cost of one ticket.\nThen multiply it by the number of children.",
    "Hi Mariana, can you tell me how you got 45?",
    "No, remember that there are 7 days in a week, not 5.",
    "Yesterday you went to the market! What did you buy there?",
    "¿Cuántas manzanas le quedan a Ana si regala tres?",
    "Presque ! Regarde encore le verbe : à quel temps faut-il le mettre ?",
    "Fast richtig. Schau dir noch einmal an, wie viele Kinder in der Klasse sind.",
)
BAD = (
    "Can you meat cost tyson pounds 5 chicken total bought price 12 beef week?",
    "apples, cost, total, market, oranges, seven, price, basket, pay",
    "more apples question the how Tom what numbers two do added has should asks instead many you but",
    "the of and with from he would could an to was which not are for by it on that",
    "You added the two you added the two you added the two you added the two you added the two",
    "find cost ticket multiply number children compare total price adult family",
    "manzanas Ana quedan regala tres cesta mercado precio kilo naranjas madre",
    "Klasse Kinder Lehrer Buch Schule Tisch Fenster Heft Stunde Pause",
)


@pytest.mark.parametrize("text", GOOD)
def test_what_people_write_is_plausible(text):
    assert fluency(text).plausible >= 0.75, fluency(text)


@pytest.mark.parametrize("text", BAD)
def test_strings_of_words_are_not(text):
    found = fluency(text)
    assert found.plausible < 0.5, found
    assert found.why != "reads as language"


def test_a_salad_among_good_sentences_costs():
    before, after = "You are on the right track, but look at your work again. ", " Can you try that step one more time?"
    salad = "meat pounds tyson week twelve beef cost chicken"
    assert fluency(before + after).plausible > 0.9
    found = fluency(before + salad + after)
    assert found.plausible < 0.5
    assert "tyson week twelve" in found.why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Yes.", "too little text to tell"),
        ("😀", "too little text to tell"),
        ("", "too little text to tell"),
        ("Ninapenda kusoma vitabu kila siku nyumbani kwangu na rafiki zangu.", "its language is not known"),
        ("É água, e mesmo assim fica por cima: você tem razão de estranhar.", "its language is not known"),
        ("ما هو العدد الذي نحصل عليه إذا جمعنا ثلاثة وأربعة؟", "its language is not known"),
        ("你觉得这个问题应该怎么做？先看看第一步，再算一算。", "its language is not known"),
        ("😀😀😀😀😀😀", "its language is not known"),
        (
            "Nadie explica el why, so let's find it. Si tienes tres pizzas con un amigo, what do you have?",
            "its language is not known",
        ),
    ],
)
def test_what_cannot_be_told_is_said_and_does_not_cost(text, why):
    found = fluency(text)
    assert (found.plausible, found.why, found.language, found.evidence) == (1, why, "", None)
    assert wording(Text.read(text)) == wording(Text.read("")), "it is what is usual"


@given(st.text())
def test_any_text_has_a_verdict(text):
    found = fluency(text)
    assert 0 <= found.plausible <= 1
    assert found.why
    assert wording(Text.read(text)).keys() == wording(Text.read("")).keys()


def test_of_a_long_text_both_ends_are_read():
    middle = "Count the apples. " * 6000
    shown = read("meat " + middle + " tyson")
    assert len(shown) == LONGEST + 1
    assert shown.startswith("meat") and shown.endswith("tyson")


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", KINDS)
@given(low=st.floats(-20, 20), high=st.floats(-20, 20))
def test_worse_evidence_never_costs_less_and_better_never_wins(language, kind, low, high):
    low, high = sorted((low, high))
    for view in limits(language):
        least, less, none = (
            view.spent(asdict(replace(NOTHING, **{kind: value}))).get(kind, 0) for value in (low, high, math.inf)
        )
        assert least >= less >= none == 0


def test_what_ships_is_probabilities():
    for language in languages():
        known = counts(language)
        assert known.alone.size == known.pairs.shape[0] < 1024, "three classes are one key of 32 bits"
        for table in (known.alone[None], known.pairs):
            assert np.exp(table.astype(float)).sum(axis=1) == pytest.approx(1, abs=0.01)
        first, second = np.divmod(known.keys[0] // known.alone.size, known.alone.size)
        after = [known.log_likelihoods(np.array([first, second, third]))[2] for third in range(known.alone.size)]
        assert np.exp(np.array(after, dtype=float)).sum() == pytest.approx(1, abs=0.05)
        assert (np.diff(known.keys.astype(np.int64)) > 0).all()


def test_counts_are_packed_to_a_third_and_come_back_within_two_hundredths():
    keys = np.array([0, 1, 70_000, 5 * 65_535, 5 * 65_535 + 1, 2**32 - 1], dtype=np.uint32)
    counted = np.array([1, 2, 3, 70, 30_000, 65_535], dtype=np.uint16)
    back, about = unpacked(*packed(keys, counted))
    assert (back == keys).all()
    assert about.tolist()[:3] == [1, 2, 3]
    assert about == pytest.approx(counted, rel=0.025)


def test_tokens_are_words_numbers_and_marks_by_kind():
    def said(text: str) -> str:
        return " ".join(each.text for each in tokens(read(text)))

    assert said("Hm, 12 x 3 = $36.") == "hm , <num> <op> <num> = <money> ."
    assert said("It’s Julia's 5% or 3/4, don't") == "it 's julia 's <percent> or <decimal> , don't"
    assert said("l'été d'Anna") == "l' été d' anna"
    assert [each.shape for each in tokens("Zyx running flurbly qwrtpsd")] == ["<Name>", "<…ing>", "<…ly>", "<odd>"]
