"""Solutions run on cases, and what they printed held against what is right: never in one process."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from espalier.sandbox import Ending, Outcome, Pool, Program
from research.self_improvement.families.programming.task import Case, Task

_CALL = """\
import json, sys
from solution import {name}
result = {name}(*json.loads(sys.stdin.read()))
print()
print(json.dumps(result))
"""
_CALL_IN_JAVASCRIPT = """
;{{
const result = {name}(...JSON.parse(require("fs").readFileSync(0, "utf8")));
console.log("\\n" + JSON.stringify(result));
}}
"""
_CHECK = """\
import json, sys
from checker import check
verdict = check(*json.load(sys.stdin))
print()
print("true" if verdict is True else "false")
"""


class Result(NamedTuple):
    """What came of a solution on one case."""

    passed: bool
    ended: Ending
    printed: str | None
    """What it printed, or returned as JSON; None where it did not end well."""


def program(task: Task, source: str, given: str) -> Program:
    """The solution on one input. Of the case's answer it holds nothing."""
    stdin = given.encode("utf-8", "replace")
    if task.function is None:
        return Program(source=source, language=task.language, stdin=stdin)
    if task.language == "python":  # imported, so that what it does only as a script is not done
        files = {"solution.py": source.encode("utf-8", "replace")}
        return Program(source=_CALL.format(name=task.function), stdin=stdin, files=files)
    return Program(source=source + _CALL_IN_JAVASCRIPT.format(name=task.function), language=task.language, stdin=stdin)


def checker_program(checker: str, given: str, printed: str) -> Program:
    """The checker on one answer."""
    files = {"checker.py": checker.encode("utf-8", "replace")}
    return Program(source=_CHECK, stdin=json.dumps([given, printed]).encode(), files=files)


def run_all(pool: Pool, programs: Sequence[Program]) -> list[Outcome]:
    """Their outcomes, in order. What was lost to something outside is run once more."""
    outcomes = list(pool.map(programs))
    return [pool.run(each) if out.ended is Ending.LOST else out for each, out in zip(programs, outcomes, strict=True)]


def results(task: Task, runs: Sequence[tuple[str, Case]], pool: Pool) -> list[Result]:
    """Each solution on its case, in order."""
    outcomes = run_all(pool, [program(task, source, case.given) for source, case in runs])
    said = [printed_in(outcome, task) for outcome in outcomes]
    passed = verdicts(task, [(case, text) for (_, case), text in zip(runs, said, strict=True)], pool)
    return [Result(right, outcome.ended, text) for right, outcome, text in zip(passed, outcomes, said, strict=True)]


def verdicts(task: Task, answers: Sequence[tuple[Case, str | None]], pool: Pool) -> list[bool]:
    """Whether each answer is right for its case. None never is, nor is what a checker breaks on."""
    if task.checker is None:
        return [text is not None and agrees(text, case.expected, task) for case, text in answers]
    checker = task.checker
    asked = [(place, case, text) for place, (case, text) in enumerate(answers) if text is not None]
    outcomes = run_all(pool, [checker_program(checker, case.given, text) for _, case, text in asked])
    right = {place for (place, *_), outcome in zip(asked, outcomes, strict=True) if says_yes(outcome)}
    return [place in right for place in range(len(answers))]


def says_yes(outcome: Outcome) -> bool:
    """Whether a checker that came to its end accepts."""
    return outcome.ok and _last_line(outcome.text) == "true"


def printed_in(outcome: Outcome, task: Task) -> str | None:
    """The answer in what a solution printed; None where it ended badly."""
    if not outcome.ok:
        return None
    return tidy(outcome.text) if task.function is None else _last_line(outcome.text)


def tidy(text: str) -> str:
    """Without space at the ends of lines and without empty lines at the end, which nobody means."""
    return "\n".join(line.rstrip() for line in text.splitlines()).rstrip("\n")


def agrees(printed: str, expected: str | None, task: Task) -> bool:
    """Whether an answer is the one expected: the same text, or of a function the same value."""
    if expected is None:
        return False
    if task.function is None:
        return tidy(printed) == tidy(expected)
    try:
        return _same(json.loads(printed), json.loads(expected))
    except (ValueError, RecursionError):  # no JSON, or nested so that nobody could mean it
        return False


def _same(one: Any, other: Any) -> bool:
    # True is no 1, though Python says so; 2.0 is 2, since JavaScript knows but one kind of number.
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or (
            isinstance(one, float) | isinstance(other, float) and math.isclose(one, other, rel_tol=1e-9)
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return type(one) is type(other) and bool(one == other)


def _last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2]
