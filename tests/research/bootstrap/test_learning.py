"""What is learned of sessions, and what it weighs."""

from __future__ import annotations

from typing import Any

import pytest

from research.bootstrap.classroom.record import Context
from research.bootstrap.learning import Bar, Heard, attempt_rows, pair_rows, remembered, trunk_row
from research.bootstrap.weights import weights_of
from tests.research.bootstrap.classroom.test_play import held


def heard(number: int = 1) -> Heard:
    """Two tasks: one that was done at once, one at the second try."""
    session, _ = held([" score 7", " score 1", " score 5"])
    turns = [at for at, line in enumerate(session.lines) if line.turn]
    return Heard(session=session, number=number, scores=dict(zip(turns, (7, 1, 5), strict=True)))


def bars(weights: tuple[float, ...], context: Context) -> list[Bar]:
    """The same at all bands."""
    return [Bar(weights=weights, context=context)] * 8


def text(messages: list[dict[str, Any]]) -> str:
    return "".join(each["content"] for each in messages)


def learned(row: dict[str, Any]) -> list[tuple[str, float]]:
    return [(each["content"], each["weight"]) for each in row["messages"] if each["weight"] > 0]


@pytest.mark.parametrize("threshold", range(7))
def test_a_score_up_to_the_threshold_weighs_nothing_and_the_top_score_one(threshold: int) -> None:
    for kind in ("linear", "exponential", "dynamic"):
        found = weights_of(kind, threshold, 0.15, [2, 3, 5, 5, 7])  # type: ignore[arg-type]
        assert found[: threshold + 1] == (0.0,) * (threshold + 1) and found[7] == 1.0
        assert list(found) == sorted(found) and (threshold == 6 or found[threshold + 1] >= 0.15)
    assert weights_of("linear", None, 0.15) == (1.0,) * 8


def test_weights_rise_in_a_line_by_a_factor_or_by_what_others_reached() -> None:
    assert weights_of("linear", 3, 0.1)[4:] == pytest.approx((0.1, 0.4, 0.7, 1.0))
    assert weights_of("exponential", 3, 0.001)[4:] == pytest.approx((0.001, 0.01, 0.1, 1.0))
    assert weights_of("dynamic", 3, 0.1, [0, 4, 4, 5, 6])[4:] == pytest.approx((0.325, 0.6625, 0.8875, 1.0))


def test_the_trunk_hears_all_and_its_own_words_less() -> None:
    session = heard().session
    row = trunk_row(session, 0.5, 4.0)
    assert text(row["messages"]) == "".join(f"{line.speaker}:{line.after_call}\n" for line in session.lines)
    by_weight = {weight: "".join(said for said, of in learned(row) if of == weight) for weight in (0.25, 0.5, 1)}
    assert by_weight[0.25] == " score 7\n score 1\n score 5\n" and sum(map(len, by_weight.values())) == len(
        text(row["messages"])
    )
    assert all(line.startswith("Tutor:") for line in by_weight[0.5].splitlines()) and "Tutor" not in by_weight[1]


def test_the_adapter_learns_worthy_turns_behind_what_was_read_before_them() -> None:
    weights = (0.0,) * 5 + (0.4, 0.7, 1.0)
    rows = list(attempt_rows(heard(), bars(weights, "episode"), 3))
    assert [learned(row) for row in rows] == [[(" score 7\n", 1.0)], [(" score 5\n", 0.4)]]
    assert text(rows[1]["messages"][:-1]).startswith("Tutor: Say 3, Basil.\nBasil: score 1\nTutor:")
    (row,) = attempt_rows(heard(), bars(weights, "session"), 3)
    assert learned(row) == [(" score 7\n", 1.0), (" score 5\n", 0.4)]
    assert text(row["messages"]) in text(trunk_row(heard().session, 1.0, 4.0)["messages"])
    assert not list(attempt_rows(heard(), bars((0.0,) * 8, "session"), 3))


def test_the_bar_is_the_tasks_where_that_is_above_the_pupils() -> None:
    by_band = [Bar(weights=(band / 10,) * 8, context="episode") for band in range(8)]  # tasks are of band 3
    found = {
        band: {weight for row in attempt_rows(heard(), by_band, band) for _, weight in learned(row)}
        for band in range(6)
    }
    assert found == {0: {0.3}, 1: {0.3}, 2: {0.3}, 3: {0.3}, 4: {0.4}, 5: {0.5}}


def test_a_better_try_is_preferred_at_the_place_of_the_first() -> None:
    (pair,) = pair_rows(heard(), bars(weights_of("linear", 3, 0.15), "episode"), 3)
    assert text(pair["messages"]) == "Tutor: Say 3, Basil.\nBasil:"
    assert (text(pair["chosen"]), text(pair["rejected"])) == (" score 5\n", " score 1\n")
    assert not list(pair_rows(heard(), bars(weights_of("linear", 5, 0.15), "episode"), 3)), (
        "the better one is not good enough itself"
    )


def test_of_silence_nothing_is_learned() -> None:
    session, _ = held(["", " ", " score 7"])
    at = max(place for place, line in enumerate(session.lines) if line.turn)
    silent = Heard(session=session, number=0, scores={at: 7})
    said = text(trunk_row(session, 1.0, 4.0)["messages"])
    assert "Basil:\n" not in said and "Basil: \n" not in said and said.count("Tutor:") == 5
    assert all(each["content"].strip() for each in trunk_row(session, 1.0, 4.0)["messages"])
    assert [learned(row) for row in attempt_rows(silent, bars((1.0,) * 8, "session"), 3)] == [[(" score 7\n", 1.0)]]
    assert not list(pair_rows(silent, bars((1.0,) * 8, "session"), 3))


def test_half_of_the_sessions_are_forgotten_after_each_half_life() -> None:
    def share(age: int, half_life: float | None) -> float:
        session = heard().session
        many = [Heard(session=type(session)(id=str(n), band=0, lines=()), number=5, scores={}) for n in range(2000)]
        return sum(remembered(each, 5 + age, half_life, 0) for each in many) / len(many)

    assert share(0, 2) == 1 and share(9, None) == 1
    assert share(2, 2) == pytest.approx(0.5, abs=0.05) and share(6, 2) == pytest.approx(0.125, abs=0.03)
