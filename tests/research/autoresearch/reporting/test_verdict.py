"""What is concluded of a loop: a gain is what a replay confirms, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from research.autoresearch.replaying.comparing import conclude as compare
from research.autoresearch.reporting.material import Loop, loop_of
from research.autoresearch.reporting.verdict import conclude
from tests.research.autoresearch.reporting.made import (
    BASE,
    baselines,
    commit,
    experiments,
    record,
    replayed,
    runs,
    view,
)


def loop(records: list[Any] | None = None, task: str = "language") -> Loop:
    return loop_of(view(Path("toy"), [*baselines(), *experiments()] if records is None else records, task))


def with_second(last: tuple[float, ...]) -> dict[str, Any]:
    found = runs((BASE, commit(10)))
    for each, value in zip(found[3:], last, strict=True):
        each["second"] = {"val_bpb": value}
    return {**compare((BASE, commit(10)), found), "failed": [], "ends": True}


def test_what_holds_on_the_second_file_is_better() -> None:
    told = conclude(loop(), replayed())
    assert told.kind == "better" and "−5.7 % (−6.8 to −4.6) by 3 fresh seeds" in told.sentence
    assert "Of 3 keeps there 2 hold, 1 is reversed and 0 cannot be told apart" in told.sentence
    assert "from 2.4000 to 2.1900 (−8.8 %)" in told.sentence


@pytest.mark.parametrize(
    ("last", "kind"),
    [((2.40, 2.41, 2.42), "better"), ((2.60, 2.62, 2.65), "worse"), ((2.40, 2.51, 2.62), "open")],
)
def test_a_gain_of_the_log_that_the_second_file_does_not_show_is_none(last: tuple[float, ...], kind: str) -> None:
    assert conclude(loop(), with_second(last)).kind == kind


def test_without_a_replay_luck_stands_beside_what_the_log_has() -> None:
    told = conclude(loop(), None)
    assert told.kind == "open" and "Nothing was replayed yet." in told.sentence
    assert "would come to 2.3851 by luck, with 1.8 of them strictly lower" in told.sentence
    assert "about 0.3" in told.sentence
    alone = conclude(loop([*baselines([2.4]), *experiments()]), None)
    assert "The baseline was run once" in alone.sentence


def test_nothing_kept_and_no_baseline_are_said() -> None:
    assert "Nothing was kept of 1 try" in conclude(loop([*baselines(), record(3, BASE, "discard", 2.5)]), None).sentence
    assert "no figure yet" in conclude(loop(baselines([None])), None).sentence


def test_mazes_are_told_as_mazes() -> None:
    assert "mazes that no experiment ever met: first-step error" in conclude(loop(task="mazes"), replayed()).sentence
