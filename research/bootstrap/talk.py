"""Talk with a pupil that has grown: you are the tutor.

    python research/bootstrap/talk.py LOOP [--round N] [--temperature 0.7]

What you type is the tutor's; a line that begins with `Sophie: ` is hers. `/new` begins a new lesson, Ctrl+D ends. On a
pipe, the pupil's lines are printed and nothing else.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from typing import TYPE_CHECKING, Any

from pydantic import Field

from espalier.command_line.config import Config, Name, load
from espalier.command_line.console import say
from espalier.errors import UserError, run_main

if TYPE_CHECKING:
    from research.bootstrap.pupil import Pupil


class TalkConfig(Config):
    """With whom, and how."""

    loop: Name | None = None
    """The loop, loops/LOOP."""
    round: int | None = Field(None, ge=0)
    """How the pupil was after this round; by default after the last one."""
    temperature: float = Field(0.0, ge=0)
    """0 says what is likeliest."""
    max_new_tokens: int = Field(64, ge=1)
    """Longest line."""
    seed: int = 0
    """Of what is drawn."""


def main(argv: list[str]) -> int:
    config, _ = load(TalkConfig, argv, prog="python research/bootstrap/talk.py", doc=__doc__, first="loop")
    if config.loop is None:
        raise UserError("name a loop: python research/bootstrap/talk.py LOOP")
    found = found_of(config.loop, config.round)
    if "pupil" not in found:
        raise UserError(f"loop {config.loop} has no pupil: research/bootstrap/run.py makes such a loop")
    from research.bootstrap.pupil import Pupil

    pupil = Pupil.open(f"run:{found['pupil']}", strength=found["strength"])
    interactive = sys.stdin.isatty()
    if interactive:
        import readline  # noqa: F401, gives input() a history and arrow keys

        say(f"This is {found['pupil']}, of band {found['next_band']}: /new begins a new lesson, Ctrl+D ends.")
    talk(pupil, config, interactive=interactive)
    return 0


def found_of(loop: str, number: int | None) -> dict[str, Any]:
    """What a round of a loop came to. UserError where there is none."""
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import read_json

    exams = artifact("loops", loop) / "exams"
    rounds = sorted(exams.glob("r*.json"), key=lambda path: int(path.stem[1:]))
    if number is not None:
        rounds = [path for path in rounds if path.stem == f"r{number:02d}"]
    if not rounds:
        raise UserError(
            f"loop {loop} has {'no round that is done' if number is None else f'no round {number}'}; "
            "python research/bootstrap/run.py makes one"
        )
    return dict(read_json(rounds[-1]))


def talk(pupil: "Pupil", config: TalkConfig, *, interactive: bool) -> None:
    """Answer what is typed, until there is no more."""
    from research.bootstrap.classroom.asking import PUPIL, SPEAKERS, TUTOR
    from research.bootstrap.classroom.record import LONGEST

    lines, number = list[str](), 0
    while (typed := _read(f"{TUTOR}: " if interactive else "")) is not None:
        if typed == "/new":
            lines.clear()
        elif typed:
            speaker, colon, _ = typed.partition(": ")
            lines.append(typed if colon and speaker in SPEAKERS else f"{TUTOR}: {typed}")
            while len(lines) > 1 and len("\n".join(lines)) > LONGEST:
                lines.pop(0)
            asked = "\n".join([*lines, f"{PUPIL}:"])
            reply = pupil.says(
                [asked],
                seeds=[config.seed + number],
                temperature=config.temperature,
                max_new_tokens=config.max_new_tokens,
            )[0]
            lines.append(f"{PUPIL}:{reply.text}")
            number += 1
            say(f"{PUPIL}:{reply.text}" if interactive else reply.text.strip())


def _read(prompt: str) -> str | None:
    try:
        return input(prompt).strip()
    except EOFError:
        return None


if __name__ == "__main__":
    run_main(main)
