"""Predict the output: a short program, and what it prints."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import ClassVar

from espalier.errors import UserError
from espalier.sandbox import Ending, Limits, Pool, Program, Twice
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
from research.self_improvement.families.predict_output.answers import answer_in, truth_in
from research.self_improvement.families.predict_output.grammar import levels
from research.self_improvement.families.predict_output.interpreter import Run
from research.self_improvement.families.predict_output.program import Source, difficulty, skill
from research.self_improvement.families.predict_output.prompts import asked, to_judge, to_write

TRAINED = 8
"""Levels that are trained on, unless it is said otherwise; the others are harder, and made of the same parts."""
_MOST_SHOWN = 2
"""Programs that a proposer is shown."""
_TRIES = 2_000
"""Draws without one that can be used, after which there is taken to be none."""
_FENCE = re.compile(r"```[a-z]*\n(.*?)\n?```", re.DOTALL)


class PredictOutput(Family):
    """Programs by level, held out by what they are, whose truth is what they print."""

    name: ClassVar[str] = "predict_output"
    has_truth: ClassVar[bool] = True
    limits: ClassVar[Limits | None] = Limits(cpu_seconds=1, output=64 << 10)

    def __init__(self, trained: int = TRAINED) -> None:
        """Programs of the first so many levels are trained on. UserError where there are no harder ones left."""
        if not 1 <= trained < len(levels()):
            raise UserError(f"{self.name}: {trained} levels to train on, and there are 1 to {len(levels()) - 1}")
        self.trained = trained

    def written(self, rng: random.Random, difficulty: int) -> Challenge:
        if not 0 <= difficulty < self.trained:
            raise UserError(f"{self.name}: no level {difficulty} is trained on, there are 0 to {self.trained - 1}")
        return drawn(rng, difficulty, held_out=False)

    def ask_for(self, rng: random.Random, seeds: Sequence[Challenge], difficulty: int) -> Messages:
        shown = rng.sample(seeds, min(len(seeds), _MOST_SHOWN))
        return to_write(levels()[difficulty].about, [each.content for each in shown])

    def read(self, reply: str, proposer: str, difficulty: int) -> Challenge | Refused:
        blocks: list[str] = _FENCE.findall(reply)
        if len(blocks) > 1:
            return Refused("several programs")
        source = self._usable(blocks[0] if blocks else reply)
        if isinstance(source, Refused):
            return source
        return _challenge(source, source.followed(), proposer)

    def check(self, challenges: Sequence[Challenge], pool: Pool | None) -> list[Challenge | Refused]:
        """Each with what the sandbox says it prints; without one, what the grammar's programs print is told by rule,
        and others cannot be used. UserError where the sandbox cannot run Python."""
        sources = [self._usable(each.content) for each in challenges]
        runs = _run_twice(sources, pool) if pool else [None] * len(sources)
        return [self._found(*each) for each in zip(challenges, sources, runs, strict=True)]

    def play(self, challenge: Challenge, rng: random.Random) -> Playing:
        reply = yield Called("solver", asked(challenge.content))
        return Performance(text=reply)

    def verify(self, challenge: Challenge, performances: Sequence[Performance], pool: Pool | None) -> list[Verdict]:
        return [_verdict(answer_in(each.text), challenge.known["output"]) for each in performances]

    def compare(self, challenge: Challenge, one: Performance, other: Performance) -> Messages:
        return to_judge(challenge.content, one.text, other.text)

    def answer(self, challenge: Challenge) -> str:
        return str(challenge.known["output"])

    def examination(self, size: int) -> list[Challenge]:
        """Of all levels. UserError where a level holds too few."""
        share, more = divmod(size, len(levels()))
        return [each for level in range(len(levels())) for each in _examined(level, share + (level < more))]

    def _usable(self, text: str) -> Source | Refused:
        source = Source.read(text)
        if isinstance(source, Source) and source.held_out:
            return Refused("kept for examinations")
        return source

    def _found(self, challenge: Challenge, source: Source | Refused, ran: Twice | None) -> Challenge | Refused:
        if isinstance(source, Refused):
            return source
        run = source.followed()
        output = _told(run) if ran is None else _printed(ran)
        if isinstance(output, Refused):
            return output
        if source.says(output):
            return Refused("its output stands in it")
        found = _challenge(source, run, challenge.proposer)
        if found.difficulty >= self.trained:
            return Refused("harder than what is trained on")
        return replace(found, known={"output": output})


def _run_twice(sources: Sequence[Source | Refused], pool: Pool) -> list[Twice | None]:
    with ThreadPoolExecutor(pool.workers) as threads:
        programs = [Program(source=each.text) if isinstance(each, Source) else None for each in sources]
        return list(threads.map(lambda program: program and pool.run_twice(program), programs))


def _told(run: Run | None) -> str | Refused:
    return truth_in(run.output) if run else Refused("needs the sandbox")


def _printed(ran: Twice) -> str | Refused:
    if Ending.OUTPUT in (ran.first.ended, ran.second.ended):
        return Refused("prints too much")
    if not ran.first.ok:
        return Refused(f"does not end well: {ran.first.ended}")
    return truth_in(ran.first.text) if ran.same else Refused("does something else the second time")


def drawn(rng: random.Random, level: int, *, held_out: bool) -> Challenge:
    """A program of the grammar with its truth, on one side of what is held out, that has all that is its level's."""
    for _ in range(_TRIES):
        source = Source.read(levels()[level].draw(rng))
        assert isinstance(source, Source)
        if source.held_out != held_out:
            continue
        run = source.followed()
        assert run is not None
        output = truth_in(run.output)
        if isinstance(output, str) and not source.says(output) and difficulty(source.tree, run) == level:
            return replace(_challenge(source, run, "rules"), known={"output": output})
    raise ValueError(f"none of {_TRIES:,} programs of level {level} can be used: the grammar wants other templates")


def _challenge(source: Source, run: Run | None, proposer: str) -> Challenge:
    return Challenge(
        family=PredictOutput.name,
        skill=skill(source.tree, run),
        difficulty=difficulty(source.tree, run),
        content=source.text,
        proposer=proposer,
    )


def _examined(level: int, size: int) -> list[Challenge]:
    """The first so many that differ in more than names, the same in each examination."""
    rng = random.Random(f"examination of level {level}")
    found = dict[str, Challenge]()
    for _ in range(50 + 5 * size):  # by then all but one in a hundred have come
        if len(found) == size:
            return list(found.values())
        challenge = drawn(rng, level, held_out=True)
        source = Source.read(challenge.content)
        assert isinstance(source, Source)
        found.setdefault(source.canonical, challenge)
    raise UserError(f"{PredictOutput.name}: level {level} has {len(found)} programs to examine with, not {size}")


def _verdict(answer: str | Refused, output: str) -> Verdict:
    if isinstance(answer, Refused):
        return Verdict(0.0, answer.why)
    return Verdict(1.0, "right") if answer == output else Verdict(0.0, "wrong")
