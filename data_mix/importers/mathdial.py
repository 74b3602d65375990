"""MathDial (Macina et al. 2023): teachers talk with a student who has solved a word problem wrongly.

{"question", "student_incorrect_solution", "conversation": "Teacher: (generic)Hi Ann, …|EOM|Ann: …|EOM|…", …}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from data_mix.importers.base import Imported, Importer, Messages, join_neighbours, one, short, shown, text_of
from data_mix.reading.record import BadRecord

_END_OF_TURN = "|EOM|"
_TEACHER = "Teacher"
_KNOWN = frozenset(
    (
        "qid", "scenario", "question", "ground_truth", "student_incorrect_solution", "student_profile",
        "teacher_described_confusion", "self-correctness", "self-typical-confusion", "self-typical-interactions",
        "conversation",
    )
)  # fmt: skip
_SPEAKER = re.compile(r"\s*([^:\n]{1,40}):")
_MOVE = re.compile(r"\s*\((generic|focus|probing|telling)\)", re.ASCII)


def from_mathdial(record: Any) -> Imported:
    """The dialogue, its problem first. What a teacher means to do with a turn stands before it in brackets: that goes
    to `meta.moves`, one for each assistant turn of the row (`generic+focus` where two of the teacher's were joined).

    The dialogue is about a problem and a wrong solution that its turns do not repeat, and the teacher speaks first. So
    the problem and the solution are put first, as what the student shows: the row begins with the user, as chat
    templates want it, the teacher's first question has something to ask about, and it can be learned from too.
    """
    opening = text_of(record, "question").strip()
    if solution := text_of(record, "student_incorrect_solution").strip():
        opening = f"{opening}\n\nMy solution:\n{solution}"
    messages: Messages = [{"role": "user", "content": opening}]
    moves: list[str | None] = []
    for role, said, move in _turns(text_of(record, "conversation")):
        if role == "assistant" and messages[-1]["role"] == role:
            moves[-1] = "+".join(filter(None, (moves[-1], move))) or None
        elif role == "assistant":
            moves.append(move)
        messages.append({"role": role, "content": said})
    meta = short(
        language="en",
        qid=record.get("qid"),
        scenario=record.get("scenario"),
        self_correctness=record.get("self-correctness"),
        confusion=record.get("teacher_described_confusion"),
    )
    if any(moves):
        meta["moves"] = moves
    return Imported(messages=join_neighbours(messages), meta=meta)


def _turns(conversation: str) -> Iterator[tuple[str, str, str | None]]:
    for position, turn in enumerate(conversation.split(_END_OF_TURN)):
        speaker = _SPEAKER.match(turn)
        if speaker is None:
            raise BadRecord("bad_messages", f"turn {position} does not say who speaks: {shown(turn)}")
        # The student goes by "Student" or by a name.
        is_teacher = speaker[1].strip() == _TEACHER
        move = _MOVE.match(turn, speaker.end()) if is_teacher else None
        said = turn[(move or speaker).end() :].strip()
        if said:  # a few turns are empty
            yield "assistant" if is_teacher else "user", said, move[1] if move else None


def _looks_like(record: dict[str, Any]) -> bool:
    return "student_incorrect_solution" in record and isinstance(record.get("conversation"), str)


MATHDIAL = Importer(name="mathdial", order=100, looks_like=_looks_like, convert=one(from_mathdial), keys=_KNOWN)
