"""What models are asked: to speak in a game, to propose a setting, to compare two games, to judge conduct."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from evaluation.judges.prompts import fenced
from research.self_improvement.families.family import Challenge, Messages, Performance
from research.self_improvement.families.social_games.game import View
from research.self_improvement.families.social_games.talk import LONGEST


def to_move(game: str, view: View, *, small: bool) -> Messages:
    """A situation, behind the rules unless `small`."""
    if small:
        return _user(f"{view.situation}\n{view.player}:")
    turn = prompts()["your_turn"].format(player=view.player)
    return _user(f"{_rules(game)}\n\n{view.situation}\n{turn}")


def to_propose(game: str, shown: Sequence[str], difficulty: int, hardest: int) -> Messages:
    """For another setting than those shown, as JSON."""
    task = prompts()["propose"].format(difficulty=difficulty, hardest=hardest)
    form = prompts()["forms"][game]
    there_are = "\n".join(shown) if shown else "none yet"
    return _user(f"{task}\n\nThe game: {_rules(game)}\n\nA setting: {form}\n\nThere are:\n{there_are}")


def to_compare(challenge: Challenge, one: Performance, other: Performance) -> Messages:
    """Which of two games those who were called played better. A judge is told what they knew when they spoke first, and
    not what only the rules know, as who else was a mole or who won what."""
    known = "\n\n".join(one.facts["knew"].values())
    data = {"rules": _rules(challenge.known["game"]), "known": known, "A": one.text, "B": other.text}
    return _about("compare", data, players=" and ".join(one.facts["called"]))


def to_judge_conduct(challenge: Challenge, performance: Performance, player: str) -> Messages:
    """How a player behaved, where no move tells."""
    data = {"rules": _rules(challenge.known["game"]), "said": performance.text}
    return _about("conduct", data, player=player)


@cache
def prompts() -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load((Path(__file__).parent / "prompts.yaml").read_text(encoding="utf-8"))
    return found


def _rules(game: str) -> str:
    return f"{prompts()['rules'][game]} {prompts()['every_game'].format(longest=LONGEST)}"


def _about(task: str, data: dict[str, Any], **slots: str) -> Messages:
    """A task on data that somebody else wrote."""
    mark, block = fenced(data)
    return _user(f"{prompts()[task].format(fence=mark, **slots)}\n\n{block}")


def _user(text: str) -> Messages:
    return [{"role": "user", "content": text}]
