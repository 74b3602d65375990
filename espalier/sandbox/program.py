"""A program that a model wrote, and the languages in which one can be."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from espalier.errors import UserError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}){0,8}")


class Language(NamedTuple):
    """What runs a program."""

    suffix: str
    """Of the file that holds the program."""
    command: str | None
    """What has to be installed; None: the Python that is running."""
    options: tuple[str, ...] = ()


LANGUAGES = {
    "python": Language("py", None),
    "javascript": Language("js", "node"),
    "perl": Language("pl", "perl"),
    "bash": Language("sh", "bash", ("--norc", "--noprofile")),
}
"""Python programs run in an interpreter that is there already; each of the others begins its own."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """What is run. UserError where the language or the name of a file is none."""

    source: str
    language: str = "python"
    stdin: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Files that it finds in its working folder and cannot change, by name."""

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise UserError(f"no language {self.language!r}: there are {', '.join(LANGUAGES)}")
        for name in self.files:
            if not is_plain_name(name):
                raise UserError(
                    f"file {name!r} of a program: a name has letters, digits, _, - and ., and / after folders"
                )
        if self.file_name in self.files:
            raise UserError(f"file {self.file_name!r} of a program: that is the name of the program itself")

    @property
    def file_name(self) -> str:
        """The file that holds it."""
        return f"program.{LANGUAGES[self.language].suffix}"


def is_plain_name(name: str) -> bool:
    """Whether it names a file below a folder on any system, hidden from nobody."""
    return _NAME.fullmatch(name) is not None


def command_for(name: str) -> list[str] | None:
    """The command, with options, that runs a language's file; None for Python. UserError where it is not installed."""
    language = LANGUAGES[name]
    if language.command is None:
        return None
    found = shutil.which(language.command, path="/usr/local/bin:/usr/bin:/bin") or shutil.which(language.command)
    if found is None:
        raise UserError(f"programs in {name} need {language.command}, which is not installed here: install it")
    return [str(Path(found).resolve()), *language.options]
