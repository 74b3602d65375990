"""Asking: many requests at once, each answer kept as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice

from data_mix.generation.cells import Job
from data_mix.generation.corpus import Corpus
from data_mix.generation.prompts import Prompts
from data_mix.generation.reply import SCHEMA
from espalier.command_line.console import Progress, progress, say
from espalier.endpoints.budget import Budget, BudgetReached
from espalier.endpoints.client import Endpoint
from espalier.text.reasoning import split


def ask(corpus: Corpus, prompts: Prompts, jobs: Sequence[Job]) -> str | None:
    """Ask for every dialogue that is not done. Returns why it ended early (the budget), or None.

    UserError where the endpoint does not answer as it should; what was answered until then is kept.
    """
    waiting = [job for job in jobs if not corpus.is_done(job)]
    budget = Budget(corpus.config.budget, calls=corpus.sent, usd=corpus.cost())
    endpoint = Endpoint(corpus.config, budget)
    reason = "interrupted"
    try:
        with progress(len(jobs), corpus.config.name, done=len(jobs) - len(waiting)) as bar:
            stopped = asyncio.run(_Asker(corpus, prompts, endpoint, bar, len(jobs) - len(waiting)).run(waiting))
        reason = stopped or ""
    except Exception as error:
        reason = str(error)
        raise
    finally:
        if reason:
            corpus.add_stop(reason, sent=budget.calls)
        corpus.sent = budget.calls
    return stopped


class _Asker:
    def __init__(self, corpus: Corpus, prompts: Prompts, endpoint: Endpoint, bar: Progress, done: int) -> None:
        self._corpus, self._prompts, self._endpoint, self._bar = corpus, prompts, endpoint, bar
        self._done = done
        self._kept = 0
        self._stopped: str | None = None

    async def run(self, waiting: Sequence[Job]) -> str | None:
        queue = iter(waiting)
        async with self._endpoint:
            # Alone, so that a wrong name or key costs one request, and not as many as may be under way at once.
            await self._work(islice(queue, 1))
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(self._corpus.config.concurrency):
                        group.create_task(self._work(queue))
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from None
        return self._stopped

    async def _work(self, queue: Iterator[Job]) -> None:
        for job in queue:
            try:
                await self._ask(job)
            except BudgetReached as reached:
                self._stopped = str(reached)
            if self._stopped:  # what is under way elsewhere is paid for, and may end
                return
            self._done += 1
            last = self._corpus.last(job)
            self._kept += bool(last and not last.problems)
            self._bar.update(self._done, {"kept": self._kept})

    async def _ask(self, job: Job) -> None:
        config = self._corpus.config
        while not self._corpus.is_done(job):
            last = self._corpus.last(job)
            # What it thought is not told to it again: it may fill the context, and some servers refuse it.
            seen = split(last.line["reply"]).content if last else ""
            messages = self._prompts.again(job.messages, seen, last.problems) if last else job.messages
            reply = await self._endpoint.ask(
                messages,
                max_tokens=config.max_tokens,
                temperature=config.temperature,
                top_p=config.top_p,
                seed=job.seed,
                schema=SCHEMA,
            )
            self._corpus.add(job, reply, sent=self._endpoint.budget.calls)
            while self._endpoint.notes:
                say(self._endpoint.notes.pop(0))
