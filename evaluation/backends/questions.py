"""Many questions to one endpoint at once, for callers that know nothing of asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from espalier.command_line.console import say
from espalier.endpoints.budget import Budget, BudgetReached, BudgetSettings
from espalier.endpoints.client import Closed, Endpoint, EndpointError, EndpointSettings, Unanswered, Unpriced
from espalier.endpoints.completion import Reply
from espalier.errors import UserError
from evaluation.cases.case import Messages

_PATIENCE = 8
"""Failures on the way, in a row, after which nothing more is asked."""
_GOES_ON = "; what was answered before is kept, and the same command goes on"


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One request."""

    messages: Messages
    """The conversation."""
    max_tokens: int
    """Longest answer."""
    temperature: float = 0.0
    """0: the likeliest tokens."""
    top_p: float | None = None
    """None: not sent."""
    seed: int | None = None
    """None: not sent."""
    schema: dict[str, Any] | None = None
    """JSON schema of the answer."""


class Asker:
    """Asks one endpoint, as many questions at a time as its settings say."""

    def __init__(self, settings: EndpointSettings, budget: Budget | None = None) -> None:
        self._settings = settings
        self._budget = budget or Budget(BudgetSettings())
        self._patience = max(_PATIENCE, settings.concurrency)
        self._noted: set[str] = set()
        self._reached = False
        self._failed_on_the_way = 0

    @property
    def name(self) -> str:
        """Model and URL."""
        return f"{self._settings.model} at {self._settings.endpoint}"

    def ask(self, questions: Sequence[Question]) -> Iterator[tuple[int, Reply | EndpointError]]:
        """Answers as they come, each with the place of its question; an EndpointError is the answer that failed.

        UserError where going on is of no use: the budget is reached; the key, the URL or the model is wrong; nobody
        answers. What is under way then is waited for, and handed over before. Ctrl+C does not wait.
        """
        # A budget waits inside one event loop, and each call has its own; the counts go on.
        spent = self._budget
        self._budget = budget = Budget(spent.settings, calls=spent.calls, usd=spent.usd)
        waiting = iter(enumerate(questions))
        under_way: dict[asyncio.Task[Reply], int] = {}
        stop: UserError | None = None
        with asyncio.Runner() as runner:
            endpoint = Endpoint(self._settings, budget)
            try:
                while True:
                    free = self._settings.concurrency - len(under_way) if stop is None else 0
                    for place, question in islice(waiting, free):
                        under_way[runner.get_loop().create_task(_ask(endpoint, question))] = place
                    if not under_way:
                        break
                    runner.run(asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED))
                    for task in [task for task in under_way if task.done()]:
                        place, error = under_way.pop(task), task.exception()
                        if isinstance(error, BudgetReached):
                            stop = stop or UserError(f"{self._settings.endpoint}: {error}{_GOES_ON}")
                            continue
                        if error is not None and not isinstance(error, EndpointError):
                            raise error
                        if self._is_hopeless(error, len(questions)):
                            stop = stop or UserError(f"{error}{_GOES_ON}")
                        yield place, error or task.result()
                    self._tell(endpoint)
            finally:
                runner.run(_end(endpoint, under_way))
                # What the server refused once is not tried again.
                self._settings = self._settings.model_copy(update={"constrain": endpoint.constrain})
        if stop is not None:
            raise stop

    def _tell(self, endpoint: Endpoint) -> None:
        """What the endpoint notes is said once, however many calls there are."""
        while endpoint.notes:
            note = endpoint.notes.pop(0)
            if note not in self._noted:
                self._noted.add(note)
                say(f"note: {note}")

    def _is_hopeless(self, error: EndpointError | None, num_questions: int) -> bool:
        """Whether no further question will be answered either.

        A wrong key is told from the first answer, but once there were others, it may be a filter that minds one
        question; and a server that is silent may wake up, so several must stay without an answer in a row.
        """
        if isinstance(error, Unpriced):
            return True
        if not isinstance(error, Unanswered | Closed):
            self._reached, self._failed_on_the_way = True, 0
            return False
        self._failed_on_the_way += 1
        if self._reached:
            return self._failed_on_the_way >= self._patience
        return isinstance(error, Closed) or self._failed_on_the_way >= min(self._patience, num_questions)


async def _ask(endpoint: Endpoint, question: Question) -> Reply:
    return await endpoint.ask(
        question.messages,
        max_tokens=question.max_tokens,
        temperature=question.temperature,
        top_p=question.top_p,
        seed=question.seed,
        schema=question.schema,
    )


async def _end(endpoint: Endpoint, tasks: dict[asyncio.Task[Reply], int]) -> None:
    """Drop what is under way, and close the connections."""
    async with endpoint:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
