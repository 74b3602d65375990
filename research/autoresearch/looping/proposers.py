"""Who proposes, as the command line says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from research.autoresearch.looping.config import AutoresearchConfig, AutoresearchOptions
from research.autoresearch.proposing.base import Proposer
from research.autoresearch.tasks import task_called


@contextmanager
def open_proposer(config: AutoresearchConfig, options: AutoresearchOptions) -> Iterator[Proposer | None]:
    """Whoever is named; None where nobody was. UserError where it cannot be had."""
    if (proposer := _opened(config, options)) is None:
        yield None
    else:
        with closing(proposer):
            yield proposer


def _opened(config: AutoresearchConfig, options: AutoresearchOptions) -> Proposer | None:
    task = task_called(config.task)
    if options.search:
        from research.autoresearch.proposing.search import SearchProposer

        return SearchProposer(task.training, options.how)
    if options.agent is not None:
        from research.autoresearch.proposing.agent import AgentProposer

        return AgentProposer(options.agent, task, minutes=options.agent_minutes)
    if options.endpoint is not None and options.model is not None:
        from research.autoresearch.proposing.endpoint import EndpointProposer

        return EndpointProposer(options.endpoint, options.model, task, options=options.asking)
    return None
