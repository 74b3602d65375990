"""Replies that were recorded: by a model that cannot be run here, by another tool, or by an evaluation of ours.

A line of the file is one reply, {"case": NAME, "reply": TEXT, "turn": 0, "sample": 0}, where turn and sample may be
left out. `name` or `id` may stand for `case`, and `output`, `text` or `response` for `reply`, which may be null or a
list of parts, as in a message of OpenAI's. Thoughts may stand beside it, under any name that servers give them. The
records.jsonl of a scores folder is such a file; where it holds several models, replies:FILE#MODEL says which.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from espalier.artifacts.records import is_complete, sha256_file, verify_manifest
from espalier.endpoints.completion import REASONING, NoCompletion, read_message
from espalier.errors import UserError
from evaluation.backends.base import Ask, Given
from evaluation.cases.case import Reply
from evaluation.opener import opens
from evaluation.scoring.records import Key

_ALIASES = {"case": ("case", "name", "id"), "reply": ("reply", "output", "text", "response")}
_RECORDS = "records.jsonl"
_FORM = '{"case": NAME, "reply": TEXT}'


def _whole(text: str) -> str:
    text.encode()  # JSON can spell half a character, which no file of ours could hold
    return text


_Text = Annotated[StrictStr, AfterValidator(_whole)]


class _Line(BaseModel):
    """What is read of a line. Others of its keys are passed over."""

    model_config = ConfigDict(allow_inf_nan=False)

    case: _Text
    reply: _Text
    turn: StrictInt = Field(0, ge=0)
    sample: StrictInt = Field(0, ge=0)
    model: _Text = ""
    finish: Literal["stop", "length", "error"] = "stop"
    error: _Text = ""
    num_tokens: StrictInt = Field(0, ge=0)
    log_likelihoods: tuple[float, ...] = ()
    reasoning: _Text = ""
    silence: _Text = ""
    remarks: tuple[_Text, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A file of replies."""

    name: str
    """The model's name in the file where it was asked for, or the file's own, or the folder's of scores."""
    spec: str
    """As it was named on the command line."""
    content_hash: str
    """The file's SHA-256."""
    replies: Mapping[Key, Reply]
    """By (case, turn, sample)."""
    is_model: ClassVar[bool] = True
    ref: ClassVar[None] = None
    supports_texts: ClassVar[bool] = True
    interactive: ClassVar[bool] = False
    """Records of ours hold likelihoods."""

    @classmethod
    def open(cls, reference: str) -> Self:
        """The recording that `replies:FILE` or `replies:FILE#MODEL` names; FILE may be a scores folder.

        UserError names the line that is no reply, that says another's again, or whose model is not the one asked for,
        and records that were changed since they were scored.
        """
        path, model = split_reference(reference)
        if path.name == _RECORDS and is_complete(path.parent):
            verify_manifest(path.parent, under=_RECORDS)
        replies = _read(path, model)
        own = path.parent.name if path.name == _RECORDS else path.stem
        return cls(name=model or own, spec=reference, content_hash=sha256_file(path), replies=replies)

    @property
    def identity(self) -> dict[str, Any]:
        """The file, by its content."""
        return {"kind": "replies", "spec": self.spec, "content_hash": self.content_hash}

    def key(self, ask: Ask) -> None:
        """Nothing: the file is quicker than a cache."""

    def answer(self, asks: Sequence[Ask]) -> Iterator[tuple[int, Reply]]:
        """The recorded replies; an error where there is none. UserError where not one of the cases is in the file."""
        cases = {case for case, _, _ in self.replies}
        if asks and cases.isdisjoint(ask.case.name for ask in asks):
            raise UserError(
                f"{self.spec}: holds no reply to any case of this suite; they are called {asks[0].case.name!r} here, "
                f"and {min(cases)!r} there"
            )
        for place, ask in enumerate(asks):
            reply = self.replies.get((ask.case.name, ask.turn, ask.sample))
            if reply is None:
                reply = _failure("no recorded reply")
            elif reply.finish != "error" and len(reply.log_likelihoods) != len(ask.case.texts):
                reply = _failure(f"{len(reply.log_likelihoods)} recorded likelihoods, of {len(ask.case.texts)} texts")
            yield place, reply

    def close(self) -> None:
        """Holds nothing open."""


