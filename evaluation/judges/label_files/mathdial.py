"""MathDial (Macina et al. 2023, arXiv:2305.14536): dialogues of teachers with a learner who is wrong, a JSON line each.

A teacher chose a move for each turn before writing it. `telling` gives a part of the solution away; `focus` and
`probing` leave the thinking to the learner, the one by narrowing what to think about and the other by widening it, and
are one verdict here; `generic` is greeting, praise and farewell.

The learner's wrong solution was on the teacher's screen and is mostly not in the conversation, so it stands here as the
learner's first turn, after the problem: as in MRBench, a part of which was made of MathDial. Its teachers were many and
have no names there, so all are one tutor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from espalier.artifacts.records import read_jsonl
from espalier.command_line.console import say
from espalier.errors import UserError
from evaluation.cases.case import Messages
from evaluation.judges.label_files.entry import Entry, say_turn

TEACHER = "Teacher"
_MOVES = {"telling": "Telling", "generic": "Generic", "focus": "Guiding", "probing": "Guiding"}
_TURN = re.compile(r"\s*([^:\n]{1,60}?)\s*:(.*)", re.DOTALL)
_MOVE = re.compile(r"\s*\((\w+)\)(.*)", re.DOTALL)
_KEYS = ("question", "ground_truth", "student_incorrect_solution", "conversation")


def read(path: Path) -> Iterator[Entry]:
    """The teachers' turns in order, each after all that was said before it.

    A turn that is empty or follows another of the teacher's answers no learner: it is left out, and how many were is
    said. UserError names file, dialogue and turn of what cannot be read, so that no label is lost unseen.
    """
    left_out = 0
    for number, row in enumerate(read_jsonl(path), start=1):
        where = f"{path}: dialogue {number}"
        if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in _KEYS):
            raise UserError(f"{where}: has not the texts {', '.join(_KEYS)}; a dialogue of MathDial has")
        messages: Messages = [{"role": "assistant", "content": f"The question is: {row['question'].strip()}"}]
        if solution := row["student_incorrect_solution"].strip():
            say_turn(messages, "user", solution)
        for place, (speaker, move, text) in enumerate(_turns(row["conversation"], where), start=1):
            if speaker == TEACHER and (not text or messages[-1]["role"] != "user"):
                left_out += 1
            elif speaker == TEACHER:
                yield Entry(
                    dialogue=f"{row.get('qid', '')}#{number}.{place}",
                    tutor=TEACHER,
                    messages=[dict(message) for message in messages],
                    reply=text,
                    answer=row["ground_truth"].strip(),
                    labels={"guiding": _MOVES[move]},
                )
            if text:
                say_turn(messages, "assistant" if speaker == TEACHER else "user", text)
    if left_out:
        say(f"{path.name}: {left_out} turns of a teacher left out, which are empty or answer no learner's turn")


def _turns(conversation: str, where: str) -> Iterator[tuple[str, str, str]]:
    """Speaker, move and words of each turn; the move of the learner's is empty."""
    for place, turn in enumerate(conversation.split("|EOM|"), start=1):
        spoken = _TURN.fullmatch(turn)
        if spoken is None:
            raise UserError(f"{where}, turn {place}: does not begin with its speaker's name, as in 'Student: …'")
        speaker, words = spoken[1], spoken[2]
        if speaker != TEACHER:
            yield speaker, "", words.strip()
            continue
        marked = _MOVE.fullmatch(words)
        if marked is None or marked[1] not in _MOVES:
            named = f"is {marked[1]!r}" if marked else "is missing"
            raise UserError(f"{where}, turn {place}: the teacher's move {named}; it is one of {', '.join(_MOVES)}")
        yield speaker, marked[1], marked[2].strip()
