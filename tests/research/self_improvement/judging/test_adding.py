"""What the ranking of rankings adds, of planted judges."""

from __future__ import annotations

import random

from research.self_improvement.judging.adding import added
from research.self_improvement.judging.comparing import compare
from research.self_improvement.judging.planted import compare as asking
from research.self_improvement.judging.planted import contests, first, good, longest


def test_weights_that_silence_bad_judges_add_and_those_that_silence_good_ones_take_away() -> None:
    made, truths = contests(random.Random(0), 30, 4)
    said = compare(asking, made, {"good": good(0), "first": first(1), "longest#0": longest(2), "longest#1": longest(3)})
    silenced = {"good": 1.0, "first": 0.0, "longest#0": 0.0, "longest#1": 0.0}
    found = added(said, truths, silenced)
    assert found and found.gain.low > 0 and found.weighted.value > found.plain.value
    worse = added(said, truths, {**dict.fromkeys(silenced, 1.0), "good": 0.0})
    assert worse and worse.gain.high < 0 and worse.plain == found.plain
    alike = added(said, truths, dict.fromkeys(silenced, 1.0))
    assert alike and alike.gain.value == 0


def test_nothing_is_known_where_all_performances_are_as_good_or_truth_is_not_known() -> None:
    made, truths = contests(random.Random(0), 5, 3)
    said = compare(asking, made, {"good": good(0)})
    assert added(said, {name: [1.0] * 3 for name in truths}, {"good": 1.0}) is None
    assert added(said, {name: [None, None, 1.0] for name in truths}, {"good": 1.0}) is None
    assert added(said, {}, {"good": 1.0}) is None
