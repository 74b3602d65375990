"""Rows of two answers: right by truth, as many of either letter, and not to be told by who does not see the program."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest

from research.self_improvement.families.family import Challenge, Performance
from research.self_improvement.families.predict_output import PredictOutput
from research.self_improvement.families.predict_output.rows import judging_rows
from research.self_improvement.judging.answers import Side, read

FAMILY = PredictOutput()
Row = Mapping[str, Any]


@cache
def drawn(number: int, *, ties: float = 0.0) -> tuple[Row, ...]:
    return tuple(judging_rows(FAMILY, random.Random(0), number, ties=ties))


def due(row: Row) -> Side | None:
    return read(row["messages"][1]["content"]).side


def shown(row: Row) -> tuple[str, str, str]:
    """Program and both answers, out of what a judge is asked."""
    asked = row["messages"][0]["content"]
    program, _, rest = asked.partition("```python\n")[2].partition("\n```")
    one, _, other = rest.partition("A says:\n")[2].partition("\n\nB says:\n")
    answers = ("\n".join(map(str.strip, text.split("\n"))) for text in (one, other.partition("\n\nWhich")[0]))
    return program, *answers  # type: ignore[return-value]


def test_what_is_said_is_true_and_nothing_is_held_out() -> None:
    rows = drawn(160, ties=0.3)
    assert rows == tuple(judging_rows(FAMILY, random.Random(0), 160, ties=0.3))
    for row in rows:
        program, *answers = shown(row)
        challenge = FAMILY.check(
            [Challenge(family=FAMILY.name, skill="", difficulty=0, content=program, proposer="m")], None
        )[0]
        assert isinstance(challenge, Challenge) and challenge.difficulty == row["meta"]["level"]
        right = [FAMILY.verify(challenge, [Performance(text=answer)], None)[0].score == 1 for answer in answers]
        assert answers[0] != answers[1]
        assert due(row) == {(True, False): "A", (False, True): "B", (False, False): "tie"}[right[0], right[1]]


def test_as_many_are_right_as_a_and_as_b_at_each_level() -> None:
    said = Counter((row["meta"]["level"], due(row)) for row in drawn(640))
    assert said == dict.fromkeys([(level, side) for level in range(8) for side in ("A", "B")], 40)


def _sum(text: str) -> int:
    return sum(map(int, text.split()))


@pytest.mark.parametrize(
    "prefers",
    [lambda one, other: True, lambda one, other: _sum(one) > _sum(other), lambda one, other: len(one) > len(other),
     lambda one, other: abs(_sum(one)) > abs(_sum(other)), lambda one, other: _sum(one) % 2 > _sum(other) % 2],
    ids=["first", "larger", "longer", "farther from 0", "odd"],
)  # fmt: skip
def test_nobody_is_right_by_the_answers_alone(prefers: Callable[[str, str], bool]) -> None:
    won = [due(row) == ("A" if prefers(*shown(row)[1:]) else "B") for row in drawn(640)]
    assert abs(sum(won) / len(won) - 0.5) < 0.06  # three standard deviations


def test_a_judgement_can_begin_with_the_steps_and_is_still_read() -> None:
    rows = list(judging_rows(FAMILY, random.Random(1), 80, steps=True, ties=0.2))
    assert {due(row) for row in rows} == {"A", "B", "tie"}
    assert all(len(row["messages"][1]["content"].splitlines()) > 1 for row in rows)
    plain = list(judging_rows(FAMILY, random.Random(1), 80, ties=0.2))
    assert [due(row) for row in rows] == [due(row) for row in plain]
