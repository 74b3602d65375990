"""Words to a run that trains, which anybody may leave in its `control` file, one a line.

pause, resume, stop, checkpoint are for the loop; `every 250` (steps between looks, check-ins and self-play), self-play
and reflect (once, now) for those that watch.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from espalier.artifacts import registry
from espalier.artifacts.kinds import of_word
from espalier.artifacts.paths import check_name
from espalier.command_line.console import printable
from espalier.errors import UserError

FILE = "control"
FOR_THE_LOOP = ("pause", "resume", "stop", "checkpoint")
FOR_WATCHERS = ("every", "self-play", "reflect")


@dataclass(frozen=True, slots=True)
class Word:
    """A word, understood."""

    name: str
    """One of the words."""
    number: int | None = None
    """Steps, of `every`."""

    def __str__(self) -> str:
        return self.name if self.number is None else f"{self.name} {self.number}"


def parse(line: str) -> Word:
    """A line of the file. UserError where it is no word."""
    name, *rest = line.split() or [""]
    known = (*FOR_THE_LOOP, *FOR_WATCHERS)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise UserError(f"no word that a run obeys: {printable(name)!r}; {hint}")
    if name != "every":
        if rest:
            raise UserError(f"{name} stands by itself; {printable(' '.join(rest))!r} is too much")
        return Word(name)
    if len(rest) != 1 or not rest[0].isascii() or not rest[0].isdigit() or not 0 < int(rest[0]) <= 10**9:
        raise UserError(f"every wants a number of steps, at least 1, not {printable(' '.join(rest))!r}")
    return Word(name, int(rest[0]))


def take(folder: Path) -> tuple[list[Word], list[str]]:
    """The words that were left for the run in `folder`, once, and what is wrong with the others."""
    file, taken = folder / FILE, folder / f".{FILE}.taken"
    try:
        file.rename(taken)  # what is written from now on comes the next time
        lines = taken.read_text(encoding="utf-8", errors="replace").splitlines()
        taken.unlink()
    except FileNotFoundError:
        return [], []
    words, wrong = [], []
    for line in filter(str.strip, lines):
        try:
            words.append(parse(line))
        except UserError as error:
            wrong.append(str(error))
    return words, wrong


def tell(name: str, line: str) -> str:
    """Leave a word for the run `name`, which notes it in its journal as it heeds it; returns what to say of that.

    UserError where it is no word, or where nobody trains the run now.
    """
    word = parse(line)
    kind = of_word("run")
    assert kind is not None
    found = registry.read(kind, check_name(name))
    if found.state not in ("running", "paused"):
        raise UserError(_nobody(found, word))
    if not found.identity:
        raise UserError(f"{name} only begins; say it again in a moment")
    with open(found.folder / FILE, "a", encoding="utf-8") as file:
        file.write(f"{word}\n")
    return f"{name} is {found.state}, and was told: {word}"


def _nobody(found: registry.Artifact, word: Word) -> str:
    if not found.folder.is_dir():
        return f"no run is called {printable(found.name)}; espalier runs lists them"
    said = f"{found.name} does not train now, it is {found.state}: there is nobody to be told"
    command = found.identity.get("command")
    if word.name == "resume" and command and found.state in ("interrupted", "failed"):
        said += f"; go on with: python {command} --resume {found.name}"
    return said
