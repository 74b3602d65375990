"""What a kind of task by rule is, and how a task is made of one."""

from __future__ import annotations

import json
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from research.self_improvement.families.programming.task import Case, Task

Params = Mapping[str, Any]
"""The constants of one task of a kind, by names in capitals."""
Takes = Literal["number", "numbers", "line"]

_READS = {
    "python": {
        "number": "int(input())",
        "numbers": "[int(part) for part in input().split()]",
        "line": "input()",
    },
    "javascript": {
        "number": "Number(lines.shift())",
        "numbers": 'lines.shift().split(" ").filter(part => part).map(Number)',
        "line": "lines.shift()",
    },
}
_SHAPES = {"number": "a whole number", "numbers": "whole numbers with a space between them", "line": "a text"}
_NUM_SHOWN, _NUM_HIDDEN, _NUM_PROBES, _NUM_DRAWN = 2, 12, 8, 40


class Kind(ABC):
    """Tasks that differ in their constants. The texts of both references define `solve`, below the constants."""

    name: ClassVar[str]
    topic: ClassVar[str]
    level: ClassVar[int]
    takes: ClassVar[Mapping[str, Takes]]
    """What is given, by name."""
    python: ClassVar[str]
    javascript: ClassVar[str]
    checker: ClassVar[str | None] = None
    """Where several answers are right: it reads stdin and stdout, so that such tasks ask for whole programs."""
    also_right: ClassVar[str | None] = None
    """Another solution in Python, whose answers are others."""

    @abstractmethod
    def params(self, rng: random.Random) -> dict[str, Any]:
        """Constants."""

    @abstractmethod
    def asked(self, p: Params) -> str:
        """A sentence or two that say all but how the input comes."""

    @abstractmethod
    def truth(self, p: Params, *given: Any) -> Any:
        """The answer: a number, a text, or a list of numbers or texts."""

    @abstractmethod
    def draw(self, p: Params, rng: random.Random) -> list[Any]:
        """Something to be given."""

    def edges(self, p: Params) -> list[list[Any]]:
        """What wrong solutions are most often wrong about. They are always among the tests."""
        return []


def task_of(kind: Kind, p: Params, language: str, function: bool, rng: random.Random) -> Task:
    """A task of this kind in a language, of a function or a whole program."""
    name = "solve" if function else None
    inputs = list(dict.fromkeys(_given(given, function) for given in kind.edges(p)))
    drawn = dict.fromkeys(_given(kind.draw(p, rng), function) for _ in range(_NUM_DRAWN))
    fresh = [given for given in drawn if given not in inputs]
    shown, fresh = fresh[:_NUM_SHOWN], fresh[_NUM_SHOWN:]
    hidden = [*inputs, *fresh][: max(_NUM_HIDDEN, len(inputs) + 6)]
    probes = [given for given in fresh if given not in hidden][:_NUM_PROBES]
    return Task(
        statement=f"{kind.asked(p)} {_form(kind, language, function)}",
        language=language,
        function=name,
        shown=[_case(kind, p, given, function) for given in shown],
        hidden=[_case(kind, p, given, function) for given in hidden],
        reference=_source(kind, p, language, function),
        checker=None if kind.checker is None else _constants(p, "python") + kind.checker,
        also_right=[_constants(p, "python") + kind.also_right] if kind.also_right and language == "python" else [],
        probes=probes,
    )


def _form(kind: Kind, language: str, function: bool) -> str:
    if function:
        return f"Write a function solve({', '.join(kind.takes)}) that returns it."
    ordinals = ("first", "second", "third")
    lines = [
        f"the {ordinal} line of the input is {name}, {_SHAPES[shape]}"
        for ordinal, (name, shape) in zip(ordinals, kind.takes.items(), strict=False)
    ]
    joined = "; ".join(lines)
    return f"{joined[0].upper()}{joined[1:]}. Print the answer, a list with spaces between its items."


def _given(given: Sequence[Any], function: bool) -> str:
    if function:
        return json.dumps(given, ensure_ascii=False)
    return "".join(f"{_text(each)}\n" for each in given)


def _case(kind: Kind, p: Params, given: str, function: bool) -> Case:
    args = json.loads(given) if function else _read(kind, given)
    answer = kind.truth(p, *args)
    return Case(given, json.dumps(answer, ensure_ascii=False) if function else _text(answer))


def _read(kind: Kind, given: str) -> list[Any]:
    reads: dict[Takes, Callable[[str], Any]] = {
        "number": int,
        "numbers": lambda line: [int(part) for part in line.split()],
        "line": str,
    }
    return [reads[shape](line) for shape, line in zip(kind.takes.values(), given.split("\n"), strict=False)]


def _text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _constants(p: Params, language: str) -> str:
    word = "" if language == "python" else "const "
    end = "" if language == "python" else ";"
    return "".join(f"{word}{name} = {json.dumps(value)}{end}\n" for name, value in p.items())


def _source(kind: Kind, p: Params, language: str, function: bool) -> str:
    solve = _constants(p, language) + (kind.python if language == "python" else kind.javascript)
    if function:
        return solve
    reads = [_READS[language][shape] for shape in kind.takes.values()]
    if language == "python":
        taken = "".join(f"{name} = {read}\n" for name, read in zip(kind.takes, reads, strict=True))
        call = f"answer = solve({', '.join(kind.takes)})\n"
        return f"{solve}{taken}{call}print(*answer if isinstance(answer, list) else [answer])\n"
    opened = 'const lines = require("fs").readFileSync(0, "utf8").split("\\n");\n'
    taken = "".join(f"const {name} = {read};\n" for name, read in zip(kind.takes, reads, strict=True))
    call = f"const answer = solve({', '.join(kind.takes)});\n"
    return f'{solve}{opened}{taken}{call}console.log(Array.isArray(answer) ? answer.join(" ") : String(answer));\n'
