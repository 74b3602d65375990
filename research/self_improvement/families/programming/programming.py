"""The family of programming tasks."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from itertools import cycle, islice
from typing import ClassVar

from espalier.errors import UserError
from espalier.sandbox import Ending, Limits, Pool
from espalier.sandbox.program import command_for
from research.self_improvement.families.family import (
    Called,
    Challenge,
    Family,
    Messages,
    Performance,
    Playing,
    Refused,
    Verdict,
)
from research.self_improvement.families.programming import asking
from research.self_improvement.families.programming.kinds import KINDS, Kind, task_of
from research.self_improvement.families.programming.reading import MAX_SOURCE, solution_in, task_in
from research.self_improvement.families.programming.running import Result, results
from research.self_improvement.families.programming.task import LANGUAGES, Task
from research.self_improvement.families.programming.validators import Weight, floor_of, settled, weight_of

LIMITS = Limits(cpu_seconds=1, wall_seconds=20, output=64 << 10)
"""Of a pool for this family. Mutants run into loops without end, each of which takes the whole limit."""
HARDEST_TRAINED = 4
"""Levels above it are there to be examined on."""
_HELD_OUT = 4
"""One in so many sets of constants is the examination's."""
_TRIES = 200
"""Draws without a new task after which a kind has no more."""


class Programming(Family):
    """Tasks in the languages named. UserError where one is unknown or not installed."""

    name = "programming"
    has_truth = True
    limits: ClassVar[Limits | None] = LIMITS
    trained = HARDEST_TRAINED + 1

    def __init__(self, languages: Sequence[str] = LANGUAGES) -> None:
        if unknown := [each for each in languages if each not in LANGUAGES]:
            raise UserError(f"programming: no language {unknown[0]!r}: there are {', '.join(LANGUAGES)}")
        if not languages:
            raise UserError(f"programming: no language is named: there are {', '.join(LANGUAGES)}")
        for each in languages:
            command_for(each)
        self.languages = tuple(languages)

    def written(self, rng: random.Random, difficulty: int) -> Challenge:
        """Of a level's kinds, in any language and form, with constants that are not the examination's."""
        kind = rng.choice(_kinds(difficulty))
        return self._drawn(kind, rng, held_out=False)[1]()

    def ask_for(self, rng: random.Random, seeds: Sequence[Challenge], difficulty: int) -> Messages:
        """A topic that the seeds have not, as long as there is one."""
        used = {seed.skill.rpartition(" in ")[0] for seed in seeds}
        topic = rng.choice([each for each in asking.TOPICS if each not in used] or asking.TOPICS)
        language, function = rng.choice(self.languages), rng.random() < 0.5
        return asking.propose(language, function, topic, difficulty, [seed.content for seed in seeds])

    def read(self, reply: str, proposer: str, difficulty: int) -> Challenge | Refused:
        """The language is that of the block in which the solution stands."""
        found = task_in(reply)
        if isinstance(found, Refused):
            return found
        topic, task = found
        if task.language not in self.languages:
            return Refused(f"it is in {task.language}, which was not asked for")
        return _challenge(task, topic if topic in asking.TOPICS else "other", difficulty, proposer)

    def check(self, challenges: Sequence[Challenge], pool: Pool | None) -> list[Challenge | Refused]:
        """Each with its validator's weight in `known`."""
        return [_checked(challenge, _needed(pool)) for challenge in challenges]

    def play(self, challenge: Challenge, rng: random.Random) -> Playing:
        """One reply."""
        text = yield Called("solver", asking.solve(_task(challenge)))
        return Performance(text=text)

    def verify(self, challenge: Challenge, performances: Sequence[Performance], pool: Pool | None) -> list[Verdict]:
        """1 for what passes all tests. What passes some gets up to a half, for those above what an answer without work
        passes."""
        task = _task(challenge)
        sources = [solution_in(each.text, task.language) for each in performances]
        worth = [source for source in dict.fromkeys(sources) if _why_not_run(source) is None]
        if not worth:
            return [Verdict(0.0, _why_not_run(each) or "") for each in sources]
        runs = [(source, case) for source in worth for case in task.hidden]
        found, size = results(task, runs, _needed(pool)), len(task.hidden)
        weighed = challenge.known.get("validator")
        floor = Weight(**weighed).floor if weighed else floor_of(task, _needed(pool))
        told = {source: _verdict(found[k * size : (k + 1) * size], floor) for k, source in enumerate(worth)}
        return [told[each] if each in told else Verdict(0.0, _why_not_run(each) or "") for each in sources]

    def compare(self, challenge: Challenge, one: Performance, other: Performance) -> Messages:
        """The replies as they are, without their tests."""
        return asking.compare(_task(challenge), one.text, other.text)

    def quality(self, challenge: Challenge) -> float:
        """What its validator is worth."""
        return Weight(**challenge.known["validator"]).strength

    def answer(self, challenge: Challenge) -> str:
        task = _task(challenge)
        return f"```{task.language}\n{task.reference.rstrip()}\n```"

    def examination(self, size: int) -> list[Challenge]:
        """Kind after kind, from all levels in turn. UserError where there are not so many."""
        rng = random.Random("examination")
        found = dict[tuple[object, ...], Challenge]()
        order = [kind for level_kinds in zip(*map(_kinds, range(_levels())), strict=True) for kind in level_kinds]
        for kind in islice(cycle(order), size):
            drawn = (self._drawn(kind, rng, held_out=True) for _ in range(_TRIES))
            new = next(((key, made) for key, made in drawn if key not in found), None)
            if new is None:
                raise UserError(f"programming: an examination of {size}: after {len(found)} they repeat, ask for fewer")
            found[new[0]] = new[1]()
        return list(found.values())

    def _drawn(
        self, kind: Kind, rng: random.Random, *, held_out: bool
    ) -> tuple[tuple[object, ...], Callable[[], Challenge]]:
        """What tells one task of a kind from another, and what makes it."""
        p = kind.params(rng)
        while (_number(f"{kind.name} {p}") % _HELD_OUT == 0) is not held_out:
            p = kind.params(rng)
        language, function = rng.choice(self.languages), kind.checker is None and rng.random() < 0.5
        return (kind.name, str(p), language, function), lambda: _challenge(
            task_of(kind, p, language, function, rng), kind.topic, kind.level, "rules"
        )


