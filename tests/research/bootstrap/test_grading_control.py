"""Grades that are dealt out anew."""

from __future__ import annotations

from collections import Counter
from typing import Any

from research.bootstrap.grade import dealt_anew


def test_grades_are_dealt_out_anew_within_a_band_and_weigh_as_much_in_it_as_before() -> None:
    graded: list[dict[str, Any]] = [
        {"session": f"a/{place:06d}", "line": place, "band": place % 2, "english": 7, "task": 7, "why": "",
         "score": 7 if place % 2 and place % 4 == 1 else place % 3, "grader": "rules"}
        for place in range(400)
    ]  # fmt: skip
    dealt = dealt_anew(graded, "0/1/0")
    assert [(each["session"], each["line"], each["band"]) for each in dealt] == [
        (each["session"], each["line"], each["band"]) for each in graded
    ]
    for band in (0, 1):
        before, after = ([each["score"] for each in some if each["band"] == band] for some in (graded, dealt))
        assert Counter(before) == Counter(after)
        assert 20 < sum(one == other for one, other in zip(before, after, strict=True)) < 110, "dealt out anew"
    assert dealt == dealt_anew(graded, "0/1/0") != dealt_anew(graded, "0/2/0")
