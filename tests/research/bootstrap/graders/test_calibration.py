"""Whether a grader may be trusted, and the command that says so."""

from __future__ import annotations

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
    return list(made(tasks=1, seed=1))


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
        (lambda each: 7 if each.source == "wrong pronoun" else RIGHT[each.truth], "kind wrong pronoun (κ"),
        (lambda each: 4 if each.source == "wanted" else RIGHT[each.truth], "kind wanted (κ"),
        (lambda each: 7 if each.source == "turned round" else RIGHT[each.truth], None),
    ],
)
def test_a_grader_is_trusted_that_sees_what_is_good_and_what_is_not(
    replies: list[Made], gives: Callable[[Made], int | None], why: str | None
) -> None:
    found = found_of([(each, gives(each)) for each in replies])
    assert bool(found["failed"]) == bool(why) and (why or "") in "; ".join(found["failed"])
    assert sum(map(sum, found["confusion"])) == len(replies)
    assert "not to be trusted" in page("x|y", found) or not why


def test_a_kind_is_told_from_good_replies_to_the_same_tasks(replies: list[Made]) -> None:
    """And one mistake among few replies of a kind refuses nobody; most of them do."""
    all_right = found_of([(each, RIGHT[each.truth]) for each in replies])["by_source"]
    assert all(each["kappa"]["value"] == 1 for each in all_right.values())
    fooled = found_of([(each, 7 if each.source == "filler behind" else RIGHT[each.truth]) for each in replies])
    kappas = {source: each["kappa"]["value"] for source, each in fooled["by_source"].items()}
    assert kappas.pop("filler behind") == 0 and set(kappas) == set(all_right) - {"filler behind"}
    assert all(value == 1 for source, value in kappas.items() if all_right[source]["truth"] != "good")
    rare = [each for each in replies if each.source == "half another's"]
    assert 3 <= len(rare) < 20
    for fools in (1, len(rare)):
        graded = [(each, 7 if each in rare[:fools] else RIGHT[each.truth]) for each in replies]
        assert any("half another's" in why for why in found_of(graded)["failed"]) == (fools > 1)


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
