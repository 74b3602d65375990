"""Each measure is higher for what differs, and what deceives one of them does not deceive all."""

import math
import random
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.clusters import together
from research.self_improvement.diversity.embedding import Pieces, embedding
from research.self_improvement.diversity.measures import distinct, effective, measure, self_bleu, vendi
from research.self_improvement.diversity.texts import folded, template, tokens
from tests.research.self_improvement.diversity.made import ONE, VARIED

EMBED = Pieces(VARIED)


def test_what_differs_is_worth_more_by_every_measure() -> None:
    varied, alike = measure(VARIED, EMBED), measure([ONE] * len(VARIED), EMBED)
    assert varied.vendi > 8 and alike.vendi == pytest.approx(1)
    assert varied.clusters > 8 and alike.clusters == pytest.approx(1)
    assert varied.distinct_1 > alike.distinct_1 and varied.distinct_2 > alike.distinct_2
    assert varied.self_bleu and varied.self_bleu < 0.5 and alike.self_bleu == pytest.approx(1)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda n: f"{ONE} ({n})",
        lambda n: ONE.replace("10", str(100 + n)),
        lambda n: f"#{n}: {ONE.upper()}",
        lambda n: "\u200b".join(ONE[n : n + 5]) + ONE[n + 5 :] if n else ONE,
        lambda n: " " * n + ONE.replace(" ", "  "),
        lambda n: " ".join(random.Random(n).sample(ONE.split(), len(ONE.split()))),
        lambda n: "",
    ],
    ids=["numbered", "other number", "capitals", "unseen", "spaces", "shuffled", "empty"],
)
def test_one_text_disguised_as_many_is_found(spoil) -> None:  # type: ignore[no-untyped-def]
    found, varied = measure([spoil(n) for n in range(12)], EMBED), measure(VARIED, EMBED)
    assert found.vendi < 0.4 * varied.vendi and found.clusters < 0.4 * varied.clusters


def test_a_small_batch_is_worth_little_and_a_large_one_no_more_for_its_size() -> None:
    assert measure(VARIED[:1], EMBED).vendi == pytest.approx(1)
    assert measure(VARIED[:1], EMBED).self_bleu is None
    large = measure(VARIED * 4, EMBED, size=12)
    assert large.size == 12 and large.num == 48
    assert large.vendi < measure(VARIED, EMBED, size=12).vendi
    with pytest.raises(ValueError, match="no text"):
        measure([], EMBED)


def test_the_order_of_a_batch_does_not_matter() -> None:
    texts = VARIED * 3
    other = random.Random(1).sample(texts, len(texts))
    assert measure(texts, EMBED, size=10) == measure(other, EMBED, size=10)


def test_a_theme_that_all_share_counts_though_the_batch_makes_it_common() -> None:
    theme = [f"In the castle of the old king, the dragon asks: {word}" for word in ("who?", "when?", "how?", "why?")]
    collapsed = Pieces(theme)  # as TF-IDF does it that is fitted to what it measures
    assert vendi(EMBED(theme)) < vendi(collapsed(theme))


def test_the_vendi_score_is_the_number_of_different_things_in_equal_shares() -> None:
    assert vendi(np.eye(5)) == pytest.approx(5)
    assert vendi(np.repeat(np.eye(3), 4, axis=0)) == pytest.approx(3)
    angle = math.sqrt(0.5)
    two = (1 + angle) / 2, (1 - angle) / 2
    assert vendi(np.array([[1, 0], [angle, angle]])) == pytest.approx(math.exp(-sum(x * math.log(x) for x in two)))


def test_an_effective_number_is_that_of_equal_groups() -> None:
    assert effective([3, 3, 3]) == pytest.approx(3)
    assert effective([5, 0]) == pytest.approx(1) and effective([]) == 0
    assert 1 < effective([9, 1]) < 2
    assert sorted(Counter(together(np.repeat(np.eye(3), [1, 2, 3], axis=0))).values()) == [1, 2, 3]
    assert len(together(np.eye(1))) == 1 and not together(np.zeros((0, 4)))


