"""Asking: cases in, records out, chunk by chunk. A dialogue goes on with the model's own replies in its history."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from evaluation.backends import Backend
from evaluation.cases import Case, Messages, Reply, Truth
from evaluation.metrics.base import Metric

CHUNK = 128
"""Cases asked between two writes to the disk. Fixed, so that a resumed evaluation asks just what another does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One reply with all that is needed to judge it again."""

    model: str
    """Who answered."""
    case: str
    """The case's name."""
    turn: int
    """0 for the first reply to the case; higher in a dialogue."""
    num_turns: int
    """Replies the case asks for in all."""
    split: str
    """Where the case comes from."""
    cluster: str
    """Cases that share it are not independent."""
    combination: tuple[str, ...]
    """(verb, object, error) where the case was held out by combination."""
    tags: tuple[str, ...]
    """Groups the case belongs to."""
    messages: Messages
    """What the model was shown, its own earlier replies among it."""
    reply: str
    """What it answered."""
    finish: str
    """stop, or length where it had to be cut."""
    num_tokens: int
    """Tokens generated."""
    metrics: dict[str, float]
    """The scores that apply."""
    truth: Truth | None
    """What is known of the turn."""
    reference: str | None
    """A reply known to be good."""

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Record:
        """What `to_json` gave."""
        truth = Truth(**data["truth"]) if data["truth"] else None
        return cls(**data | {"truth": truth, "combination": tuple(data["combination"]), "tags": tuple(data["tags"])})


def chunks(cases: Sequence[Case]) -> list[Sequence[Case]]:
    """The cases in the portions they are asked in."""
    return [cases[start : start + CHUNK] for start in range(0, len(cases), CHUNK)]


def play(
    backend: Backend, cases: Sequence[Case], metrics: Sequence[Metric], *, seed: int, on_turn: Callable[[int], None]
) -> list[Record]:
    """Asks one chunk of cases to the end of their scripts; `on_turn` hears how many replies were just given.

    Dialogues advance together, turn by turn, so that they are generated in batches.
    """
    records = []
    for turn, asked, replies in _rounds(backend, cases, seed):
        for (case, num_turns), reply in zip(asked, replies, strict=True):
            records.append(_record(backend.name, case, turn, num_turns, reply, metrics))
        on_turn(len(asked))
    places = {case.name: place for place, case in enumerate(cases)}
    return sorted(records, key=lambda record: (places[record.case], record.turn))


def _rounds(
    backend: Backend, cases: Sequence[Case], seed: int
) -> Iterator[tuple[int, list[tuple[Case, int]], list[Reply]]]:
    asked = [(case, 1 + len(case.script)) for case in cases]
    turn = 0
    while asked:
        digest = hashlib.sha256(f"{seed} {turn} {cases[0].name}".encode()).digest()
        replies = backend.replies([case for case, _ in asked], seed=int.from_bytes(digest[:4], "big"))
        yield turn, asked, replies
        asked = [
            (_next_turn(case, reply), num_turns)
            for (case, num_turns), reply in zip(asked, replies, strict=True)
            if case.script
        ]
        turn += 1


def _next_turn(case: Case, reply: Reply) -> Case:
    following, *script = case.script
    said = [{"role": "assistant", "content": reply.text}, {"role": "user", "content": following.learner}]
    return replace(
        case,
        messages=case.messages + said,
        truth=following.truth,
        reference=following.reference,
        script=tuple(script),
    )


def _record(model: str, case: Case, turn: int, num_turns: int, reply: Reply, metrics: Sequence[Metric]) -> Record:
    scores = {metric.name: metric(case, reply) for metric in metrics}
    return Record(
        model=model,
        case=case.name,
        turn=turn,
        num_turns=num_turns,
        split=case.split,
        cluster=case.cluster or case.name,
        combination=case.combination,
        tags=case.tags,
        messages=case.messages,
        reply=reply.text,
        finish=reply.finish,
        num_tokens=reply.num_tokens,
        metrics={name: score for name, score in scores.items() if score is not None},
        truth=case.truth,
        reference=case.reference,
    )
