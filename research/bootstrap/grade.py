"""Grade what the pupil said in sessions.

    python research/bootstrap/grade.py --sessions NAME --name NAME

Each of the pupil's turns gets a line in corpora/NAME/grades.jsonl: English, task, and the score that is gated of both.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import random
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pydantic import Field

from espalier.command_line.config import ArtifactOptions, Config, Name, NotedOptions, load, to_dict
from espalier.command_line.console import say
from espalier.errors import UserError, run_main

if TYPE_CHECKING:
    from research.bootstrap.classroom.record import Session

COMMAND = "research/bootstrap/grade.py"
FILE = "grades.jsonl"
USABLE, GOOD = 3, 6
"""Scores from which on an attempt is usable, and good."""


class GradeConfig(Config):
    """What is graded, by whom."""

    name: Name = "grades"
    """Name of the corpus: corpora/NAME."""
    sessions: Name | None = None
    """The corpus of sessions."""
    permuted: bool = False
    """A control: the grades are dealt out anew among the attempts, so that they say nothing."""
    seed: int = Field(0, ge=0)
    """Of that."""


class GradeOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""


def main(argv: list[str]) -> int:
    config, options = load(GradeConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=GradeOptions)
    if config.sessions is None:
        raise UserError("--sessions: is missing; it names the corpus of sessions that is graded")
    return grade_all(config, config.sessions, options)


def grade_all(config: GradeConfig, sessions: str, options: GradeOptions) -> int:
    """Grade the turns that `config` describes; returns the exit code."""
    from espalier.artifacts.corpus import Corpus
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import verify_manifest
    from research.bootstrap.classroom.record import read_sessions

    folder = artifact("corpora", sessions)
    parents = {f"corpus:{sessions}": verify_manifest(folder)["content_hash"]}
    decides = {key: value for key, value in to_dict(config).items() if key != "name"}
    about = f"grades of {sessions}"
    made_in = options.made_in(config.name)
    with Corpus.open(config.name, decides, parents=parents, about=about, command=COMMAND, made_in=made_in) as corpus:
        if corpus.complete:
            say(f"grades {config.name} are already complete: {corpus.folder / FILE}")
        else:
            graded = list(grades_of(read_sessions(folder / "sessions.jsonl")))
            graded = dealt_anew(graded, config.seed) if config.permuted else graded
            counts = count(graded)
            corpus.finish({FILE: graded}, about=about, counts=counts)
            say(
                f"{counts['attempts']:,} attempts, {counts['usable']:,} usable, {counts['good']:,} good: "
                f"{corpus.folder / FILE}"
            )
        if options.publish:
            corpus.publish()
    return 0


def grades_of(sessions: "Iterable[Session]") -> Iterable[dict[str, Any]]:
    """A record for each turn of the pupil's."""
    from research.bootstrap.graders.grade import grade

    for session in sessions:
        for place, line in enumerate(session.lines):
            if (turn := line.turn) is None:
                continue
            before = [each.line for each in session.lines[:place] if each.episode == line.episode]
            found = grade(turn.want, turn.band, line.text, turn.finish == "stop", before)
            yield {
                "session": session.id,
                "line": place,
                "kind": turn.kind,
                "band": turn.band,
                "attempt": turn.attempt,
                "english": found.english,
                "task": found.task,
                "score": found.score,
                "why": found.why,
                "grader": "rules",
            }


def dealt_anew(graded: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """The same attempts, with one another's grades."""
    keys = ("english", "task", "score", "why")
    given = [{key: each[key] for key in keys} for each in graded]
    random.Random(f"{seed}/{graded[0]['session'] if graded else ''}").shuffle(given)
    return [each | other | {"grader": "permuted"} for each, other in zip(graded, given, strict=True)]


def count(graded: list[dict[str, Any]]) -> dict[str, int]:
    """What they came to, in numbers."""
    scores = [each["score"] for each in graded]
    return {
        "attempts": len(scores),
        "usable": sum(score >= USABLE for score in scores),
        "good": sum(score >= GOOD for score in scores),
    }


if __name__ == "__main__":
    run_main(main)