def test_distinct_is_what_drawing_finds() -> None:
    texts = [tokens(text) for text in VARIED]
    words = [word for text in texts for word in text]
    rng = random.Random(0)
    drawn = [len(set(rng.sample(words, 20))) / 20 for _ in range(3000)]
    assert distinct(texts, 1, drawn=20) == pytest.approx(sum(drawn) / len(drawn), abs=0.005)
    assert distinct(texts, 1, drawn=len(words)) == pytest.approx(len(set(words)) / len(words))
    assert distinct([], 1) == 0 and distinct([["a"]], 2) == 0


def test_short_texts_do_not_pass_for_varied_ones() -> None:
    """The share among all n-grams is higher the fewer they are."""
    short, long = [text.split()[:3] for text in VARIED * 2], [text.split() for text in VARIED * 2]
    assert distinct(short, 1, drawn=36) == pytest.approx(distinct([text[:3] for text in long], 1, drawn=36))
    assert distinct(long, 1, drawn=36) > distinct(long, 1, drawn=200)


def plain_self_bleu(texts: list[list[str]]) -> float:
    """By its definition, text by text."""
    found = []
    for place, text in enumerate(texts):
        others = texts[:place] + texts[place + 1 :]
        logs = []
        for n in range(1, min(4, len(text)) + 1):
            grams = [tuple(text[at : at + n]) for at in range(len(text) - n + 1)]
            matched = 0
            for gram in set(grams):
                most = max(sum(tuple(o[at : at + n]) == gram for at in range(len(o) - n + 1)) for o in others)
                matched += min(grams.count(gram), most)
            logs.append(math.log((matched or 0.1) / len(grams)))
        if text:
            near = min((abs(len(other) - len(text)), len(other)) for other in others)[1]
            found.append(math.exp(sum(logs) / len(logs) + min(0, 1 - near / len(text))))
        else:
            found.append(float([] in others))
    return sum(found) / len(found)


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=7), min_size=2, max_size=5))
@settings(max_examples=60, deadline=None)
def test_self_bleu_is_what_its_definition_says(texts: list[list[str]]) -> None:
    assert self_bleu(texts) == pytest.approx(plain_self_bleu(texts))


@given(st.lists(st.text(max_size=30), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_no_text_breaks_a_measure(texts: list[str]) -> None:
    found = measure(texts, EMBED)
    assert 1 - 1e-6 <= found.vendi <= len(texts) + 1e-6 and 1 <= found.clusters <= len(texts) + 1e-6
    assert 0 <= found.distinct_1 <= 1 + 1e-9 and 0 <= found.distinct_2 <= 1 + 1e-9
    assert found.self_bleu is None or 0 <= found.self_bleu <= 1 + 1e-9
    assert np.allclose(np.linalg.norm(EMBED(texts), axis=1), 1)


def test_half_of_a_character_is_read_too() -> None:
    assert EMBED(["a\ud800b"]).shape == (1, 4096)


def test_a_text_in_one_form() -> None:
    assert folded("Caf\u0065\u0301 \n IS\u200b  open") == "café is open"
    assert tokens("x+=1 # é") == ["x", "+", "=", "1", "#", "é"]
    assert template("print('a\\'b', 3.5, x2)") == template('PRINT("c", 17, x9)') == "print(_, _, x_)"
    assert template("don't") == "don't"


def test_all_pieces_of_two_texts_decide_how_alike_they_are() -> None:
    vectors = EMBED(VARIED)
    assert max(float(vectors[a] @ vectors[b]) for a, b in combinations(range(len(VARIED)), 2)) < 0.6
    assert float(EMBED([ONE])[0] @ EMBED([VARIED[0]])[0]) > 0.6
    assert embedding("pieces", VARIED)(VARIED).tolist() == vectors.tolist()
