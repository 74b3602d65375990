"""One reply with all that is needed to judge it again: what a scores folder keeps, a line each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from evaluation.cases.case import Messages, Truth

Key = tuple[str, int, int]
"""(case, turn, sample): what two models' records are paired by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One reply with all that is needed to judge it again."""

    model: str
    """Who answered."""
    case: str
    """The case's name."""
    turn: int
    """0 for the first reply to the case; higher in a dialogue."""
    sample: int
    """Which of several replies to the same."""
    num_turns: int
    """Replies that the dialogue came to."""
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
    """What a learner sees of its answer."""
    finish: str
    """stop, length where it had to be cut, error where there is no reply."""
    error: str
    """Why there is no reply."""
    num_tokens: int
    """Tokens generated."""
    log_likelihoods: tuple[float, ...]
    """Of the case's texts, in nats."""
    metrics: dict[str, float]
    """The columns that apply: metrics, and the verdicts of a judge that did not abstain."""
    notes: dict[str, Any]
    """By column, why its value is what it is: `why`, what in the reply decided it or a judge's reason; of a judge also
    `votes`, `abstained`, `failed`. Only where there is something to say; an older record has judges' notes alone."""
    truth: Truth | None
    """What is known of the turn."""
    reference: str | None
    """A reply known to be good."""
    answer: str
    """The solution that the learner is to find."""
    criteria: str
    """What a good reply does, in words."""
    reasoning: str = ""
    """What was thought before the reply: no learner sees it, and nothing measures it."""
    silence: str = ""
    """Why a learner sees nothing of the reply; empty where there is something to see."""
    remarks: tuple[str, ...] = ()
    """What is odd about the reply."""

    @property
    def key(self) -> Key:
        """What it is paired by with another model's."""
        return self.case, self.turn, self.sample

    def why(self, column: str) -> str:
        """Why its value by a column is what it is; empty where nothing is said of it."""
        return str(self.notes.get(column, {}).get("why", ""))

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        # Not asdict of the whole, which copies every message of every record and takes ten times as long.
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return found | {"truth": asdict(self.truth) if self.truth else None}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Record:
        """What `to_json` gave."""
        tuples = {name: tuple(data[name]) for name in ("combination", "tags", "log_likelihoods")}
        tuples["remarks"] = tuple(data.get("remarks", ()))  # an older record has none
        truth = data["truth"]
        if truth:
            switched = tuple((said, means) for said, means in truth.get("switched", ()))
            truth = Truth(**truth | {"switched": switched})
        return cls(**data | tuples | {"truth": truth})


def in_order(records: Sequence[Record], cases: Sequence[str]) -> list[Record]:
    """By case as listed in `cases`, then by sample and turn."""
    places = {case: place for place, case in enumerate(cases)}
    return sorted(records, key=lambda record: (places[record.case], record.sample, record.turn))
