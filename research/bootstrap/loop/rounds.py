"""A round: sessions, grades, trunk, adapter, examination, and the band that it leaves the pupil at."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_json, read_jsonl
from espalier.artifacts.registry import content_hash
from espalier.command_line.console import say
from espalier.loops.pace import Pace
from research.bootstrap.bands import LAST_BAND, TOP_SCORE
from research.bootstrap.loop.config import BootstrapConfig
from research.bootstrap.loop.steps import Pupil, Steps, size_of

LEAST_RECENT = 0.05
"""What is weighed less than this for its age is left out."""


def run_round(
    config: BootstrapConfig,
    pace: Pace,
    number: int,
    before: Sequence[Mapping[str, Any]],
    run: Callable[..., int] | None = None,
) -> dict[str, Any]:
    """One round after those `before`, its commands run by `run`; what it made, and what was found of it."""
    last = before[-1] if before else None
    steps = Steps(config=config, pace=pace, number=number, band=last["next_band"] if last else 0, run=run)
    speaks = Pupil(run=last["pupil"], strength=_strength(last["pupil"], last["trunk"], steps)) if last else None
    if last is None:
        steps.calibrate()
    heard, sessions, grades, rows = _tried(steps, speaks, remembered(config, number, before))
    trunk = steps.trunk(steps.trunk_mix(rows), last["trunk"] if last else None)
    adapter = steps.adapter(rows, trunk) if last else None
    speaker = adapter or trunk
    adapted = [steps.name("adapter")] if adapter else []  # where preferences follow, it is not the one that speaks
    pupil = Pupil(run=speaker, strength=_strength(speaker, trunk, steps))
    exam = steps.exam(pupil, trunk)
    found = read_json(artifact("corpora", exam) / "exam.json")
    corpora = [*([heard] if heard else []), *sessions, *grades, rows, exam]
    made = [*(f"corpus:{name}" for name in corpora), f"run:{trunk}"]
    made += [f"run:{adapter}"] if adapter else []
    return {
        "number": number,
        "band": steps.band,
        "next_band": next_band(steps.band, found),
        "through": all(each["passed"] for each in found["bands"]),
        "heard": heard,
        "sessions": sessions,
        "grades": grades,
        "rows": rows,
        "trunk": trunk,
        "pupil": speaker,
        "strength": pupil.strength,
        "exam": exam,
        "learnable": size_of(rows, "attempts"),
        "scores": _scores(grades),
        "shares": [each["share"] for each in found["bands"]],
        "passed": [each["passed"] for each in found["bands"]],
        "trained_tokens": sum(_tokens(each) for each in {trunk, speaker, *adapted}),
        "made": {spec: content_hash(spec) for spec in made},
    }


def next_band(band: int, exam: Mapping[str, Any]) -> int:
    """The first band from `band` on whose examination is not passed; LAST_BAND where all are."""
    while band < LAST_BAND and exam["bands"][band]["passed"]:
        band += 1
    return band


def _tried(
    steps: Steps, pupil: Pupil | None, kept: Sequence[Mapping[str, Any]]
) -> tuple[str | None, list[str], list[str], str]:
    """What is heard, the round's sessions with the pupil, their grades, and the rows that come of it all: with more
    sessions where nothing in them can be learned from, and never by lower thresholds."""
    sessions, grades, heard, more = list[str](), list[str](), None, 0
    old_sessions = [name for each in kept for name in each["sessions"]]
    old_grades = [name for each in kept for name in each["grades"]]
    if pupil is None:
        heard = steps.heard(grades)
        return heard, sessions, grades, steps.rows(heard, sessions, grades)
    while True:
        sessions.append(steps.sessions(pupil, more))
        grades.append(steps.grades(sessions[-1], more))
        heard = heard if more else steps.heard(grades)
        rows = steps.rows(heard, [*old_sessions, *sessions], [*old_grades, *grades], more)
        if size_of(rows, "present") or more == steps.config.more_sessions:
            break
        more += 1
        say(f"no attempt of round {steps.number} can be learned from: {steps.config.sessions} sessions more")
    if not size_of(rows, "present"):
        say(f"no attempt of round {steps.number} can be learned from, after {more} times more sessions: it listened")
    return heard, sessions, grades, rows


def remembered(config: BootstrapConfig, number: int, before: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of the rounds before round `number`, those whose sessions are still learned from."""
    oldest = 0 if config.half_life is None else number + config.half_life * math.log2(LEAST_RECENT)
    return [each for each in before if each["number"] >= oldest]


def _scores(grades: Sequence[str]) -> list[int]:
    """How many of the round's attempts have each score, from 0 on; the grader may have said nothing of others."""
    given = Counter(each["score"] for name in grades for each in read_jsonl(artifact("corpora", name) / "grades.jsonl"))
    return [given[score] for score in range(TOP_SCORE + 1)]


def _strength(run: str, trunk: str, steps: Steps) -> float:
    """A trunk alone has no adapter to be scaled."""
    return 1.0 if run == trunk else steps.row.strength


def _tokens(run: str) -> int:
    return int(read_json(artifact("runs", run) / "manifest.json")["summary"]["tokens"])
