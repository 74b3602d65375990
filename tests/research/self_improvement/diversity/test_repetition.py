"""What repeats is found across rounds and by skill, and a floor rejects what has collapsed."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict
from types import SimpleNamespace

import pytest

from research.self_improvement.diversity.embedding import Pieces
from research.self_improvement.diversity.performing import spread
from research.self_improvement.diversity.repetition import copies_of, repetition
from research.self_improvement.diversity.rounds import look, reference
from research.self_improvement.diversity.settings import DiversitySettings
from research.self_improvement.families.family import Challenge
from tests.research.self_improvement.diversity.made import ONE, VARIED, challenge, challenges

EMBED = Pieces(VARIED)
SETTINGS = DiversitySettings()
OTHERS = [f"{text.split()[-1]} {text[::-1]}" for text in VARIED]
"""As varied, and nothing that was there."""


def test_a_varied_batch_that_was_there_before_is_all_repetition() -> None:
    batch = challenges(VARIED)
    assert repetition(batch, [], EMBED, near=0.9)[0].repeated == 0
    both, text = repetition(batch, [challenges(VARIED), challenges(OTHERS)], EMBED, near=0.9)
    assert (both.copies, both.repeated, both.by_age, both.share) == (12, 12, {2: 12}, 1.0)
    assert text.skill == "text" and text.num == 12


def test_repetition_is_counted_by_skill_whatever_the_old_one_was_called() -> None:
    batch = [challenge(ONE, "sums"), challenge("Something else entirely?", "words")]
    found = {each.skill: each for each in repetition(batch, [[challenge(ONE, "another")]], EMBED, near=0.9)}
    assert found["sums"].share == 1 and found["words"].share == 0 and found["all skills"].share == 0.5


def test_near_copies_and_templates_are_told_from_copies() -> None:
    batch = challenges([ONE, ONE + "!", ONE.replace("10", "11"), ONE.upper(), VARIED[4]])
    found = repetition(batch, [], EMBED, near=0.9)[0]
    assert found.num == 5 and found.copies == 1 and found.repeated == 3 and found.by_age == {0: 3}
    assert found.templates == 3


def test_what_is_held_out_is_found_again() -> None:
    assert copies_of(challenges([ONE.upper(), VARIED[3]]), challenges([ONE]), EMBED, near=0.9) == [True, False]
    assert copies_of(challenges([ONE]), [], EMBED, near=0.9) == [False]
    assert copies_of([], challenges([ONE]), EMBED, near=0.9) == []


def fallen(batch: list[Challenge], earlier: Sequence[list[Challenge]] = ()) -> str:
    return " ".join(look(batch, earlier, _BY_RULE, [], EMBED, SETTINGS).below)


_BY_RULE = [challenge(text, f"skill {n % 4}") for n, text in enumerate(VARIED)]


def test_a_healthy_round_stands() -> None:
    assert fallen([challenge(text, f"skill {n % 4}") for n, text in enumerate(OTHERS)], [_BY_RULE]) == ""


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda n: challenge(f"{ONE} ({n})", f"skill {n % 4}"), "Vendi score"),
        (lambda n: challenge(f"{ONE} ({n})", f"skill {n % 4}"), "clusters"),
        (lambda n: challenge(f"{ONE} ({n})", f"skill {n % 4}"), "self-BLEU"),
        (lambda n: challenge(ONE, f"skill {n % 4}"), "distinct"),
        (lambda n: challenge(OTHERS[n], "one skill"), "number of skills"),
        (lambda n: challenge(VARIED[n], f"skill {n % 4}"), "12 of 12 challenges say again"),
    ],
)
def test_a_collapsed_round_falls(make: Callable[[int], Challenge], why: str) -> None:
    assert why in fallen([make(n) for n in range(12)], [_BY_RULE])


def test_a_round_does_not_stand_by_being_small_or_padded() -> None:
    assert "Vendi" in fallen([challenge(OTHERS[0])])
    assert "no challenge" in fallen([])
    padded = [challenge(ONE, f"skill {n % 4}") for n in range(60)] + [challenge(text) for text in OTHERS]
    assert "say again" in fallen(padded)


def test_a_family_that_is_alike_by_nature_is_held_to_its_own() -> None:
    rng = random.Random(0)
    alike, other = ([challenge(f"print({rng.randrange(100)} + {rng.randrange(100)})") for _ in range(40)] for _ in "ab")
    embed = Pieces([each.content for each in alike])
    assert look(other, [], alike, [], embed, SETTINGS).below == []
    collapsed = [challenge(f"print(7 + {n})") for n in range(40)]
    assert look(collapsed, [], alike, [], embed, SETTINGS).below
    assert look(collapsed, [], alike, [], embed, SETTINGS.model_copy(update={"floor": None})).below == []


def test_a_floor_counts_from_the_least_that_there_can_be() -> None:
    """A half of two skills would be one, which everything has."""
    two = [challenge(text, f"skill {n % 2}") for n, text in enumerate(VARIED)]
    lopsided = [challenge(text, f"skill {n == 0}") for n, text in enumerate(OTHERS)]
    assert "number of skills is 1.33, and 1.50 is demanded" in " ".join(
        look(lopsided, [], two, [], EMBED, SETTINGS).below
    )


def test_what_is_kept_is_the_same_each_time_and_json_keeps_it() -> None:
    kept = [json.dumps(asdict(look(_BY_RULE, [_BY_RULE], _BY_RULE, [VARIED], EMBED, SETTINGS))) for _ in range(2)]
    assert kept[0] == kept[1] and "NaN" not in kept[0]
    assert json.loads(kept[0])["repetition"][0]["by_age"] == {"1": 12}


def test_the_reference_is_even_and_the_same_each_time() -> None:
    family = SimpleNamespace(written=lambda rng, level: challenge(str(rng.random()), difficulty=level))
    found = [reference(family, random.Random(1), (0, 2), 6) for _ in range(2)]  # type: ignore[arg-type]
    assert found[0] == found[1] and [each.difficulty for each in found[0]] == [0, 2] * 3


def test_performances_that_are_canned_empty_or_equal_are_counted() -> None:
    canned = spread([["I love this.", "i  love this."]] * 5, EMBED)
    assert (
        canned.canned == 1 and canned.all_equal == 5 and canned.distinct == 0.5 and canned.vendi == pytest.approx(0.5)
    )
    varied = spread([VARIED[:3], VARIED[3:6]], EMBED)
    assert varied.canned == 0.5 and varied.all_equal == 0 and varied.distinct == 1 and (varied.vendi or 0) > 0.9
    assert spread([["", " "], ["4"]], EMBED).empty == 2
    nothing = spread([], EMBED)
    assert nothing.distinct is None and nothing.canned is None and nothing.challenges == 0
