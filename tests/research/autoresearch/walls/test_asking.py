"""How much of the processor a question may take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from espalier.sandbox import Limits
from espalier.sandbox.command import Done
from espalier.sandbox.outcome import Ending, Outcome
from research.autoresearch.evaluating import asking
from research.autoresearch.evaluating.asking import LOADING, Asker
from research.autoresearch.tasks import TASKS


def test_a_question_about_a_part_may_take_its_share_and_what_loading_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed: list[float] = []

    def ran(argv: list[str], *, writable: Path, limits: Limits, **more: Any) -> Done:
        allowed.append(limits.cpu_seconds)
        (writable / "said.json").write_text("{}")
        outcome = Outcome(
            ended=Ending.OK, exit_code=0, signal_name=None, tried=None, stdout=b"", stderr=b"", cut=False,
            cpu_seconds=40.0, wall_seconds=20.0, peak_memory=1, left_behind=False,
        )  # fmt: skip
        return Done(outcome=outcome, files=("said.json",), refused={})

    monkeypatch.setattr(asking, "run_command", ran)
    asker = Asker(
        task=TASKS["language"], staged=tmp_path, model=tmp_path, threads=2, walls=True, device="cpu", wall_seconds=30.0
    )
    for share in (None, 0.1, None, 9.0):
        with asker.ask("prefixes", b"a", share=share):
            pass
    assert allowed == [60.0, LOADING + 4.0, 60.0, 60.0]
