"""Under which two keys corpora have what is asked and what is answered."""

from __future__ import annotations

from typing import Any, NamedTuple


class Exchange(NamedTuple):
    """Two keys."""

    asked: str
    answered: str


EXCHANGES = tuple(
    Exchange(asked, answered)
    for asked, answers in {
        "prompt": ("completion", "response", "output", "answer"),
        "instruction": ("output", "response", "completion", "answer"),
        "query": ("response", "answer", "output"),
        "question": ("answer", "response", "solution", "output"),
        "problem": ("solution",),
        "input": ("output", "response", "completion", "target"),
        "inputs": ("targets", "outputs"),
        "user": ("assistant", "bot"),
        "human": ("assistant", "bot"),
        "message_1": ("message_2",),
    }.items()
    for answered in answers
)
"""The first that a record has counts."""
ASKED = frozenset(exchange.asked for exchange in EXCHANGES)
ANSWERED = frozenset(exchange.answered for exchange in EXCHANGES)


def exchange_in(record: dict[str, Any]) -> Exchange | None:
    """The keys of an exchange of two texts that a record holds; None where there is none."""
    if ASKED.isdisjoint(record):
        return None
    return next(
        (
            exchange
            for exchange in EXCHANGES
            if isinstance(record.get(exchange.asked), str) and isinstance(record.get(exchange.answered), str)
        ),
        None,
    )
