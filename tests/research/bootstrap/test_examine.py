"""The examination by its command, of a tiny model."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from espalier.artifacts import records
from espalier.artifacts.paths import artifact
from espalier.command_line.config import load, resolve_path
from espalier.errors import UserError
from research.bootstrap import examine
from research.bootstrap.exam import holding, identity
from research.bootstrap.exam.holding import Examiner
from research.bootstrap.exam.milestones import read_milestones
from research.bootstrap.loop.config import MILESTONES
from tests import tiny


@pytest.fixture
def milestones(tmp_path: Path) -> Path:
    text = resolve_path(MILESTONES, Path()).read_text()
    path = tmp_path / "milestones.yaml"
    path.write_text(re.sub(r"longest: \d+", "longest: 4", text))
    return path


@pytest.fixture
def words(workspace: Path, tmp_path: Path, milestones: Path) -> list[str]:
    pupil = tiny.saved(tmp_path / "pupil")
    told = {"pupil": f"path:{pupil}", "milestones": str(milestones), "limit": "2", "publish": "false"}
    return [word for key, value in told.items() for word in (f"--{key}", value)]


def test_an_examination_is_the_same_bytes_whenever_it_is_held(words: list[str], capsys: pytest.CaptureFixture[str]):
    for name in ("toy-r03-exam", "toy-r04-exam"):
        assert examine.main([*words, "--name", name, "--round", "--number", "3"]) == 0
    folders = [artifact("corpora", name) for name in ("toy-r03-exam", "toy-r04-exam")]
    for file in ("exam.json", "replies.jsonl", "identities.jsonl"):
        first, second = ((folder / file).read_bytes() for folder in folders)
        assert first == second
    found = records.read_json(folders[0] / "exam.json")
    assert [each["band"] for each in found["bands"]] == list(range(8)) and not any(
        each["passed"] for each in found["bands"]
    )
    assert found["limit"] == 2 and found["floor"] is None and len(found["milestones"]) == 64
    assert all(0 <= each["share"] <= 1 for each in found["minimal_pairs"]["phenomena"].values())
    replies = list(records.read_jsonl(folders[0] / "replies.jsonl"))
    assert len(replies) == sum(each["turns"] for each in found["bands"]) and not any(
        "\n" in each["reply"] for each in replies
    )
    assert records.read_manifest(folders[0])["round"] == {"loop": "toy", "round": 3, "part": "exam"}
    assert found["identity"] == identity.read(list(records.read_jsonl(folders[0] / "identities.jsonl")))

    assert examine.main([*words, "--name", "toy-r03-exam", "--number", "3"]) == 0
    assert "already complete" in capsys.readouterr().out
    (folders[0] / "replies.jsonl").write_text("")
    with pytest.raises(UserError, match=r"replies\.jsonl"):
        examine.main([*words, "--name", "toy-r03-exam", "--number", "3"])


def test_another_round_draws_other_replies_about_itself_and_the_same_first_papers(words: list[str]):
    for name, number in (("one", "1"), ("two", "2")):
        examine.main([*words, "--name", name, "--number", number])
    one, two = (artifact("corpora", name) for name in ("one", "two"))
    assert (one / "replies.jsonl").read_bytes() == (two / "replies.jsonl").read_bytes()
    assert (one / "identities.jsonl").read_bytes() != (two / "identities.jsonl").read_bytes()


def test_the_round_and_the_limit_reach_the_examiner(words: list[str], monkeypatch: pytest.MonkeyPatch):
    held: list[Examiner] = []
    monkeypatch.setattr(holding, "hold", lambda examiner, *_, **__: held.append(examiner))
    told = [*words, "--number", "3"]
    config, _ = load(examine.ExamineConfig, told, prog="", doc="", options=examine.ExamineOptions)
    assert config.pupil
    examine.held_by(config, config.pupil, read_milestones(config.milestones))
    assert (held[0].number, held[0].limit) == (3, 2)


def test_milestones_that_changed_are_another_examination(words: list[str], milestones: Path):
    examine.main([*words, "--name", "one"])
    milestones.write_text(milestones.read_text().replace("at_least: 0.50", "at_least: 0.40"))
    with pytest.raises(UserError, match=r"corpus one was begun otherwise .*milestones\.yaml"):
        examine.main([*words, "--name", "one"])


def test_what_is_missing_is_said(words: list[str], milestones: Path):
    with pytest.raises(UserError, match="--pupil: is missing"):
        examine.main(["--name", "one"])
    with pytest.raises(UserError, match="no run is called 'gone'"):
        examine.main([*words, "--name", "one", "--trunk", "gone"])
    milestones.write_text(milestones.read_text().replace("- storytime", "- story_hour"))
    with pytest.raises(UserError, match="there are no story_hour; there are classroom, "):
        examine.main([*words, "--name", "one"])
    assert not (artifact("corpora", "one") / "manifest.json").exists()