def _failure(why: str) -> Reply:
    return Reply(text="", num_tokens=0, finish="error", error=why)


def split_reference(reference: str) -> tuple[Path, str | None]:
    """The file of a reference, and the model, where it names one."""
    text = reference.removeprefix("replies:")
    name, _, model = text.rpartition("#")
    whole = Path(text).expanduser()
    path, chosen = (whole, None) if not name or whole.exists() else (Path(name).expanduser(), model)
    if chosen == "":
        raise UserError(f"{reference}: no model is named after #")
    return (path / _RECORDS if path.is_dir() else path), chosen


def _read(path: Path, model: str | None) -> dict[Key, Reply]:
    found: dict[Key, Reply] = {}
    lines: dict[Key, int] = {}
    models: set[str] = set()
    for number, value in _values(path):
        where = f"{path}:{number}"
        line = _parse(value, where)
        models.add(line.model)
        if model is None and len(models) > 1:
            names = " and ".join(sorted(name or "no model" for name in models))
            raise UserError(f"{where}: the file holds replies of {names}; say whose: replies:{path}#MODEL")
        if model not in (None, line.model):
            continue
        key = line.case, line.turn, line.sample
        if key in found:
            what = f"case {line.case!r}, turn {line.turn}, sample {line.sample}"
            raise UserError(f"{where}: {what} stands in line {lines[key]} already; one of the two has to go")
        lines[key] = number
        found[key] = Reply(
            text=line.reply,
            num_tokens=line.num_tokens,
            finish=line.finish,
            error=line.error,
            log_likelihoods=line.log_likelihoods,
            reasoning=line.reasoning,
            silence=line.silence,
            remarks=line.remarks,
        )
    if not found:
        others = ", ".join(sorted(models - {""}))
        raise UserError(f"{path}: holds no replies" + (f" of {model}, but of {others}" if model and others else ""))
    return found


def _values(path: Path) -> Iterator[tuple[int, Any]]:
    """The file's lines with their numbers; blank ones are passed over."""
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, json.loads(line)
    except (FileNotFoundError, IsADirectoryError):
        raise UserError(f"{path}: no such file of replies") from None
    except ValueError as error:
        raise UserError(f"{path}:{number}: not JSON ({error}); a line is {_FORM}") from None


def _parse(value: Any, where: str) -> _Line:
    if not isinstance(value, dict):
        raise UserError(f"{where}: no JSON object; a line is {_FORM}")
    plain = dict(value)
    for name, aliases in _ALIASES.items():
        given = [alias for alias in aliases if alias in value]
        if name not in value and len(given) > 1:
            raise UserError(f"{where}: has {' and '.join(given)}, and either may be the {name}; call it {name}")
        if given and name not in value:
            plain[name] = value[given[0]]
    try:
        if "reply" in plain:
            message = {key: value[key] for key in REASONING if key in value} | {"content": plain["reply"]}
            plain["reply"], plain["reasoning"], remarks = read_message(message)
            plain["remarks"] = [*remarks, *value.get("remarks", ())]
        return _Line.model_validate(plain)
    except NoCompletion as error:
        raise UserError(f"{where}: reply: {error}; a line is {_FORM}") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise UserError(f"{where}: {key}: {first['msg'][:1].lower()}{first['msg'][1:]}; a line is {_FORM}") from None


@opens("replies:FILE", "replies that were recorded; FILE#MODEL where the file has those of several")
def recorded_replies(reference: str, given: Given) -> Recorded:
    """Read at once."""
    return Recorded.open(reference)
