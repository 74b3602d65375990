"""The form of a reply: a JSON object with the turns, and with what was said wrongly and what was meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from espalier.endpoints.completion import read_json
from espalier.text.messages import check_messages
from espalier.text.reasoning import silence, split

_ROLES = {"learner": "user", "tutor": "assistant"}


class Turn(BaseModel):
    """What one of the two says."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    speaker: Literal["learner", "tutor"]
    text: str


class Dialogue(BaseModel):
    """A dialogue as a model is asked to write it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, title="dialogue")

    said: str
    meant: str
    turns: list[Turn]

    def messages(self) -> list[dict[str, str]]:
        """The turns as a conversation: the learner is the user, the tutor the assistant."""
        return [{"role": _ROLES[turn.speaker], "content": turn.text.strip()} for turn in self.turns]


SCHEMA: dict[str, Any] = Dialogue.model_json_schema()
"""Closed, and every key required, as servers that hold a reply to it want it."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a reply cannot be used."""

    reason: str
    """A name that is counted."""
    detail: str
    """What to tell the model, and a person."""


def parse(text: str, finish: str, *, thought: bool = False) -> Dialogue | Problem:
    """The dialogue in a reply, or why there is none. Thoughts before it and a fence around it are passed over.

    `thought` says whether the server kept thoughts apart.
    """
    spoken = split(text)
    thought = thought or bool(spoken.reasoning)
    if why := silence(spoken.content, finish, thought=thought):
        return Problem(reason="reasoning_alone" if thought else "empty_reply", detail=f"the reply is empty ({why})")
    if finish == "length":
        return Problem(reason="cut_off", detail="the reply was too long and was cut off")
    try:
        value = read_json(spoken.content)
    except ValueError:
        return Problem(reason="not_json", detail="the reply is not one JSON object and nothing else")
    try:
        dialogue = Dialogue.model_validate(value)
        check_messages(dialogue.messages())
    except ValidationError as error:
        found = [f"{'.'.join(map(str, each['loc'])) or 'the object'}: {each['msg']}" for each in error.errors()[:3]]
        return Problem(reason="wrong_form", detail=f"the JSON object has not the form asked for ({'; '.join(found)})")
    except ValueError as error:
        return Problem(reason="wrong_form", detail=f"the turns make no conversation ({error})")
    return dialogue
