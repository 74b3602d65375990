"""A session as it is played: tasks that Sophie shows and tasks that the pupil tries, with what is said to it after.

A session is a generator that yields a transcript where the pupil speaks next, and is sent what it says: many are played
in lockstep, and speak as one batch.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from espalier.loops.lockstep import play_all, seed_of
from research.bootstrap.bands import BANDS, GOOD, TOP_SCORE
from research.bootstrap.classroom.asking import PUPIL, SOPHIE, TUTOR, Ask, Episode, Line, Want
from research.bootstrap.classroom.record import Context, Said, Session, Turn, first_line, transcript
from research.bootstrap.classroom.scene import Scene
from research.bootstrap.classroom.session_type import SessionType, fill

Score = Callable[[Want, int, str, bool, Sequence[Line]], int]
"""What a reply is worth, 0 to TOP_SCORE: of what is wanted, the band, the text, whether it ended, the lines before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What the pupil says."""

    text: str
    """Without a line break; a model's begins with a space."""
    ended: bool
    """Whether the line ended by itself."""


Needs = Mapping[str, Sequence[float]]
"""By kind of session, for each band, how much need there is of its tasks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What sessions are like."""

    band: int
    """The pupil's band."""
    tasks: int
    """Tasks of a session."""
    present: float
    """Share of the tasks that are of this band; the others are of bands below."""
    staging: bool
    """Otherwise tasks are of all bands alike."""
    needs: Needs
    """How badly each kind and band of tasks is done; empty where that is not known."""
    focus: float
    """Share of the sessions whose kind and bands are drawn by need instead, where needs are known."""
    demonstrations: float
    """Share of the tasks that Sophie does; all of them where no pupil is there."""
    attempts: int
    """How often the pupil may try in a row."""
    shuffled: bool
    """Tasks stand in random order; otherwise Sophie's first, and easy ones before hard ones."""
    contexts: tuple[Context, ...]
    """What the pupil reads before it speaks, by band."""
    longest: tuple[int, ...]
    """Tokens of its longest turn, by band."""

    def row(self, task: int) -> int:
        """Which band's context and longest turn a task of a band has: its own where that is above the pupil's, so that
        nobody is cut off who is asked for more than is usual at that age."""
        return max(self.band, task)


Reactions = Mapping[str, Sequence[str]]
"""What the tutor may say after a turn, by what it is for, as in reactions.yaml."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One task of a session, before it is done."""

    episode: Episode
    demo: bool
    """Whether Sophie does it."""
    reactions: tuple[Reactions, ...] = ()
    """What is said after each turn in place of the usual; empty for that."""


Called = tuple[str, int]
"""What was said before the pupil's turn, which goes on with it, and how many tokens that may have."""
Playing = Generator[Called, Reply, Session]
Says = Callable[[Sequence[str], Sequence[int], Sequence[int]], Sequence[Reply]]
"""What the pupil says after each transcript, drawn by its own seed, in at most so many tokens."""


def drawn(rng: random.Random, kinds: Mapping[str, type[SessionType]], plan: Plan) -> list[Task]:
    """The tasks of a session of one of `kinds`, drawn by their shares. Nothing that the pupil says changes them, so
    that pupils who are compared are asked the same."""
    needs = {name: plan.needs[name] for name in kinds if any(plan.needs.get(name, ()))}
    by_need = bool(needs) and rng.random() < plan.focus
    shares = {name: sum(needs.get(name, ())) if by_need else each.share for name, each in kinds.items()}
    name = rng.choices(list(shares), list(shares.values()))[0]
    kind = kinds[name]
    tasks = [
        (rng.random() < plan.demonstrations, _band(rng, plan, needs[name] if by_need else None))
        for _ in range(plan.tasks)
    ]
    rng.shuffle(tasks) if plan.shuffled else tasks.sort(key=lambda task: (not task[0], task[1]))
    return [
        Task(episode=kind(Scene(rng, "sessions", SOPHIE if demo else PUPIL)).episode(band), demo=demo)
        for demo, band in tasks
    ]


