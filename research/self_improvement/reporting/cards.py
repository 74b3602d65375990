"""The charts of a report's page, each with what its lines are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from espalier.pages.charts import Chart, ticks_to
from espalier.pages.shown import Card
from research.self_improvement.reporting.material import Loop

_SHARES = ((0.0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %"))
Line = tuple[str, str, Sequence[Any]]
"""What a line is in words, the class that it is coloured by, and a figure or a number of each round, or None."""


def held_out(loop: Loop) -> Iterator[Card]:
    """Of each family what was won on held-out challenges, and what the best control wins."""
    for name in loop.family_names:
        best = [found and max(each["share"]["value"] for each in found.values()) for found in _controls(loop, name)]
        asked = ("families", name, "asked")
        yield _shares(
            loop,
            name,
            ("levels as trained on", "one", loop.of_exams(*asked, "trained")),
            ("harder levels", "two", loop.of_exams(*asked, "harder")),
            ("the best control", "grey", best),
        )


def since_round_0(loop: Loop) -> Iterator[Card]:
    """What truth and judges say of each round's model beside round 0's."""
    gains = loop.of_exams("against", "gain", "all", "difference")
    ends = [abs(each[end]) for each in gains if each for end in ("low", "high")]
    chart = Chart(loop.numbers, _around_0(max(ends, default=0.0)))
    chart.level(0.0, "grey")
    _draw(chart, gains, "one")
    yield Card(
        "Truly gained since round 0",
        [("one", "points of a hundred, challenge by challenge")],
        chart.drawn("Points gained since round 0, by round") if ends else None,
    )
    truth, judges = (loop.of_exams("against", *keys) for keys in (("win_rate",), ("judged", "win_rate")))
    yield _shares(
        loop, "Better than round 0", ("by truth", "one", truth), ("by judges", "two", judges), level=(0.5, "grey")
    )


def judge_drift(loop: Loop) -> Iterator[Card]:
    """The model as a judge of the pairs that round 0 fixed."""
    found = ("judging",)
    yield _shares(
        loop,
        "The model as a judge of fixed pairs",
        ("right", "one", loop.of_exams(*found, "right")),
        ("who prefers the longer", "grey", [_value(each) for each in _longer(loop)]),
        level=(0.5, "bar-wanted"),
    )
    yield _shares(
        loop,
        "How it says it",
        ("says A: a half for who reads", "one", loop.of_exams(*found, "first")),
        ("abstains", "two", loop.of_exams(*found, "abstained")),
        level=(0.5, "grey"),
    )


def prefix(loop: Loop) -> Iterator[Card]:
    """What the prefix does."""
    for name in loop.family_names:
        yield _shares(
            loop,
            name,
            ("behind the prefix", "one", loop.of_exams("families", name, "asked", "all")),
            ("without it", "two", loop.of_exams("families", name, "plain", "all")),
        )


def challenges(loop: Loop) -> Iterator[Card]:
    """Of each family how hard its challenges were, and how different."""
    for name in loop.family_names:
        repeated = loop.of_ranked(name, "diversity", "repetition", 0)
        yield _shares(
            loop,
            f"{name}: challenges of each round",
            ("performances that pass", "one", loop.of_ranked(name, "pass_rate")),
            ("said again", "two", [each and each["num"] and each["repeated"] / each["num"] for each in repeated]),
            level=(0.5, "grey"),
        )
        now, rule = (loop.of_ranked(name, "diversity", side, "vendi") for side in ("challenges", "reference"))
        yield _numbers(loop, f"{name}: Vendi score", ("of the round", "one", now), ("by rule", "grey", rule))
        niches = loop.of_ranked(name, "coverage", "niches")
        yield _numbers(loop, f"{name}: niches of the archive", ("with a challenge", "one", niches))


def costs(loop: Loop) -> Iterator[Card]:
    """Seconds and trained tokens of each round."""
    for title, values in (
        ("Seconds of each round", [each.seconds for each in loop.rounds]),
        ("Trained tokens of each round, thousands", [_thousands(each.found) for each in loop.rounds]),
    ):
        chart = Chart(loop.numbers, ticks_to(max((value for value in values if value), default=1.0)), height=150)
        chart.bars(values, "one")
        yield Card(title, [], chart.drawn(title))


def _thousands(found: Any) -> float | None:
    tokens = found.get("trained_tokens")
    return None if tokens is None else tokens / 1000


def _shares(loop: Loop, title: str, *lines: Line, level: tuple[float, str] | None = None) -> Card:
    return _card(Chart(loop.numbers, _SHARES), title, lines, level)


def _numbers(loop: Loop, title: str, *lines: Line) -> Card:
    highest = max((value for _, _, values in lines for each in values if (value := _value(each))), default=1.0)
    return _card(Chart(loop.numbers, ticks_to(highest), height=150), title, lines, None)


def _card(chart: Chart, title: str, lines: Sequence[Line], level: tuple[float, str] | None) -> Card:
    if level:
        chart.level(*level)
    for _, kind, values in reversed(lines):
        _draw(chart, values, kind)
    known = any(each is not None for _, _, values in lines for each in values)
    return Card(title, [(kind, words) for words, kind, _ in lines], chart.drawn(title) if known else None)


def _draw(chart: Chart, values: Sequence[Any], kind: str) -> None:
    """A line; of figures with their intervals."""
    lows, highs = ([each[end] if isinstance(each, dict) else None for each in values] for end in ("low", "high"))
    chart.between(lows, highs, kind)
    chart.line([_value(each) for each in values], kind)


def _value(each: Any) -> float | None:
    value: float | None = each["value"] if isinstance(each, dict) else each
    return value


def _controls(loop: Loop, name: str) -> list[Any]:
    return loop.of_exams("families", name, "controls")


def _longer(loop: Loop) -> list[Any]:
    return loop.of_exams("judging", "controls", "prefers the longer")


def _around_0(highest: float) -> list[tuple[float, str]]:
    """Ticks of points of a hundred, as far below 0 as above."""
    step = next(each for each in (0.02, 0.05, 0.1, 0.2, 0.4) if highest <= 3 * each)
    ends = max(1, math.ceil(highest / step - 1e-9))
    places = [place * step for place in range(-ends, ends + 1)]
    return [(each, f"{100 * each:+.0f}".replace("-", "\N{MINUS SIGN}") if each else "0") for each in places]
