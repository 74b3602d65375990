"""Make rows to learn from of sessions and their grades, those of earlier rounds too.

    python research/bootstrap/rows.py --sessions A-r00-sessions A-r01-sessions --grades A-r00-grades A-r01-grades \\
        --number 1 --threshold 1 --name A-r01-rows

trunk.jsonl has whole sessions, the pupil's own turns weighted down; attempts.jsonl its turns that are worth learning,
behind what stood before them, which is read and not learned; pairs.jsonl, with --negatives, a better and a worse try at
one task.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar

from pydantic import Field, field_validator, model_validator

from espalier.command_line.config import ArtifactOptions, Config, Name, NotedOptions, load, to_dict
from espalier.command_line.console import say
from espalier.errors import UserError, run_main
from research.bootstrap.bands import BANDS, LAST_BAND, TOP_SCORE, by_band
from research.bootstrap.classroom.record import Context
from research.bootstrap.weights import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from research.bootstrap.classroom.record import Session
    from research.bootstrap.learning import Heard

COMMAND = "research/bootstrap/rows.py"
T = TypeVar("T")


class RowsConfig(Config):
    """What is learned from, and how it is weighed."""

    name: Name = "rows"
    """Name of the corpus: corpora/NAME."""
    sessions: list[Name] = []
    """Corpora of sessions."""
    grades: list[Name] = []
    """Their grades, in the same order."""
    number: int = Field(0, ge=0)
    """The present round: sessions say of which round they are."""
    seed: int = Field(0, ge=0)
    """Decides which sessions of earlier rounds are forgotten."""
    heard: list[Name] = []
    """Corpora of sessions without the pupil, for the trunk alone."""
    band: int = Field(0, ge=0, le=LAST_BAND)
    """The pupil's."""
    threshold: list[Annotated[int, Field(ge=0, lt=TOP_SCORE)]] | None = [0]
    """Attempts of this score and below weigh nothing, one for all bands or one for each: that of the task's band, or of
    the pupil's if that is above. null reinforces all alike."""
    least_weight: list[Annotated[float, Field(gt=0, le=1)]] = [0.15]
    """What the least score above the threshold weighs, likewise."""
    weights: Kind = "linear"
    """How weights rise from there to 1 at the top score."""
    context: list[Context] = ["episode"]
    """What stands before an attempt, likewise."""
    negatives: bool = False
    """Make pairs of low and high attempts at one task."""
    half_life: float | None = Field(2.0, gt=0)
    """Rounds after which one of two sessions is forgotten; null for never."""
    tutor_weight: float = Field(0.3, ge=0, le=1)
    """What the tutor says weighs so much in the trunk's rows, against 1 for what Sophie says."""
    own_turns_divisor: float = Field(4.0, ge=1)
    """The pupil's own turns weigh so many times less in the trunk's rows than what is heard."""

    @field_validator("threshold", "least_weight", "context")
    @classmethod
    def _for_each_band(cls, given: list[T] | None) -> list[T] | None:
        return None if given is None else list(by_band(given))

    @model_validator(mode="after")
    def _each_has_grades(self) -> Self:
        if len(self.sessions) != len(self.grades):
            raise ValueError(f"grades: {len(self.grades)} corpora, for {len(self.sessions)} of sessions")
        return self


class RowsOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""


def main(argv: list[str]) -> int:
    config, options = load(RowsConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=RowsOptions)
    if not config.sessions and not config.heard:
        raise UserError("--sessions: is missing; it names corpora of sessions, and --grades theirs")
    return make(config, options)


