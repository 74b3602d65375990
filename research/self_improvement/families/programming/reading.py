"""What a model wrote, read: a solution in its reply, and a task in its proposal."""

from __future__ import annotations

import ast
import json
import random
import re
from collections.abc import Sequence
from typing import Any

from espalier.text import reasoning
from research.self_improvement.families.family import Refused
from research.self_improvement.families.programming.task import LANGUAGES, Case, Task

MAX_SOURCE = 6000
"""Characters of a solution or a checker."""
MAX_STATEMENT = 2000
MAX_GIVEN = 1000
NUM_SHOWN, MIN_HIDDEN, MAX_CASES = 2, 5, 24
_NUM_PROBES = 12
_TAGS = {"python": "python", "python3": "python", "py": "python", "javascript": "javascript", "js": "javascript"}
_HEADING = re.compile(r"\s{0,3}#{1,6}\s*(topic|statement|function|solution|tests|checker)\b\s*:?\s*(.*)", re.IGNORECASE)
_FENCE = re.compile(r"\s{0,3}(```+|~~~+)\s*([\w+-]*)\s*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
_TOKEN = re.compile(r"(-?\d+|[A-Za-z]+)")
_IMPORTS = {"collections", "fractions", "functools", "itertools", "json", "math", "re", "string"}
_REFUSED_NAMES = {
    "eval", "exec", "compile", "open", "input", "globals", "locals", "vars", "getattr", "setattr", "print", "exit",
    "quit", "breakpoint",
}  # fmt: skip


def solution_in(reply: str, language: str) -> str:
    """The code of a reply: its last block in this language, else its last block, else all of it. Thoughts are none."""
    seen = _sendable(reasoning.split(reply).content)
    blocks = _blocks(seen)
    tagged = [code for tag, code in blocks if _TAGS.get(tag) == language]
    return (tagged or [code for _, code in blocks] or [seen])[-1]


def task_in(reply: str) -> tuple[str, Task] | Refused:
    """The topic and the task of a proposal, its tests not yet tried; or why there is none."""
    parts = _sections(_sendable(reasoning.split(reply).content))
    if missing := [name for name in ("statement", "solution", "tests") if not parts.get(name, "").strip()]:
        return Refused(f"it has no {missing[0]}")
    statement = parts["statement"].strip()
    blocks = _blocks(parts["solution"])
    language = _TAGS.get(blocks[0][0]) if blocks else None
    if language is None:
        return Refused(f"its solution is no block of {' or '.join(LANGUAGES)}")
    checker = _blocks(parts["checker"])[0][1] if _blocks(parts.get("checker", "")) else None
    if len(statement) > MAX_STATEMENT or max(len(blocks[0][1]), len(checker or "")) > MAX_SOURCE:
        return Refused("it is too long")
    if checker is not None and (fault := _checkers_fault(checker)):
        return Refused(fault)
    name = parts.get("function", "").strip().strip("`") or None
    if name is not None and not _NAME.fullmatch(name):
        return Refused("its function has no plain name")
    cases = _cases(parts["tests"], name is not None)
    if isinstance(cases, Refused):
        return cases
    task = Task(
        statement=statement,
        language=language,
        function=name,
        shown=cases[:NUM_SHOWN],
        hidden=cases[NUM_SHOWN:],
        reference=blocks[0][1],
        checker=checker,
        probes=_crossed([case.given for case in cases], random.Random(statement)),
    )
    return parts.get("topic", "").strip().casefold(), task


def _cases(text: str, function: bool) -> list[Case] | Refused:
    blocks = _blocks(text)
    try:
        listed = json.loads(blocks[0][1] if blocks else text)
        cases = [_case(each, function) for each in listed] if isinstance(listed, list) else []
    except (ValueError, TypeError, RecursionError):
        return Refused("its tests are not of the form asked for")
    cases = list({case.given: case for case in cases}.values())[:MAX_CASES]
    if any(len(case.given) > MAX_GIVEN or len(case.expected or "") > MAX_GIVEN for case in cases):
        return Refused("its tests are too long")
    return cases if len(cases) >= NUM_SHOWN + MIN_HIDDEN else Refused("it has too few tests")


def _case(record: Any, function: bool) -> Case:
    """Raises ValueError where it is none."""
    match record:
        case [given, expected]:
            pass
        case {"input": given, **rest}:
            expected = rest.get("output")
        case _:
            raise ValueError("a test is [input, output]")
    if function:
        if not isinstance(given, list):
            raise ValueError("arguments are a list")
        return Case(json.dumps(given), json.dumps(expected))
    if not isinstance(given, str) or isinstance(expected, list | dict | bool):
        raise ValueError("a program reads and prints text")
    given = _sendable(given)
    ended = given if given.endswith("\n") else f"{given}\n"
    return Case(ended, None if expected is None else _sendable(str(expected)))


def _checkers_fault(source: str) -> str | None:
    """What it could do to its own verdict with an answer that is made for it: it may only compute."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "its validator is no Python"
    names = [node.id for node in nodes if isinstance(node, ast.Name)]
    attributes = [node.attr for node in nodes if isinstance(node, ast.Attribute)]
    imported = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    imported += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    if any(name in _REFUSED_NAMES for name in names) or any(each.startswith("__") for each in [*names, *attributes]):
        return "its validator does more than compute"
    if not set(imported) <= _IMPORTS:
        return "its validator does more than compute"
    defined = any(isinstance(node, ast.FunctionDef) and node.name == "check" for node in nodes)
    return None if defined else "its validator defines no check"


def _crossed(given: Sequence[str], rng: random.Random) -> list[str]:
    """Inputs like these: in each, some numbers and words are exchanged for others that stand in any of them."""
    tokens = [token for each in given for token in _TOKEN.findall(each)]
    kinds = {wordy: [token for token in tokens if token[-1].isalpha() is wordy] for wordy in (True, False)}
    made = dict[str, None]()
    for _ in range(4 * _NUM_PROBES):
        share = rng.choice((0.2, 0.5))
        parts = _TOKEN.split(rng.choice(given))
        for place in range(1, len(parts), 2):  # where the tokens are
            if rng.random() < share:
                parts[place] = rng.choice(kinds[parts[place][-1].isalpha()])
        made["".join(parts)] = None
    return [each for each in made if each not in given][:_NUM_PROBES]


def _sections(text: str) -> dict[str, str]:
    """What stands under each heading that is known, the first of each. None is in a block of code."""
    parts, name, fence = dict[str, list[str]](), "", ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        heading = None if fence else _HEADING.fullmatch(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and line.strip() == fence:
            fence = ""
        if heading and heading[1].lower() not in parts:
            name = heading[1].lower()
            parts[name] = [heading[2]]
        elif name:
            parts[name].append(line)
    return {name: "\n".join(lines) for name, lines in parts.items()}


def _blocks(text: str) -> list[tuple[str, str]]:
    """Blocks between fences, as (tag, code). One that is not closed ends with the text."""
    blocks, fence, tag, lines = list[tuple[str, str]](), "", "", list[str]()
    for line in text.split("\n"):
        mark = _FENCE.fullmatch(line)
        if not fence and mark:
            fence, tag, lines = mark[1], mark[2].lower(), []
        elif fence and line.strip() == fence:
            blocks.append((tag, "\n".join(lines) + "\n"))
            fence = ""
        elif fence:
            lines.append(line)
    return [*blocks, (tag, "\n".join(lines) + "\n")] if fence else blocks


def _sendable(text: str) -> str:
    """Without halves of characters, which no program can be given."""
    return text.encode("utf-8", "replace").decode()
