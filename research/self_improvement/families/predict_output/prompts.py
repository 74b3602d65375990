"""What models are asked: to say what a program prints, to write one, and to judge two answers."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from research.self_improvement.families.family import Messages, Refused
from research.self_improvement.families.predict_output.answers import MARK, answer_in
from research.self_improvement.families.predict_output.answers import MOST_CHARACTERS as LONGEST_ANSWER


def asked(program: str) -> Messages:
    """What a program prints."""
    return _user(
        f"What does this Python program print? Answer with the output alone, or end with a line {MARK} and the output "
        f"below it.\n\n{fenced(program)}"
    )


def to_write(about: str, unlike: Sequence[str]) -> Messages:
    """A program with something in it, and unlike others."""
    others = "\n\n".join(["Make it unlike these:", *map(fenced, unlike)]) if unlike else ""
    return _user(
        f"Write a short Python program of which a reader can work out what it prints. It has: {about}. It imports "
        f"nothing and reads nothing. Answer with the program alone.\n\n{others}".strip()
    )


def to_judge(program: str, one: str, other: str) -> Messages:
    """Two replies, of which a judge sees the answers alone: what was said beside them could plead."""
    return _user(
        f"Two readers say what this Python program prints.\n\n{fenced(program)}\n\nA says:\n{_shown(one)}\n\n"
        f"B says:\n{_shown(other)}\n\nWhich of them is right? Work it out, and answer with A, B or tie."
    )


def fenced(program: str) -> str:
    """A program as it stands in prompts, and may stand in a reply."""
    return f"```python\n{program}\n```"


def _shown(reply: str) -> str:
    answer = answer_in(reply)
    if isinstance(answer, Refused):
        return f"    ({answer.why})"
    # Indented, since an answer could end a fence and go on as the judge's prompt.
    return textwrap.indent(answer if len(answer) <= LONGEST_ANSWER else "(too long an answer)", "    ")


def _user(content: str) -> Messages:
    return [{"role": "user", "content": content}]
