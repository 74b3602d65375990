"""Rows from which a model is grown that can take part: programs with what they print, programs to propose, and two
answers of which one is right."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from research.self_improvement.families.family import Challenge, Messages, Performance
from research.self_improvement.families.predict_output.answers import MARK
from research.self_improvement.families.predict_output.family import PredictOutput
from research.self_improvement.families.predict_output.program import Source
from research.self_improvement.families.predict_output.prompts import asked, fenced

TIES = 0.2
"""Of the pairs of answers, those of which neither is right."""
_READ = re.compile(r"\b\d+\b|(?<= )[-+*<>](?= )")
_FOR = {"+": "-", "-": "+", "*": "+-", "<": ">", ">": "<"}


def growing_rows(
    family: PredictOutput, rng: random.Random, number: int, *, steps: float = 0.0, proposing: float = 0.0
) -> Iterator[dict[str, Any]]:
    """So many rows, evenly of all levels that are trained on; nothing in them is held out.

    Of the answers `steps`, a share, begin with the steps in between. Of all rows `proposing`, a share, are about
    writing a program when asked for one.
    """
    for place in range(number):
        level = place % family.trained
        if rng.random() < proposing:
            seeds = [family.written(rng, level) for _ in range(rng.randrange(3))]
            challenge = family.written(rng, level)
            yield _row(challenge, family.ask_for(rng, seeds, level), fenced(challenge.content), "proposal")
        else:
            challenge = family.written(rng, level)
            yield _row(challenge, asked(challenge.content), true_reply(challenge, steps=rng.random() < steps), "answer")


def judging_rows(
    family: PredictOutput, rng: random.Random, number: int, *, steps: bool = False, ties: float = TIES
) -> Iterator[dict[str, Any]]:
    """So many rows in which two answers are compared, as many with A right as with B; of `ties`, a share, neither is.

    What is wrong is what a program prints that differs at one place, as for one who misread it; and which of the two
    programs is asked about is drawn by lot. So who sees the answers alone cannot know the right one.
    """
    due = [itertools.cycle("AB") for _ in range(family.trained)]
    for place in range(number):
        level = place % family.trained
        tie = rng.random() < ties
        says = "tie" if tie else next(due[level])
        challenge, *others = _misread(family, rng, level, 2 if tie else 1)
        answers = [each.known["output"] for each in (others if tie else [challenge, *others])]
        one, other = (Performance(text=answer) for answer in (answers[::-1] if says == "B" else answers))
        thought = true_reply(challenge, steps=steps).partition(MARK)[0] if steps else ""
        yield _row(challenge, family.compare(challenge, one, other), thought + says, "judgement")


def _misread(family: PredictOutput, rng: random.Random, level: int, number: int) -> list[Challenge]:
    """A program, and so many that differ from it at one place and in what they print; all of one level. Of two the
    first is either by lot."""
    while True:
        challenge = family.written(rng, level)
        found = {challenge.known["output"]: challenge}
        for _ in range(4 * number):
            [other] = family.check([replace(challenge, content=_otherwise(challenge.content, rng))], None)
            if isinstance(other, Challenge) and other.difficulty == level and len(found) <= number:
                found.setdefault(other.known["output"], other)
        if len(found) > number:
            programs = list(found.values())
            return rng.sample(programs, 2) if number == 1 else programs


def _otherwise(program: str, rng: random.Random) -> str:
    """A program with one number or sign of it read wrong."""
    place = rng.choice(list(_READ.finditer(program)))
    read = place[0]
    wrong = _FOR.get(read) or [str(number) for number in (range(10) if len(read) == 1 else range(10, 30))]
    return program[: place.start()] + rng.choice([each for each in wrong if each != read]) + program[place.end() :]


def true_reply(challenge: Challenge, *, steps: bool = False) -> str:
    """What a solver ought to say; `steps` are only known of programs that the interpreter can follow, and left out of
    others."""
    output: str = challenge.known["output"]
    source = Source.read(challenge.content)
    run = source.followed() if steps and isinstance(source, Source) else None
    return "\n".join([*run.steps, MARK, output]) if run else output


def _row(challenge: Challenge, prompt: Messages, reply: str, kind: str) -> dict[str, Any]:
    about = {"family": challenge.family, "level": challenge.difficulty, "skill": challenge.skill, "kind": kind}
    return {"messages": [*prompt, {"role": "assistant", "content": reply}], "meta": about}
