"""A person as the tutor: what the pupil is asked, and what of it is kept."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.generation.generate import Reply
from research.bootstrap import talk
from research.bootstrap.pupil import Pupil


class Parrot:
    """Says how often it was asked, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def says(self, transcripts: list[str], **how: object) -> list[Reply]:
        self.asked += transcripts
        return [Reply(text=f" {len(self.asked)}.", num_tokens=1, finish="stop")]


def test_a_lesson_is_one_transcript_until_a_new_one_begins(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (0, 1):
        found = {"pupil": f"toy-r0{number}-adapter", "strength": 0.5, "next_band": 2}
        records.write_json(workspace / "loops" / "toy" / "exams" / f"r0{number}.json", found)
    parrot, opened = Parrot(), list[tuple[str, object]]()

    def open_pupil(ref: str, **how: object) -> Parrot:
        opened.append((ref, how["strength"]))
        return parrot

    monkeypatch.setattr(Pupil, "open", open_pupil)
    monkeypatch.setattr("sys.stdin", io.StringIO("Hello.\nSophie: Hi!\n\n/new\nAgain: what?\n"))
    assert talk.main(["toy"]) == 0
    assert opened == [("run:toy-r01-adapter", 0.5)]
    assert parrot.asked == [
        "Tutor: Hello.\nBasil:",
        "Tutor: Hello.\nBasil: 1.\nSophie: Hi!\nBasil:",
        "Tutor: Again: what?\nBasil:",
    ]
    assert capsys.readouterr().out == "1.\n2.\n3.\n"
    with pytest.raises(UserError, match="no round 7"):
        talk.found_of("toy", 7)
