"""Whether a grader may be trusted, and the command that says so."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from espalier.artifacts.records import read_json, read_jsonl, read_manifest
from research.bootstrap import calibrate
from research.bootstrap.graders.calibration import found_of, page
from research.bootstrap.graders.made import Made, made

RIGHT = {"good": 7, "partial": 4, "bad": 0}


@pytest.fixture(scope="module")
def replies() -> list[Made]:
    return random.Random(0).sample(list(made(tasks=1, seed=1)), 700)


@pytest.mark.parametrize(
    ("gives", "why"),
    [
        (lambda each: RIGHT[each.truth], None),
        (lambda each: 7, "κ of usable replies is 0.000"),
        (lambda each: 0, "κ of good replies is 0.000"),
        (lambda each: 5 if each.truth != "bad" else 0, "κ of good replies"),
        (lambda each: None, "it says nothing of 100"),
        (lambda each: None if each.ask.band < 2 else RIGHT[each.truth], "it says nothing of"),
        (lambda each: 7 if each.source == "denied" else RIGHT[each.truth], "wrong of the kind denied"),
        (lambda each: 7 if each.source == "another task's" else RIGHT[each.truth], "kind another task's"),
    ],
)
def test_a_grader_is_trusted_that_sees_what_is_good_and_what_is_not(
    replies: list[Made], gives: Callable[[Made], int | None], why: str | None
) -> None:
    found = found_of([(each, gives(each)) for each in replies])
    assert bool(found["failed"]) == bool(why) and (why or "") in "; ".join(found["failed"])
    assert sum(map(sum, found["confusion"])) == len(replies)
    assert "not to be trusted" in page("x|y", found) or not why


def test_few_replies_tell_nothing(replies: list[Made]) -> None:
    assert "fewer than 400" in found_of([(each, RIGHT[each.truth]) for each in replies[:20]])["failed"][0]
    assert "fewer than 400" in found_of([])["failed"][0]


def test_the_command_leaves_figures_a_page_a_picture_and_every_reply(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--name", "g", "--limit", "420", "--publish", "false"]
    assert calibrate.main(words) == 0
    folder = workspace / "corpora" / "g"
    found = read_json(folder / "calibration.json")
    assert found["replies"] == 420 and found["failed"] == [] and found["usable"]["kappa"]["value"] >= 0.95
    assert len(list(read_jsonl(folder / "replies.jsonl"))) == 420
    assert (folder / "cells.png").stat().st_size > 1000 and "can be trusted" in (folder / "page.md").read_text()
    manifest = read_manifest(folder)
    assert manifest and manifest["counts"]["failed"] == []
    assert "rules can be trusted" in capsys.readouterr().out
    assert calibrate.main(words) == 0 and "already complete" in capsys.readouterr().out
