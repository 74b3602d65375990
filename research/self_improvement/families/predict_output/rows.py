"""Rows from which a model is grown that can take part: programs with what they print, and programs to propose."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from research.self_improvement.families.family import Challenge, Messages
from research.self_improvement.families.predict_output.answers import MARK
from research.self_improvement.families.predict_output.family import PredictOutput
from research.self_improvement.families.predict_output.program import Source
from research.self_improvement.families.predict_output.prompts import asked, fenced


def growing_rows(
    family: PredictOutput, rng: random.Random, number: int, *, steps: bool = False, proposing: float = 0.0
) -> Iterator[dict[str, Any]]:
    """So many rows, evenly of all levels that are trained on; nothing in them is held out.

    With `steps` an answer begins with the steps in between. Of `proposing`, a share, what is learned is to write a
    program when asked for one.
    """
    for place in range(number):
        level = place % family.trained
        if rng.random() < proposing:
            seeds = [family.written(rng, level) for _ in range(rng.randrange(3))]
            challenge = family.written(rng, level)
            yield _row(challenge, family.ask_for(rng, seeds, level), fenced(challenge.content), "proposal")
        else:
            challenge = family.written(rng, level)
            yield _row(challenge, asked(challenge.content), true_reply(challenge, steps=steps), "answer")


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
