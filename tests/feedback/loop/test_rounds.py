"""Which policy the rounds end with, and which is decided on, the steps replaced by what they would come to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from espalier.loops.pace import Pace
from feedback import rlp
from feedback.loop import examining, steps
from tests.feedback.loop.test_steps import loop
from tests.feedback.loop.test_verdict import NOISE, exam


class Rounds:
    """Stands for the steps: each round's policy has the true scores that it is told, checkpoints first."""

    def __init__(self, patch: pytest.MonkeyPatch, *true: list[float]) -> None:
        self.decided: list[str] = []
        self.marked: list[tuple[str, str | None]] = []
        self.true = true
        for name in ("examine", "sample", "renew", "rank"):
            patch.setattr(steps, name, lambda *_: "made")
        patch.setattr(steps, "optimise", lambda config, pace, number, mix: f"p{number}")
        patch.setattr(steps, "decide", self.decide)
        patch.setattr(examining, "examined", self.examined)
        patch.setattr(examining, "write_gates", lambda folder, gates: self.mark(folder, gates))

    def examined(self, config: Any, folder: Any, pace: Pace, number: int, run: str, **_: str) -> list[dict[str, Any]]:
        found = []
        for place, true in enumerate(self.true[number]):
            last = place + 1 == len(self.true[number])
            facts = exam(true) | {"policy": f"run:{run}" if last else f"run:{run}@step-4", "step": 0 if last else 4}
            facts["by_prompt"]["true_before"] = (0.5 - NOISE).tolist()
            found.append(facts | {"accuracy": None, "distinct": None})
        return found

    def decide(self, config: Any, pace: Pace, number: int, policy: str) -> str:
        self.decided.append(policy)
        return "scores"

    def mark(self, folder: Path, gates: Any) -> None:
        self.marked.append((folder.name, gates.scores.get("final")))

    def run(self) -> list[dict[str, Any]]:
        config = loop(rounds=len(self.true), final={"suite": "recast"})
        return rlp.run_rounds(config, None, Pace([]))  # type: ignore[arg-type]


def test_the_policy_before_the_fall_is_taken_decided_on_and_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = Rounds(monkeypatch, [0.7], [0.3], [0.9])
    found = rounds.run()
    assert [each["policy"] for each in found] == ["run:p0", "run:p0"] and found[-1]["stopped"]
    assert rounds.decided == ["run:p0"]
    assert rounds.marked == [("p0", None), ("p1", None), ("p0", "scores")], "no run bears the scores of another"


def test_scores_of_a_checkpoint_are_not_those_of_the_last_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = Rounds(monkeypatch, [0.7, 0.3])
    rounds.run()
    assert rounds.decided == ["run:p0@step-4"] and rounds.marked == [("p0", None)]


def test_where_no_policy_is_better_the_first_weights_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = Rounds(monkeypatch, [0.3], [0.9])
    (found,) = rounds.run()
    assert found["policy"] == "run:core" and rounds.decided == [], "which are not compared with themselves"
