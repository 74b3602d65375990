"""Hold sessions with the pupil in them.

    python research/bootstrap/sessions.py --name NAME [--pupil run:NAME --strength 0.5] [--band 3] [--any.key VALUE ...]

Tutor and Sophie speak from the grammar, Basil's turns are what the pupil says there. Without a pupil Sophie does all
tasks, and the sessions are there to be listened to. They stand in corpora/NAME/sessions.jsonl, one a line.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import Field, field_validator

from espalier.command_line.config import ArtifactOptions, Config, Name, NotedOptions, load, to_dict
from espalier.command_line.console import progress, say
from espalier.errors import run_main
from espalier.models import devices
from research.bootstrap.bands import BANDS, GOOD, LAST_BAND, by_band
from research.bootstrap.classroom.by_llm import TutorSettings
from research.bootstrap.classroom.record import Context

if TYPE_CHECKING:
    from research.bootstrap.classroom.play import Needs, Says
    from research.bootstrap.classroom.record import Session

COMMAND = "research/bootstrap/sessions.py"
T = TypeVar("T")
FILE = "sessions.jsonl"
_NOT_WHAT_BUT_HOW = ("name", "batch_size")


class SessionsConfig(Config):
    """Sessions: how many, of what, with whom."""

    name: Name = "sessions"
    """Name of the corpus: corpora/NAME."""
    number: int = Field(0, ge=0)
    """Which round; with seed and place it decides all that is drawn."""
    seed: int = Field(0, ge=0)
    """Of all that is drawn."""
    first: int = Field(0, ge=0)
    """The place of the first session among those of the round."""
    sessions: int = Field(300, ge=1)
    """Sessions."""
    tasks: int = Field(4, ge=1)
    """Tasks of a session."""
    band: int = Field(0, ge=0, le=LAST_BAND)
    """The pupil's band."""
    present: float = Field(1.0, ge=0, le=1)
    """Share of the tasks that are of this band; the others are of bands below."""
    staging: bool = True
    """Tasks are of the present band and those below; otherwise of all bands alike."""
    needed: list[Name] = []
    """Corpora of grades: what was failed there is needed."""
    focus: float = Field(0.5, ge=0, le=1)
    """Share of the sessions whose kind and bands are drawn by what is needed."""
    pupil: str | None = None
    """Who speaks as Basil: a run, a folder or a hub name."""
    strength: float = Field(1.0, ge=0)
    """How strongly its adapter counts."""
    max_new_tokens: list[Annotated[int, Field(ge=1)]] = [32]
    """Its longest turn, one for all bands or one for each: that of the task's band, or of the pupil's if that is above.
    """
    temperature: float = Field(0.8, ge=0)
    """Of what it says."""
    context: list[Context] = ["session"]
    """What it reads before it speaks, likewise: its task alone (episode), or the session so far."""
    attempts: int = Field(2, ge=1)
    """How often it may try in a row."""
    demonstrations: float = Field(0.5, ge=0, le=1)
    """Share of the tasks that Sophie does."""
    identity: bool = True
    """There are sessions that ask who the pupil is."""
    shuffled: bool = False
    """Tasks stand in random order."""
    permuted: bool = False
    """A control: the tutor reacts as to another attempt at a task of the same band."""
    tutor: TutorSettings = TutorSettings()
    """A model that speaks as tutor and Sophie, in place of the grammar."""
    device: devices.Device = "cpu"
    """cpu, cuda, cuda:1 and so on, or auto."""
    threads: int = Field(1, ge=1)
    """CPU threads."""
    batch_size: int = Field(128, ge=1)
    """Turns that are written at once."""

    @field_validator("max_new_tokens", "context")
    @classmethod
    def _for_each_band(cls, given: list[T]) -> list[T]:
        return list(by_band(given))


class SessionsOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""


def main(argv: list[str]) -> int:
    config, options = load(SessionsConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=SessionsOptions)
    return hold(config, options)


def hold(config: SessionsConfig, options: SessionsOptions) -> int:
    """Hold the sessions that `config` describes; returns the exit code."""
    from espalier.artifacts.corpus import Corpus
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import verify_manifest
    from espalier.models.references import resolve

    parents = {f"corpus:{name}": verify_manifest(artifact("corpora", name))["content_hash"] for name in config.needed}
    if config.pupil:
        devices.check_here(config.device)
        who = resolve(config.pupil)
        parents[who.spec] = who.content_hash
    decides = {key: value for key, value in to_dict(config).items() if key not in _NOT_WHAT_BUT_HOW}
    decides["tutor"] = config.tutor.identity
    about = f"{config.sessions:,} sessions of band {config.band} with {config.pupil or 'Sophie'}"
    made_in = options.made_in(config.name)
    with Corpus.open(config.name, decides, parents=parents, about=about, command=COMMAND, made_in=made_in) as corpus:
        if corpus.complete:
            say(f"sessions {config.name} are already complete: {corpus.folder / FILE}")
        else:
            sessions = played(config, speaker(config))
            counts = count(sessions)
            corpus.finish({FILE: [each.facts for each in sessions]}, about=about, counts=counts)
            say(f"{counts['sessions']:,} sessions, {counts['turns']:,} turns of the pupil's: {corpus.folder / FILE}")
        if options.publish:
            corpus.publish()
    return 0


