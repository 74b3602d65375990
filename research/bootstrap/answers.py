"""Answers of models behind OpenAI-compatible endpoints, in a form asked for; kept, so that nobody is asked twice.

What was answered and is of no use has a reason in its place. Where nothing was answered (nobody is there, a timeout, an
error of the server's that the client's retries did not mend) the command stops: a corpus is made once, and what is
sealed in it should not tell of a bad hour.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from espalier.endpoints.budget import Budget
from espalier.endpoints.client import EndpointError, Refused
from espalier.endpoints.completion import Reply, read_json
from espalier.errors import UserError
from evaluation.backends.questions import Asker, Question
from evaluation.cache import Cache
from evaluation.config import EndpointOptions, EvaluateConfig, endpoint_settings
from evaluation.metrics.base import one_line

MAX_TOKENS = 1024
"""Of an answer: reasons and scores take about 100, the lines of a task some more; the rest is for models that think
first."""
T = TypeVar("T")


def asker_of(model: str, endpoint: EndpointOptions, concurrency: int) -> Asker:
    """Who asks `model`, openai:NAME@URL, within one budget."""
    config = EvaluateConfig(endpoint=endpoint, workers=concurrency)
    return Asker(endpoint_settings(model, config), Budget(endpoint.budget))


def answers(
    asker: Asker, questions: Sequence[Question], keys: Sequence[str], take: Callable[[Any], T | str]
) -> list[T | str]:
    """What is answered to each question, as `take` has it of the JSON, or why that is of no use.

    `take` gives plain data, or a reason; a ValueError, KeyError or TypeError of it is one, too. What is kept under one
    of `keys` is not asked for again. A question that the server refuses (as a filter does) has a reason, and is not
    kept. UserError where a question stays without an answer, all are refused, or a budget is reached; what was answered
    before is kept.
    """
    with Cache() as kept:
        known: dict[str, T | str] = kept.get(keys)
        missing = [place for place, key in enumerate(keys) if key not in known]
        refused = dict[str, T | str]()
        for number, outcome in asker.ask([questions[place] for place in missing]):
            key = keys[missing[number]]
            if isinstance(outcome, Refused):
                refused[key] = str(outcome)
            elif isinstance(outcome, EndpointError):
                raise UserError(f"{outcome}; what was answered before is kept, and the same command goes on")
            else:
                known[key] = _read(outcome, take)
                kept.put([(key, known[key])])
    if refused and not known:
        raise UserError(f"all of {len(keys):,} questions are refused: {next(iter(refused.values()))}")
    return [(refused | known)[key] for key in keys]


def closed(properties: dict[str, Any]) -> dict[str, Any]:
    """JSON schema of an object that has these properties, all of them and no other."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _read(reply: Reply, take: Callable[[Any], T | str]) -> T | str:
    if reply.silence:
        return f"the answer is empty ({reply.silence})"
    if reply.finish == "length":
        return "the answer was too long and was cut off"
    try:
        return take(read_json(reply.text))
    except (ValueError, KeyError, TypeError):
        return f"no answer of the form asked for: {one_line(reply.text, 80)!r}"
