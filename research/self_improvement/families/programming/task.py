"""A programming task, as a challenge keeps it in `known`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

LANGUAGES = ("python", "javascript")
"""In which tasks are set, by their names in the sandbox. Each needs a way to call a function and a lexer."""


class Case(NamedTuple):
    """One input and what is right for it."""

    given: str
    """What lies on stdin; for a function, its arguments as a JSON array."""
    expected: str | None
    """What is printed; for a function, the value as JSON. None where only the reference solution can tell."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A statement and what solutions are held to."""

    statement: str
    language: str
    function: str | None
    """The name of the function that is asked for; None: a program that reads stdin and prints."""
    shown: Sequence[Case]
    """Examples in the prompt. They are no tests."""
    hidden: Sequence[Case]
    """Tests. None has the input of an example."""
    reference: str
    """A solution."""
    checker: str | None = None
    """Python with `check(given, printed) -> bool`, for tasks with several right answers; None: the answer expected."""
    also_right: Sequence[str] = ()
    """Other solutions that are known to be right."""
    probes: Sequence[str] = ()
    """Inputs, tests aside, on which a mutant may show that it is wrong."""

    def known(self) -> dict[str, Any]:
        """As JSON keeps it, without the statement, which is the challenge's content."""
        plain = {key: value for key, value in asdict(self).items() if key != "statement"}
        plain |= {key: [list(case) for case in plain[key]] for key in ("shown", "hidden")}
        return plain | {key: list(plain[key]) for key in ("also_right", "probes")}

    @classmethod
    def of(cls, statement: str, known: Mapping[str, Any]) -> Task:
        """The task that a challenge keeps."""
        plain = {key: known[key] for key in ("language", "function", "reference", "checker", "also_right", "probes")}
        shown, hidden = ([Case(*case) for case in known[key]] for key in ("shown", "hidden"))
        return cls(statement=statement, shown=shown, hidden=hidden, **plain)