def played(config: SessionsConfig, says: "Says") -> "list[Session]":
    """All sessions, played with a pupil that `says` its lines."""
    import random

    from research.bootstrap.classroom.dealt import dealt
    from research.bootstrap.classroom.play import Plan, drawn, hold_all, play
    from research.bootstrap.classroom.types import TYPES
    from research.bootstrap.graders.grade import grade

    plan = Plan(
        band=config.band,
        tasks=config.tasks,
        present=config.present,
        staging=config.staging,
        needs=needs(config.needed),
        focus=config.focus,
        demonstrations=config.demonstrations if config.pupil else 1.0,
        attempts=config.attempts,
        shuffled=config.shuffled,
        contexts=tuple(config.context),
        longest=tuple(config.max_new_tokens),
    )
    kinds = {name: kind for name, kind in TYPES.items() if config.identity or name != "identity"}
    loop = re.sub(r"-sessions(\.\d+)?$", "", config.name)
    names = [f"{loop}/{config.first + place:06d}" for place in range(config.sessions)]
    # Sophie is not asked in a round what the pupil is asked in it.
    seed = f"{config.seed}/{config.number}/{config.first}{'' if config.pupil else '/heard'}"
    draws = [random.Random(f"{seed}/{place}") for place in range(config.sessions)]
    tasks = [drawn(rng, kinds, plan) for rng in draws]
    if config.tutor.model:
        from research.bootstrap.classroom.by_llm import reworded

        tasks, refused = reworded(tasks, config.tutor, seed)
        for why, number in refused.most_common():
            say(f"note: {number:,} turns are in the grammar's words; of {config.tutor.model}'s: {why}")

    def worth(*asked: Any) -> int:
        return grade(*asked).score

    score = dealt(worth, random.Random(seed)) if config.permuted else worth
    playing = [play(name, of_it, rng, plan, score) for name, of_it, rng in zip(names, tasks, draws, strict=True)]
    with progress(config.sessions, config.name) as bar:
        return hold_all(playing, says, seed=seed, tell=lambda over: bar.update(over, {}))


def needs(grades: Sequence[str]) -> "Needs":
    """By kind and band, the share of the first attempts in these corpora that were not good; of few, drawn to the share
    of all, so that a pupil that fails at little hears of that little. What nobody was asked is not needed."""
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import read_jsonl

    asked, failed = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    for name in grades:
        for each in read_jsonl(artifact("corpora", name) / "grades.jsonl"):
            if each["attempt"] == 0 and each["score"] is not None:
                asked[each["kind"], each["band"]] += 1
                failed[each["kind"], each["band"]] += each["score"] < GOOD
    of_all = (failed.total() + 1) / (asked.total() + 2)
    share = {cell: (failed[cell] + of_all) / (number + 1) for cell, number in asked.items()}
    return {kind: [share.get((kind, band), 0.0) for band in range(len(BANDS))] for kind, _ in sorted(share)}


def speaker(config: SessionsConfig) -> "Says":
    """The pupil, as the sessions ask it. UserError where it cannot go on with what it is asked."""
    from research.bootstrap.classroom.play import Reply

    if config.pupil is None:
        return lambda transcripts, seeds, longest: []
    import torch

    from research.bootstrap.pupil import Pupil

    torch.set_num_threads(config.threads)
    pupil = Pupil.open(config.pupil, strength=config.strength, device=config.device)

    def says(transcripts: Sequence[str], seeds: Sequence[int], longest: Sequence[int]) -> list[Reply]:
        replies = pupil.says(
            transcripts,
            seeds=seeds,
            temperature=config.temperature,
            max_new_tokens=longest,
            batch_size=config.batch_size,
        )
        return [Reply(text=reply.text, ended=reply.finish == "stop") for reply in replies]

    return says


def count(sessions: "Sequence[Session]") -> dict[str, Any]:
    """What was held, in numbers."""
    turns = [line.turn for session in sessions for line in session.lines if line.turn]
    return {
        "sessions": len(sessions),
        "lines": sum(len(session.lines) for session in sessions),
        "turns": len(turns),
        "cut": sum(turn.finish == "length" for turn in turns),
        "kinds": dict(sorted(Counter(turn.kind for turn in turns).items())),
        "bands": {str(band): number for band, number in sorted(Counter(turn.band for turn in turns).items())},
    }


if __name__ == "__main__":
    run_main(main)
