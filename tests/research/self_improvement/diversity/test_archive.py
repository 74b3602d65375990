"""The archive keeps the best of each niche, whatever came in which order, and no text can fill it with itself."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espalier.errors import UserError
from research.self_improvement.diversity.archive import Elite, archived, coverage, read, seeds, write
from research.self_improvement.diversity.embedding import Pieces
from tests.research.self_improvement.diversity.made import ONE, VARIED, elite

EMBED = Pieces(VARIED)


def keep(before: list[Elite], new: list[Elite], capacity: int = 3) -> list[Elite]:
    return archived(before, new, EMBED, capacity=capacity, near=0.9)


def contents(archive: list[Elite]) -> list[str]:
    return [each.candidate.challenge.content for each in archive]


def test_the_best_of_a_niche_stay_and_niches_do_not_compete() -> None:
    good = [elite(text, 0.5 + n / 100) for n, text in enumerate(VARIED)]
    poor = elite("Say the alphabet backwards.", 0.1, skill="memory")
    kept = keep(good, [poor])
    assert contents(kept) == ["Say the alphabet backwards.", *VARIED[:-4:-1]]
    assert keep(kept, []) == kept


def test_near_copies_take_one_place_and_so_does_one_text_under_many_names() -> None:
    copies = [elite(f"{ONE} ({n})", 0.9) for n in range(8)]
    assert len(keep([], [*copies, elite(VARIED[3], 0.2)])) == 2
    named = [elite(ONE, 0.9, skill=f"skill {n}", difficulty=n) for n in range(8)]
    assert coverage(keep([], named)).niches == 1
    disguised = [elite(" " * n + ONE, 0.9, skill=f"skill {n}") for n in range(8)]
    assert coverage(keep([], disguised)).niches == 1
    assert coverage(keep([], [elite(ONE, family=name) for name in ("one", "other")])).niches == 2


def test_what_was_found_last_counts() -> None:
    kept = keep([elite(ONE, 0.9, round=0)], [elite(ONE, 0.2, round=1)])
    assert [each.candidate.quality for each in kept] == [0.2]
    assert keep([elite(ONE, 0.2, round=1)], [elite(ONE, 0.9, round=0)]) == kept


ELITES = st.lists(
    st.builds(
        elite,
        st.sampled_from([*VARIED[:5], ONE]),
        st.sampled_from([0.1, 0.5, 0.9]),
        st.integers(0, 2),
        skill=st.sampled_from("ab"),
        difficulty=st.integers(0, 1),
    ),
    max_size=12,
)


@given(ELITES, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_does_not_matter_and_keeping_again_changes_nothing(elites: list[Elite], rng: random.Random) -> None:
    kept = keep([], elites)
    assert keep([], rng.sample(elites, len(elites))) == kept == keep(kept, []) == keep(kept, kept)


def test_seeds_are_of_many_niches_the_asked_difficulty_first() -> None:
    crowd = [elite(text, 0.9, skill="crowd", difficulty=1) for text in VARIED[:8]]
    single = [elite(text, 0.1, skill=f"rare {n}", difficulty=1) for n, text in enumerate(VARIED[8:10])]
    far = [elite(VARIED[10], skill="far", difficulty=5), elite(VARIED[11], skill="near", difficulty=2)]
    kept = keep([], [*crowd, *single, *far, elite(ONE, family="another")], capacity=8)
    for seed in range(5):
        drawn = seeds(kept, random.Random(seed), "made", 1, 5)
        assert {each.skill for each in drawn[:3]} == {"crowd", "rare 0", "rare 1"}
        assert [each.skill for each in drawn[3:]] == ["near", "far"]
        assert drawn == seeds(kept, random.Random(seed), "made", 1, 5)
    everything = seeds(kept, random.Random(0), "made", 1, 99)
    assert len(everything) == 12 == len({each.id for each in everything})
    assert seeds([], random.Random(0), "made", 1, 5) == []


def test_coverage_rises_by_better_ones_and_by_new_niches_alone() -> None:
    kept = keep([], [elite(VARIED[0], 0.5), elite(VARIED[1], 0.4), elite(VARIED[2], 0.25, skill="other")])
    assert (coverage(kept).niches, coverage(kept).elites, coverage(kept).qd_score) == (2, 3, 0.75)
    assert coverage([]).qd_score == 0


def test_what_is_written_is_read_and_is_the_same_bytes(tmp_path: Path) -> None:
    some = [elite(text, 0.5, skill="a\u2028b", difficulty=n % 2) for n, text in enumerate([*VARIED, "naïve\n日本"])]
    kept = keep([], some, capacity=9)
    write(tmp_path / "archive.jsonl", kept)
    assert read(tmp_path / "archive.jsonl") == kept
    write(tmp_path / "again.jsonl", keep(read(tmp_path / "archive.jsonl"), [], capacity=9))
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "archive.jsonl").read_bytes()


@pytest.mark.parametrize("line", ["{}", "[]", '{"candidate": {"challenge": {"x": 1}}}', '"text"', "3"])
def test_a_file_of_something_else_is_refused_with_its_place(tmp_path: Path, line: str) -> None:
    (tmp_path / "archive.jsonl").write_text(line + "\n")
    with pytest.raises(UserError, match=r"archive\.jsonl: challenge 1"):
        read(tmp_path / "archive.jsonl")
