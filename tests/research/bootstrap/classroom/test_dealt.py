"""The control whose tutor reacts as to another attempt."""

from __future__ import annotations

import random

from research.bootstrap.classroom.asking import Want
from research.bootstrap.classroom.dealt import dealt
from tests.research.bootstrap.classroom.toys import score


def test_a_reply_is_worth_what_an_earlier_one_of_its_band_was() -> None:
    want = Want(points=())
    drawn = dealt(score, random.Random(0))
    assert drawn(want, 1, " score 7", True, []) == 0, "nothing was said before it"
    assert drawn(want, 2, " score 7", True, []) == 0, "of its band"
    assert drawn(want, 1, " no", True, []) == 7
    rng = random.Random(1)
    good = [rng.random() < 0.7 for _ in range(4000)]
    found = [drawn(want, 3, " score 7" if each else " score 0", True, []) == 7 for each in good]
    assert abs(sum(found) - sum(good)) < 200, "as many are praised"
    alike = sum(praised == each for praised, each in zip(found, good, strict=True)) / len(good)
    assert abs(alike - (0.7**2 + 0.3**2)) < 0.03, "whatever they said"
