"""Every case with every model's replies, as plain data: what the page's browser of cases reads.

What the models were shown, and why a value is what it is, are kept once, however often they are there, and referred to
by their places.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from evaluation.comparison.tables import GROUPS
from evaluation.metrics.base import Column
from evaluation.metrics.soundness import THRESHOLD, choice, sound_reasoning
from evaluation.report.rounds import Round, rounds
from evaluation.report.web.figures import finite
from evaluation.scoring.records import Record

T = TypeVar("T", bound=Hashable)
_KINDS = {"split": "hold-out", "strategy": "move", "error": "mistake", "first_language": "first language"}
"""What a group of a kind is called, where that is not the kind's own name."""


def cases_data(
    records: Sequence[Record],
    columns: Sequence[Column],
    models: Sequence[str],
    seen: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    """Models, kinds of groups that occur, messages, reasons, and cases in the order of the records."""
    messages, reasons = _Pool[tuple[str, str]](), _Pool[str]()
    cases = []
    for name, found in rounds(records, models).items():
        told = []
        for each in found:
            replies: list[dict[str, Any] | None] = [None] * len(models)
            for place, model in enumerate(models):
                if model in each.records:
                    reply = _reply(each.records[model], columns, seen.get(model, {}).get(name, ""), reasons)
                    shown = [messages.place((said["role"], said["content"])) for said in each.fresh[model]]
                    replies[place] = reply | {"shown": shown}
            told.append(_round(each) | {"replies": replies})
        cases.append(_case(found[0].any) | {"rounds": told})
    kinds = [kind for kind in GROUPS if any(kind in case["groups"] for case in cases)]
    return {
        "models": list(models),
        "kinds": {kind: _KINDS.get(kind, kind) for kind in kinds},
        "messages": messages.items,
        "reasons": reasons.items,
        "cases": cases,
    }


class _Pool(Generic[T]):
    """Things that are there again and again, each once."""

    def __init__(self) -> None:
        self._places: dict[T, int] = {}

    def place(self, item: T) -> int:
        """Where it stands among `items`."""
        return self._places.setdefault(item, len(self._places))

    @property
    def items(self) -> list[T]:
        """All of them."""
        return list(self._places)


def _case(record: Record) -> dict[str, Any]:
    groups = {kind: [group for group in of(record) if group] for kind, of in GROUPS.items()}
    return {
        "name": record.case,
        "groups": {kind: found for kind, found in groups.items() if found},
        "criteria": record.criteria,
        "answer": record.answer,
    }


def _round(each: Round) -> dict[str, Any]:
    truth = each.any.truth
    return {
        "sample": each.sample,
        "turn": each.turn,
        "reference": each.any.reference or "",
        "corrected": truth.corrected if truth else "",
    }


def _reply(record: Record, columns: Sequence[Column], seen_in: str, reasons: _Pool[str]) -> dict[str, Any]:
    """A reply; what would be empty is left out. `why` has the places of a column and of its reason."""
    names = [column.name for column in columns]
    details = {
        "error": (record.error or "no reason was given") if record.finish == "error" else "",
        "cut": record.finish == "length" and not record.silence,
        "reasoning": record.reasoning,
        "silence": record.silence,
        "remarks": list(record.remarks),
        "sound": _wrong_but_sound(record),
        "seen": seen_in,
        "tokens": record.num_tokens,
        "likelihoods": [finite(each) for each in record.log_likelihoods],
        "why": {place: reasons.place(why) for place, name in enumerate(names) if (why := record.why(name))},
        "notes": {name: note for name in names if (note := _note(record.notes.get(name, {})))},
    }
    values = [finite(record.metrics.get(name)) for name in names]
    return {"text": record.reply, "values": values} | {name: found for name, found in details.items() if found}


def _note(note: Mapping[str, Any]) -> dict[str, Any]:
    said = {
        "votes": {str(judge): finite(vote) for judge, vote in note.get("votes", {}).items()},
        "abstained": bool(note.get("abstained")),
    }
    return {key: found for key, found in said.items() if found}


def _wrong_but_sound(record: Record) -> bool:
    """Whether a wrong choice follows reasoning that the stated heuristic calls sound."""
    sound = record.metrics.get(sound_reasoning.name, 0.0) >= THRESHOLD
    return bool(record.answer) and sound and choice(record.reply) != record.answer