def make(config: RowsConfig, options: RowsOptions) -> int:
    """Make the rows that `config` describes; returns the exit code."""
    from espalier.artifacts.corpus import Corpus
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import verify_manifest

    corpora = [*config.heard, *config.sessions, *config.grades]
    parents = {f"corpus:{name}": verify_manifest(artifact("corpora", name))["content_hash"] for name in corpora}
    decides = {key: value for key, value in to_dict(config).items() if key != "name"}
    about = f"rows of {len(config.sessions) + len(config.heard)} corpora of sessions, for a pupil of band {config.band}"
    made_in = options.made_in(config.name)
    with Corpus.open(config.name, decides, parents=parents, about=about, command=COMMAND, made_in=made_in) as corpus:
        if corpus.complete:
            say(f"rows {config.name} are already complete: {corpus.folder}")
        else:
            files, counts = rows_of(config)
            corpus.finish(files, about=about, counts=counts)
            say(
                f"{counts['trunk']:,} sessions, {counts['attempts']:,} attempts ({counts['present']:,} of this round), "
                f"{counts['pairs']:,} pairs; {counts['forgotten']:,} sessions are forgotten: {corpus.folder}"
            )
        if options.publish:
            corpus.publish()
    return 0


def rows_of(config: RowsConfig) -> tuple[dict[str, list[dict[str, Any]]], dict[str, int]]:
    """The files, and what they hold in numbers; `attempts` and `present` count what weighs anything."""
    from research.bootstrap.learning import Bar, attempt_rows, pair_rows, remembered, trunk_row
    from research.bootstrap.weights import weights_of

    heard = [each for pair in zip(config.sessions, config.grades, strict=True) for each in read(*pair)]
    kept = [each for each in heard if remembered(each, config.number, config.half_life, config.seed)]
    scores = [score for each in heard if each.number == config.number for score in each.scores.values()]
    thresholds: list[int] | list[None] = config.threshold or [None] * len(BANDS)
    bars = [
        Bar(weights=weights_of(config.weights, threshold, least, scores), context=context)
        for threshold, least, context in zip(thresholds, config.least_weight, config.context, strict=True)
    ]
    sessions = [*(session for name in config.heard for session in _held(name)), *(each.session for each in kept)]
    files = {
        "trunk.jsonl": [trunk_row(each, config.tutor_weight, config.own_turns_divisor) for each in sessions],
        "attempts.jsonl": [row for each in kept for row in attempt_rows(each, bars, config.band)],
        "pairs.jsonl": [row for each in kept if config.negatives for row in pair_rows(each, bars, config.band)],
    }
    learned = [(each.number, each.weight(at, bars, config.band)) for each in kept for at in each.scores]
    counts = {
        "trunk": len(files["trunk.jsonl"]),
        "attempts": sum(weight > 0 for _, weight in learned),
        "present": sum(weight > 0 for number, weight in learned if number == config.number),
        "pairs": len(files["pairs.jsonl"]),
        "forgotten": len(heard) - len(kept),
    }
    return files, counts


def read(sessions: str, grades: str) -> "list[Heard]":
    """The sessions of a corpus with the scores of their turns. UserError where a turn has no grade."""
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import read_jsonl, read_manifest
    from research.bootstrap.learning import Heard

    folder, graded = artifact("corpora", sessions), artifact("corpora", grades)
    manifest = read_manifest(folder)
    assert manifest is not None
    scores: dict[str, dict[int, int | None]] = {}
    for each in read_jsonl(graded / "grades.jsonl"):
        scores.setdefault(each["session"], {})[each["line"]] = each["score"]
    number = manifest["config"]["number"]
    found = list[Heard]()
    for session in _held(sessions):
        given = scores.get(session.id, {})
        turns = [place for place, line in enumerate(session.lines) if line.turn]
        if missing := [place for place in turns if place not in given]:
            raise UserError(f"corpora/{grades}: no grade for line {missing[0]} of session {session.id}, {sessions}")
        said = [place for place in turns if session.lines[place].text.strip()]
        known = {place: score for place in said if (score := given[place]) is not None}
        found.append(Heard(session=session, number=number, scores=known))
    return found


def _held(sessions: str) -> "Iterator[Session]":
    from espalier.artifacts.paths import artifact
    from research.bootstrap.classroom.record import read_sessions

    return read_sessions(artifact("corpora", sessions) / "sessions.jsonl")


if __name__ == "__main__":
    run_main(main)
