"""The cases that the benchmarks of this folder ask, and the text that another program is given for the same prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Annotated, Any

from pydantic import Field

from espalier.command_line.config import Config
from espalier.errors import UserError
from evaluation.cases.case import Case


class Asked(Config):
    """Who is asked what, in every benchmark of replies."""

    models: Annotated[list[str], Field(min_length=1)] = ["basil-trunk", "basil-core"]
    """Runs, folders or hub names."""
    chat_template: str | None = None
    """Builtin template or file, for models that have none."""
    suite: str = "recast"
    """Where the prompts come from."""
    mix: str | None = None
    """The mix of a suite that draws its cases from one."""
    cases: int = 200
    """How many prompts."""
    max_new_tokens: int = 64
    """Length at which a reply is cut."""
    threads: int = 1
    """Of torch."""


def first_cases(suite_name: str, mix_name: str | None, number: int) -> list[Case]:
    """The first `number` cases of a suite that want a reply, each cut to its first turn. UserError: it has fewer."""
    from evaluation.cases.heldout import heldout_cases, open_mix
    from evaluation.cases.suite import listed_cases, load_suite

    suite = load_suite(suite_name)
    if suite.heldout:
        spec = suite.heldout.model_copy(update={"mix": mix_name or suite.heldout.mix})
        cases = heldout_cases(spec, open_mix(spec.mix))
    else:
        cases = listed_cases(suite)
    single = (replace(case, script=(), simulation=None) for case in cases if case.messages)
    found = list(islice(single, number))
    if len(found) < number:
        raise UserError(f"suite {suite_name} has {len(found)} cases that want a reply, and {number} are asked for")
    return found


def as_text(renderer: Any, messages: Sequence[dict[str, str]]) -> str:
    """What the chat template prints up to where the reply begins."""
    return str(renderer.decode(renderer.prompt(messages)))
