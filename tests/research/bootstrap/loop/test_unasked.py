"""Where nobody asks who the pupil is, nobody says who one is either."""

from __future__ import annotations

import re
from itertools import chain, pairwise

import pytest

from data_mix.curriculum import CurriculumConfig, generate
from data_mix.curriculum.sessions import SESSIONS
from espalier.command_line.config import read_yaml
from espalier.loops.pace import Pace
from research.bootstrap.classroom.play import Reply, reactions
from research.bootstrap.classroom.types import TYPES
from research.bootstrap.loop.config import DEFAULT_CONFIG, BootstrapConfig
from research.bootstrap.loop.steps import Steps
from research.bootstrap.sessions import SessionsConfig, played

TELLS = re.compile(r"(?i:\b(?:I am|I'm|you are|(?:my|your) name is|it is|this is)) (?!Simon\b)[A-Z]")
"""Somebody is somebody. Simon is who commands in his game, which goes round."""


def overheard(identity: bool) -> list[str]:
    """Lines of the curriculum's sessions, as the loop's own step asks for them."""
    told = list[str]()
    steps = Steps(
        config=BootstrapConfig.model_validate(read_yaml(DEFAULT_CONFIG) | {"identity": identity}),
        pace=Pace([], None),
        number=1,
        band=0,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("research.bootstrap.loop.steps.run_step", lambda *words, **_: told.extend(words[4:]))
        steps.trunk_mix("rows")
    named = {key.rpartition(".")[2]: value for key, value in pairwise(told) if ".curriculum." in key}
    without = [named.pop("without")] if "without" in named else []
    config = CurriculumConfig.model_validate(named | {"without": without})
    rows = list(chain(*(generate(config, "session", split, 2500, seed=0) for split in ("train", "valid"))))
    assert {row.meta["session"] for row in rows} == {kind.__name__ for kind in SESSIONS}
    return [line for row in rows for line in row.messages[0]["content"].split("\n")]


def held(identity: bool) -> list[str]:
    """What Tutor and Sophie say in sessions of all bands, where a pupil tries in vain and is told how it goes."""
    config = SessionsConfig(pupil="run:p", identity=identity, staging=False, sessions=600)
    sessions = played(config, lambda transcripts, *_: [Reply(text=" Hm.", ended=True)] * len(transcripts))
    assert {line.turn.kind for each in sessions for line in each.lines if line.turn} == {
        name for name in TYPES if identity or name != "identity"
    }
    lines = [line.text for each in sessions for line in each.lines if line.turn is None]
    for kind in ("again", "told", "helps"):
        signs = [said.partition("{")[0] for said in reactions()[kind]]
        assert all(any(line.startswith(sign) for line in lines) for sign in signs), kind
    return [*lines, *reactions()["praise"]]


def test_where_nobody_asks_no_line_that_is_heard_tells_who_somebody_is() -> None:
    assert not [line for line in (*overheard(False), *held(False)) if TELLS.search(line)]


def test_where_somebody_asks_such_lines_are_heard_in_either() -> None:
    assert any(TELLS.search(line) for line in overheard(True)) and any(TELLS.search(line) for line in held(True))
