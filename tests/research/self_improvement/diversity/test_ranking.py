"""The worth of a challenge: nothing buys what another factor lacks, and a coin is no difficulty."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.self_improvement.diversity.embedding import Pieces
from research.self_improvement.diversity.measures import measure
from research.self_improvement.diversity.ranking import Candidate, Tried, ranked, worth
from research.self_improvement.diversity.settings import Weights
from tests.research.self_improvement.diversity.made import ONE, VARIED, candidate

EMBED = Pieces(VARIED)
HALF = Tried(passed=4, tries=8)
ALL = Weights()


def said(candidates: list[Candidate], *known: str, weights: Weights = ALL, count: int | None = None) -> list[str]:
    return [each.candidate.challenge.content for each in ranked(candidates, known, EMBED, weights, count=count)]


def test_a_pass_rate_near_a_half_is_worth_most() -> None:
    found = [worth(Tried(passed=passed, tries=8)) for passed in range(9)]
    assert max(found) == found[4] and found == pytest.approx(found[::-1])
    assert found[:5] == sorted(found[:5])
    assert worth(Tried()) == pytest.approx(2 / 3, abs=1e-4)
    assert worth(Tried(passed=1, tries=2)) == pytest.approx(4 * 2 * 2 / (4 * 5), abs=1e-4)


def test_what_nobody_ever_passes_sinks_as_it_is_tried() -> None:
    found = [worth(Tried(passed=0, tries=tries)) for tries in (0, 4, 16, 64)]
    assert found == sorted(found, reverse=True) and found[-1] < 0.1


def test_a_coin_is_no_difficulty() -> None:
    assert worth(Tried(passed=32, tries=64, guessed=0.5)) < 0.35 < 0.9 < worth(Tried(passed=32, tries=64))
    assert worth(Tried(passed=48, tries=64, guessed=0.5)) > 0.85
    assert worth(Tried(passed=8, tries=8, guessed=1.0)) == 0


@given(st.integers(0, 50), st.integers(0, 50), st.floats(0, 1))
def test_a_worth_is_a_share(passed: int, failed: int, guessed: float) -> None:
    assert 0 <= worth(Tried(passed=passed, tries=passed + failed, guessed=guessed)) <= 1


@pytest.mark.parametrize("make", [
    lambda: Tried(passed=2, tries=1), lambda: Tried(guessed=1.1), lambda: candidate(ONE, 1.2),
    lambda: candidate(ONE, float("nan")),
])  # fmt: skip
def test_what_cannot_be_is_refused(make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"passed|quality"):
        make()


def test_each_factor_decides_where_the_others_are_equal() -> None:
    assert said([candidate(VARIED[0], 0.3), candidate(VARIED[1], 0.9)])[0] == VARIED[1]
    never = Tried(passed=0, tries=8)
    assert said([candidate(VARIED[0], tried=HALF), candidate(VARIED[1], tried=never)])[0] == VARIED[0]
    assert said([candidate(VARIED[0]), candidate(VARIED[1])], VARIED[0])[0] == VARIED[1]


def test_new_nonsense_and_good_copies_are_worth_nothing() -> None:
    rng = random.Random(0)
    nonsense = "".join(rng.choices("qxzjkv ", k=60))
    found = ranked(
        [candidate(nonsense, 0.0), candidate(ONE.upper(), 1.0), candidate(VARIED[5], 0.2)], [ONE], EMBED, Weights()
    )
    assert found[0].candidate.challenge.content == VARIED[5]
    assert [each.value for each in found[1:]] == [0, 0]


def test_a_copy_is_no_news_though_the_archive_is_far_from_it_otherwise() -> None:
    found = ranked([candidate(VARIED[0])], VARIED, EMBED, Weights())
    assert found[0].novelty == 0


def test_what_is_picked_counts_as_known() -> None:
    copies = [candidate(f"{ONE} ({n})", 1.0) for n in range(6)]
    others = [candidate(text, 0.6) for text in VARIED[2:]]
    first = said(copies + others, count=8)
    assert sum(text.startswith(ONE) for text in first) == 1
    off = said(copies + others, weights=Weights(novelty=0), count=8)
    assert sum(text.startswith(ONE) for text in off) == 6


def test_order_and_count_do_not_change_the_ranking() -> None:
    some = [candidate(text, 0.5 + n % 3 / 10) for n, text in enumerate(VARIED)]
    assert said(some) == said(some[::-1]) and said(some, count=3) == said(some)[:3]
    assert said([]) == []


def test_a_proposer_that_varies_what_is_selected_collapses_without_novelty_and_not_with_it() -> None:
    """A proposer that mostly says again what it was shown, and judges who like one theme somewhat more."""

    def left(weights: Weights) -> float:
        rng = random.Random(3)
        shown = list(VARIED)
        for _ in range(6):
            proposed = {f"{rng.choice(shown)} [{rng.randrange(1000)}]"[-90:] for _ in range(30)} | set(VARIED)
            liked = [candidate(text, 1.0 if "star" in text else 0.7) for text in sorted(proposed)]
            shown = said(liked, weights=weights, count=12)
        return measure(shown, EMBED).vendi

    assert left(Weights(novelty=0)) < 3 and left(Weights()) > 8
