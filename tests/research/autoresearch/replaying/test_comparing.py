"""What a replay came to, by runs that are made up."""

from __future__ import annotations

import pytest

from research.autoresearch.replaying.comparing import OPEN, REVERSED, conclude, count, verdict

A, B = "a" * 40, "b" * 40


def run(commit: str, seed: int, val: float | None, second: float | None = None, **more: float) -> dict[str, object]:
    def told(value: float | None) -> dict[str, float] | None:
        return None if value is None else {"val_bpb": value, **more}

    return {"commit": commit, "seed": seed, "val": told(val), "second": told(val if second is None else second)}


def test_differences_are_paired_by_seed_however_far_the_seeds_lie_apart() -> None:
    runs = [run(A, 1, 1.0), run(A, 2, 2.0), run(A, 3, 3.0), run(B, 3, 2.91), run(B, 1, 0.9), run(B, 2, 1.9)]
    gain = conclude([A, B], runs)["gain"]["val"]
    assert gain["value"] == pytest.approx(-0.29 / 3) and -0.12 < gain["low"] < gain["high"] < -0.08
    assert gain["by_seed"]["3"] == pytest.approx(-0.09)
    assert gain["relative"]["value"] == pytest.approx((-0.1 - 0.05 - 0.03) / 3)


def test_a_seed_that_one_side_has_no_figure_of_does_not_count() -> None:
    runs = [run(A, 1, 1.0), run(A, 2, 2.0), run(B, 1, 0.9), run(B, 2, None)]
    gain = conclude([A, B], runs)["gain"]["val"]
    assert list(gain["by_seed"]) == ["1"] and gain["low"] is None and gain["value"] == pytest.approx(-0.1)
    nothing = conclude([A, B], [run(A, 1, 1.0), run(B, 1, None)])
    assert nothing["gain"]["val"] is None and nothing["steps"][0]["verdicts"]["val"] is None


@pytest.mark.parametrize(
    ("value", "high", "said"), [(-0.1, -0.05, "holds"), (-0.1, 0.1, OPEN), (-0.1, None, OPEN), (0.0, 0.1, REVERSED)]
)
def test_a_step_holds_where_it_is_surely_lower(value: float, high: float | None, said: str) -> None:
    assert verdict({"value": value, "high": high}) == said


def test_files_are_told_apart_and_reversals_counted() -> None:
    runs = [run(A, n, 2.0 + n / 10, 3.0) for n in range(3)] + [run(B, n, 1.9 + n / 9, 3.0 + n / 10) for n in range(3)]
    found = conclude([A, B], runs)
    assert count(found, "val", REVERSED) == 0 and count(found, "second", REVERSED) == 1
    assert found["figures"][B]["second"] == [3.0, 3.1, 3.2]


def test_other_figures_stand_beside_and_an_error_of_nothing_has_no_share() -> None:
    runs = [run(A, 1, 0.0, route_accuracy=0.5), run(B, 1, 0.0, route_accuracy=0.75)]
    found = conclude([A, B], runs, beside=["route_accuracy"])
    assert found["beside"]["route_accuracy"]["val"]["value"] == 0.25 and found["gain"]["val"]["relative"] is None


def test_a_frontier_of_the_baseline_alone_has_no_gain() -> None:
    assert conclude([A], [run(A, 1, 1.0)]) == {
        "steps": [], "gain": None, "beside": {}, "figures": {A: {"val": [1.0], "second": [1.0]}}, "alike": []
    }  # fmt: skip


def test_what_comes_to_the_same_with_every_seed_is_one_run() -> None:
    runs = [run(A, n, 1.0 + n / 10) for n in range(3)] + [run(B, n, 0.9) for n in range(3)]
    assert conclude([A, B], runs)["alike"] == [B]
    assert not conclude([A, B], [run(A, 1, None), run(A, 2, None)])["alike"]
