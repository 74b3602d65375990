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
from research.bootstrap.bands import GOOD, USABLE
from research.bootstrap.graders.grading import GraderSettings

if TYPE_CHECKING:
    from research.bootstrap.classroom.record import Session
    from research.bootstrap.graders.grade import Grade

COMMAND = "research/bootstrap/grade.py"
FILE = "grades.jsonl"


class GradeConfig(Config):
    """What is graded, by whom."""

    name: Name = "grades"
    """Name of the corpus: corpora/NAME."""
    sessions: Name | None = None
    """The corpus of sessions."""
    grader: GraderSettings = GraderSettings()
    """Who grades."""
    permuted: bool = False
    """A control: the grades are dealt out anew among the attempts at tasks of a band, and say nothing of them.
    What the tutor said in the sessions stays: it was said of the attempt itself."""
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
    manifest = verify_manifest(folder)
    parents = {f"corpus:{sessions}": manifest["content_hash"]}
    decides = {key: value for key, value in to_dict(config).items() if key != "name"}
    about = f"grades of {sessions}"
    made_in = options.made_in(config.name)
    with Corpus.open(config.name, decides, parents=parents, about=about, command=COMMAND, made_in=made_in) as corpus:
        if corpus.complete:
            say(f"grades {config.name} are already complete: {corpus.folder / FILE}")
        else:
            graded = grades_of(read_sessions(folder / "sessions.jsonl"), config.grader)
            if config.permuted:
                # By round and place, not by the loop's name: loops that are compared are dealt to alike.
                held = manifest["config"]
                graded = dealt_anew(graded, f"{config.seed}/{held['number']}/{held['first']}")
            counts = count(graded)
            corpus.finish({FILE: graded}, about=about, counts=counts)
            say(
                f"{counts['attempts']:,} attempts, {counts['usable']:,} usable, {counts['good']:,} good: "
                f"{corpus.folder / FILE}"
            )
        if options.publish:
            corpus.publish()
    return 0


def grades_of(sessions: "Iterable[Session]", settings: GraderSettings) -> list[dict[str, Any]]:
    """A record for each turn of the pupil's; one of which the grader says nothing has no score."""
    from research.bootstrap.graders.grading import Item, opened

    grader = opened(settings)
    turns = [
        (session, place, line, line.turn)
        for session in sessions
        for place, line in enumerate(session.lines)
        if line.turn is not None
    ]
    items = [
        Item(
            want=turn.want,
            band=turn.band,
            model=turn.model,
            text=line.text,
            ended=turn.finish == "stop",
            before=tuple(each.line for each in session.lines[:place]),
        )
        for session, place, line, turn in turns
    ]
    found = grader.grades(items)
    return [
        {
            "session": session.id,
            "line": place,
            "kind": turn.kind,
            "band": turn.band,
            "attempt": turn.attempt,
            **_marks(grade),
            "grader": grader.name,
        }
        for (session, place, _, turn), grade in zip(turns, found, strict=True)
    ]


def _marks(grade: "Grade | str") -> dict[str, Any]:
    if isinstance(grade, str):
        return {"english": None, "task": None, "score": None, "why": grade}
    return {"english": grade.english, "task": grade.task, "score": grade.score, "why": grade.why}


def dealt_anew(graded: list[dict[str, Any]], seed: str) -> list[dict[str, Any]]:
    """The same attempts, with one another's grades; each band of tasks keeps its own."""
    keys, rng = ("english", "task", "score", "why"), random.Random(seed)
    by_band: dict[int, list[dict[str, Any]]] = {}
    for each in graded:
        by_band.setdefault(each["band"], []).append({key: each[key] for key in keys})
    for given in by_band.values():
        rng.shuffle(given)
    return [each | by_band[each["band"]].pop() | {"grader": "permuted"} for each in graded]


def count(graded: list[dict[str, Any]]) -> dict[str, int]:
    """What they came to, in numbers."""
    scores = [each["score"] for each in graded if each["score"] is not None]
    return {
        "attempts": len(graded),
        "abstained": len(graded) - len(scores),
        "usable": sum(score >= USABLE for score in scores),
        "good": sum(score >= GOOD for score in scores),
    }


if __name__ == "__main__":
    run_main(main)