def _kinds(level: int) -> list[Kind]:
    """Of this level, or of the hardest where there is none so hard."""
    return [kind for kind in KINDS if kind.level == min(level, _levels() - 1)]


def _levels() -> int:
    return KINDS[-1].level + 1


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def _challenge(task: Task, topic: str, difficulty: int, proposer: str) -> Challenge:
    return Challenge(
        family=Programming.name,
        skill=f"{topic} in {asking.NAMES[task.language]}",
        difficulty=difficulty,
        content=task.statement,
        known=task.known(),
        proposer=proposer,
    )


def _task(challenge: Challenge) -> Task:
    return Task.of(challenge.content, challenge.known)


def _needed(pool: Pool | None) -> Pool:
    if pool is None:
        raise UserError("programming: solutions are run, which needs a sandbox: give a pool")
    return pool


def _checked(challenge: Challenge, pool: Pool) -> Challenge | Refused:
    task = settled(_task(challenge), pool)
    if isinstance(task, Refused):
        return task
    weight = weight_of(task, pool)
    if fault := weight.fault():
        return Refused(fault)
    return replace(challenge, known={**task.known(), "validator": asdict(weight)})


def _why_not_run(source: str) -> str | None:
    if not source.strip():
        return "nothing said"
    return "too long" if len(source) > MAX_SOURCE else None


def _verdict(found: Sequence[Result], floor: float) -> Verdict:
    if any(each.ended is Ending.LOST for each in found):
        return Verdict(None, "lost: run it again")
    num_passed = sum(each.passed for each in found)
    if num_passed == len(found):
        return Verdict(1.0, "passes all tests")
    above = max(0.0, num_passed / len(found) - floor) / (1 - floor) if floor < 1 else 0.0
    worst = next((str(each.ended) for each in found if each.ended is not Ending.OK), "wrong answers")
    return Verdict(round(above / 2, 6), f"passes some or no tests: {worst}")