def play(name: str, tasks: Sequence[Task], rng: random.Random, plan: Plan, score: Score) -> Playing:
    """One session of these tasks. Yields where the pupil is to speak; `rng` draws the reactions."""
    lines = list[Said]()
    for number, task in enumerate(tasks):
        if task.demo:
            lines += _shown(task.episode, number)
        else:
            yield from _tried(task, number, lines, rng, plan, score)
    return Session(id=name, band=plan.band, lines=tuple(lines))


def hold_all(playing: Sequence[Playing], says: Says, *, seed: str, tell: Callable[[int], None]) -> list[Session]:
    """All sessions to their ends, in order. What is said in one depends on no other: its seeds are of its own place and
    turn. `tell` hears how many are over."""

    def answers(called: Sequence[Called], keys: Sequence[tuple[int, int]]) -> Sequence[Reply]:
        transcripts, longest = zip(*called, strict=True)
        return says(transcripts, [seed_of(seed, *key) for key in keys], longest)

    return play_all(playing, answers, tell=tell)


def _band(rng: random.Random, plan: Plan, need: Sequence[float] | None) -> int:
    if need is not None:
        return rng.choices(range(len(BANDS)), need)[0]
    if not plan.staging:
        return rng.randrange(len(BANDS))
    return plan.band if plan.band == 0 or rng.random() < plan.present else rng.randrange(plan.band)


def _shown(episode: Episode, number: int) -> list[Said]:
    """A task that Sophie does."""
    said = list[Said]()
    for ask in episode.asks:
        said += [Said(speaker=line.speaker, text=line.text, episode=number, demo=True) for line in ask.lines]
        said.append(Said(speaker=SOPHIE, text=ask.model, episode=number, demo=True))
    return said


def _tried(
    task: Task, number: int, lines: list[Said], rng: random.Random, plan: Plan, score: Score
) -> Generator[Called, Reply, None]:
    """A task that the pupil tries. In a talk of several turns it is praised at the end alone."""
    asks = task.episode.asks
    for place, (ask, said) in enumerate(zip(asks, task.reactions or [reactions()] * len(asks), strict=True)):
        lines += [Said(speaker=line.speaker, text=line.text, episode=number) for line in ask.lines]
        last = place + 1 == len(asks)
        for attempt in range(plan.attempts):
            found = yield from _attempt(ask, attempt, number, lines, plan, score)
            if found >= GOOD:
                lines += _reaction(said["praise"], ask, number, rng) if last else []
                break
            if attempt + 1 < plan.attempts:
                lines += _reaction(said["again"], ask, number, rng)
        else:
            lines += _model_answer(said, ask, number, rng)


def _attempt(
    ask: Ask, attempt: int, number: int, lines: list[Said], plan: Plan, score: Score
) -> Generator[Called, Reply, int]:
    """One try; returns its score."""
    lines.append(Said(speaker=PUPIL, text="", episode=number))
    at = len(lines) - 1
    row = plan.row(ask.band)
    reply = yield transcript(lines, first_line(lines, at, plan.contexts[row]), at), plan.longest[row]
    finish: Literal["stop", "length"] = "stop" if reply.ended else "length"
    turn = Turn(kind=ask.kind, band=ask.band, want=ask.want, model=ask.model, attempt=attempt, finish=finish)
    lines[at] = Said(speaker=PUPIL, text=reply.text, episode=number, turn=turn)
    found = score(
        ask.want, ask.band, reply.text, reply.ended, [each.line for each in lines[:at] if each.episode == number]
    )
    assert 0 <= found <= TOP_SCORE
    return found


def _reaction(said: Sequence[str], ask: Ask, number: int, rng: random.Random) -> list[Said]:
    text = fill(rng.choice(said), {"pupil": PUPIL, "model": ask.model})
    return [Said(speaker=TUTOR, text=text, episode=number)]


def _model_answer(said: Reactions, ask: Ask, number: int, rng: random.Random) -> list[Said]:
    """How it would have been right, from the tutor or from Sophie."""
    if rng.random() < 0.5:
        return _reaction(said["told"], ask, number, rng)
    return [*_reaction(said["helps"], ask, number, rng), Said(speaker=SOPHIE, text=ask.model, episode=number)]


@cache
def reactions() -> Reactions:
    """What the tutor usually says after a turn."""
    found = yaml.safe_load((Path(__file__).parent / "reactions.yaml").read_text(encoding="utf-8"))
    return {str(key): tuple(map(str, said)) for key, said in found.items()}
