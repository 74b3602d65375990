"""Replies drawn from a model to prompts, as `corpora/NAME/samples.jsonl` keeps them: a line for each prompt.

{"id", "messages", "case": {what is known of the prompt}, "replies": [{"text", "finish", "num_tokens"}, …]}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any

from espalier.artifacts import records
from espalier.artifacts.paths import artifact
from espalier.errors import UserError
from evaluation.cases.case import Case, Checks, Messages, Reply, Truth
from evaluation.scoring.records import Record

FILE = "samples.jsonl"
_OF_REPLIES = tuple(field.name for field in fields(Reply) if field.name != "text")
"""What a record has of a reply under the same names."""
_PLAYED = ("script", "simulation", "texts")
"""What a case has besides that no sample is drawn for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampled:
    """A prompt, and what a model answered, each time it was asked."""

    id: str
    """The prompt's, unique in its file."""
    case: Case
    """The prompt, and what is known of a good reply to it."""
    replies: tuple[Reply, ...]
    """In the order in which they were drawn; the same words may stand there several times."""

    @property
    def messages(self) -> Messages:
        """The conversation that they answer."""
        return self.case.messages


def read_samples(name: str) -> list[Sampled]:
    """The samples `corpora/NAME`, in the order of their prompts. UserError where they are not complete, or damaged."""
    folder = artifact("corpora", name)
    manifest = records.read_manifest(folder)
    if manifest is None:
        there = "are not complete" if folder.is_dir() else "do not exist"
        raise UserError(f"samples {name} {there}; python feedback/sample.py --name {name} … draws them, or goes on")
    if FILE not in manifest["files"]:
        raise UserError(f"corpus {name} holds no samples: python feedback/sample.py makes such a one")
    records.verify_manifest(folder)
    path = folder / FILE
    return [_from_line(line, f"{path}:{number}") for number, line in enumerate(records.read_jsonl(path), start=1)]


def to_lines(samples: Iterable[Sampled]) -> Iterable[dict[str, Any]]:
    """As they are kept; what is empty is left out."""
    for each in samples:
        known = {key: value for key, value in asdict(each.case).items() if key not in ("name", "messages", *_PLAYED)}
        yield {
            "id": each.id,
            "messages": each.messages,
            "case": _said(known, Case),
            "replies": [_said(asdict(reply), Reply, always=("text", "num_tokens", "finish")) for reply in each.replies],
        }


def to_records(samples: Iterable[Sampled]) -> list[Record]:
    """Each reply as an evaluation keeps it, prompt by prompt: what judges are asked of."""
    return [
        Record(
            model="",
            case=each.id,
            turn=0,
            sample=number,
            num_turns=1,
            split=each.case.split,
            cluster=each.case.cluster or each.id,
            combination=each.case.combination,
            tags=each.case.tags,
            messages=each.messages,
            reply=reply.text,
            **{key: getattr(reply, key) for key in _OF_REPLIES},
            metrics={},
            notes={},
            truth=each.case.truth,
            reference=each.case.reference,
            answer=each.case.answer,
            criteria=each.case.criteria,
        )
        for each in samples
        for number, reply in enumerate(each.replies)
    ]


def to_reply(record: Record) -> Reply:
    """The reply of an evaluation's record."""
    return Reply(text=record.reply, **{key: getattr(record, key) for key in _OF_REPLIES})


def _said(values: dict[str, Any], kind: type, always: tuple[str, ...] = ()) -> dict[str, Any]:
    """The values that are no defaults of the dataclass `kind`, nor of those in it."""
    found = {}
    for field in fields(kind):
        if field.name not in values:
            continue
        value = values[field.name]
        inner = {"truth": Truth, "checks": Checks}.get(field.name)
        if inner and value is not None:
            value = _said(value, inner, always=("learner",))
            if value or field.name == "truth":
                found[field.name] = value
        elif field.name in always or (value != field.default and not _is_made(field, value)):
            found[field.name] = value
    return found


def _is_made(field: Any, value: Any) -> bool:
    return field.default_factory is not MISSING and value == asdict(field.default_factory())


def _from_line(line: Any, where: str) -> Sampled:
    try:
        known = dict(line["case"])
        truth, checks = known.pop("truth", None), known.pop("checks", {})
        tuples = {key: tuple(value) for key, value in known.items() if isinstance(value, list)}
        case = Case(
            name=line["id"],
            messages=line["messages"],
            truth=Truth(**truth | {"switched": tuple(map(tuple, truth.get("switched", ())))}) if truth else None,
            checks=Checks(**{key: tuple(value) for key, value in checks.items()}),
            **known | tuples,
        )
        replies = tuple(
            Reply(**each | ({"remarks": tuple(each["remarks"])} if "remarks" in each else {}))
            for each in line["replies"]
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{where}: no samples of a prompt ({type(error).__name__}: {error}); draw them anew") from None
    return Sampled(id=line["id"], case=case, replies=replies)
