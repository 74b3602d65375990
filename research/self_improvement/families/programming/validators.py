"""What a validator is worth, told by solutions whose worth is known: it must pass the right ones and fail the wrong.

Wrong ones are mutants of the reference solution. One that prints what the reference prints on all inputs at hand, tests
and probes, may be right and does not count; nor does one that breaks at once, which no validator could miss. Under a
checker one that prints something else may be right too, and is counted as wrong all the same: a checker that cannot be
told from a lax one sinks with it.

What mutation cannot see: a statement that asks for something else than its reference gives; code that was put in so
that its mutants are easily caught; and a checker with a back door, unless a literal of its text opens it.
"""

from __future__ import annotations

import ast
import hashlib
import json
import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from espalier.sandbox import Ending, Pool, Program, Twice
from evaluation.comparison.stats import wilson
from research.self_improvement.families.family import Challenge, Refused
from research.self_improvement.families.programming.mutants import mutants
from research.self_improvement.families.programming.running import (
    agrees,
    checker_program,
    printed_in,
    program,
    results,
    run_all,
    says_yes,
    tidy,
    verdicts,
)
from research.self_improvement.families.programming.task import Case, Task

MAX_MUTANTS = 12
MIN_WRONG = 3
"""Wrong solutions below which nothing is known of a validator."""
MIN_SHARE = 0.8
"""Of the wrong solutions, the share that a validator has to fail to be used."""
MAX_FLOOR = 0.75
"""Of the tests, the share that an answer without work may pass."""
_CONSTANTS = {
    False: ("", "0", "1", "-1", "true", "True", "yes", "no", "none", "0 " * 500),
    True: ("null", "0", "1", "-1", "true", "false", '""', '"yes"', "[]", json.dumps("0 " * 500)),
}
_PAYLOAD = "(print('true'), __import__('os')._exit(0))"
"""An answer that makes a checker that evaluates it say what it likes."""


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What was found of a validator."""

    wrong: int
    """Wrong solutions that it was tried on."""
    failed: int
    """Those among them that it fails."""
    right: int
    """Right ones, the reference among them."""
    passed: int
    """Those among them that it passes."""
    floor: float
    """Share of the tests that the best answer without work passes."""

    @property
    def share(self) -> float:
        """Of the wrong solutions, those that it fails."""
        return self.failed / self.wrong if self.wrong else 0.0

    @property
    def strength(self) -> float:
        """From 0 to 1, by which validators are ranked: the lower end of the share's interval, so that few mutants are
        worth less than many, times the share of right solutions that it passes."""
        return wilson(self.share, self.wrong)[0] * self.passed / self.right if self.wrong else 0.0

    def fault(self) -> str | None:
        """Why it may not judge."""
        if self.passed < self.right:
            return "its validator fails a right solution"
        if self.floor > MAX_FLOOR:
            return "an answer without work passes its validator"
        if self.wrong < MIN_WRONG:
            return "too few mutants to know its validator by"
        return "its validator passes wrong solutions" if self.share < MIN_SHARE else None


def ranked(challenges: Sequence[Challenge]) -> list[Challenge]:
    """Checked challenges, those with the strongest validators first."""
    return sorted(challenges, key=lambda each: (-Weight(**each.known["validator"]).strength, each.id))


def settled(task: Task, pool: Pool) -> Task | Refused:
    """The task with what is expected of each case, as the reference gives it, run twice; or why it is no task."""
    cases = [*task.shown, *task.hidden]
    outcomes = _twice(pool, [program(task, task.reference, case.given) for case in cases])
    if fault := _fault(outcomes, "solution"):
        return fault
    said = [printed_in(each.first, task) for each in outcomes]
    if task.checker is None:
        claimed = [case for case in zip(cases, said, strict=True) if case[0].expected is not None]
        if not all(text is not None and agrees(text, case.expected, task) for case, text in claimed):
            return Refused("its solution fails its own tests")
    if task.function and not all(text is not None and _is_json(text) for text in said):
        return Refused("its solution returns nothing that can be compared")
    told = [Case(case.given, text) for case, text in zip(cases, said, strict=True)]
    done = replace(task, shown=told[: len(task.shown)], hidden=told[len(task.shown) :])
    return _checked(done, told, pool) if task.checker else done


def _checked(task: Task, cases: Sequence[Case], pool: Pool) -> Task | Refused:
    outcomes = _twice(pool, [checker_program(task.checker or "", case.given, case.expected or "") for case in cases])
    if fault := _fault(outcomes, "validator"):
        return fault
    return task if all(says_yes(each.first) for each in outcomes) else Refused("its validator fails its own solution")


def _twice(pool: Pool, programs: Sequence[Program]) -> list[Twice]:
    """The first alone: what never ends costs its limit once, and not for each case."""
    outcomes = [pool.run_twice(programs[0])]
    if not outcomes[0].first.ok:
        return outcomes
    with ThreadPoolExecutor(pool.workers) as threads:
        return outcomes + list(threads.map(pool.run_twice, programs[1:]))


def _fault(outcomes: Sequence[Twice], what: str) -> Refused | None:
    for each in outcomes:
        if not each.first.ok:
            return Refused(f"its {what} does not run: {each.first.ended}")
        if not each.same:
            return Refused(f"its {what} says something else each time")
    return None


def weight_of(task: Task, pool: Pool, *, wrong: Sequence[str] = ()) -> Weight:
    """What a settled task's validator is worth, tried on mutants and on solutions known to be `wrong`."""
    right = [task.reference, *task.also_right]
    rights = results(task, [(source, case) for source in right for case in task.hidden], pool)
    size = len(task.hidden)
    passed = sum(all(each.passed for each in rights[k * size : (k + 1) * size]) for k in range(len(right)))
    running = _running(task, pool)
    missed, missed_too = (_survivors(task, sources, pool) for sources in (running, list(wrong)))
    differing = _differing(task, missed, pool)
    failed = len(running) + len(wrong) - len(missed) - len(missed_too)
    return Weight(
        wrong=failed + len(differing) + len(missed_too),
        failed=failed,
        right=len(right),
        passed=passed,
        floor=floor_of(task, pool),
    )


def _running(task: Task, pool: Pool) -> list[str]:
    digest = hashlib.sha256(task.reference.encode("utf-8", "replace")).hexdigest()
    drawn = mutants(task.reference, task.language, random.Random(digest), MAX_MUTANTS)
    first = (*task.shown, *task.hidden)[0]
    found = results(task, [(source, first) for source in drawn], pool)
    return [source for source, each in zip(drawn, found, strict=True) if each.ended is Ending.OK]


def _survivors(task: Task, sources: Sequence[str], pool: Pool) -> list[str]:
    """Those that pass all tests. What fails one is not run on the next."""
    alive = list(sources)
    for case in task.hidden:
        found = results(task, [(source, case) for source in alive], pool)
        alive = [source for source, each in zip(alive, found, strict=True) if each.passed]
    return alive


def _differing(task: Task, sources: Sequence[str], pool: Pool) -> list[str]:
    """Those that print something else than the reference where it prints something."""
    if not sources:
        return []
    given = [*(case.given for case in task.shown), *task.probes]
    given += [case.given for case in task.hidden] if task.checker else []
    expected = [printed_in(out, task) for out in run_all(pool, [program(task, task.reference, each) for each in given])]
    plain = replace(task, checker=None)
    cases = [Case(each, text) for each, text in zip(given, expected, strict=True) if text is not None]
    alike = set(_survivors(replace(plain, hidden=cases), sources, pool))
    return [source for source in sources if source not in alike]


def floor_of(task: Task, pool: Pool) -> float:
    """The share of the tests that the best answer without work passes: a constant, the input said back, an example."""
    size = len(task.hidden)
    rows = [*([text] * size for text in _constants(task)), [_echo(case, task) for case in task.hidden]]
    rows.append([case.given.partition("\n")[0] for case in task.hidden])
    asked = [(case, text) for row in rows for case, text in zip(task.hidden, row, strict=True)]
    found = verdicts(task, asked, pool)
    return max(sum(found[start : start + size]) / size for start in range(0, len(found), size))


def _constants(task: Task) -> list[str]:
    common = Counter(case.expected or "" for case in task.hidden).most_common(1)[0][0]
    shown = [case.expected or "" for case in task.shown]
    fixed = _CONSTANTS[task.function is not None]
    if task.checker is None:
        return list(dict.fromkeys([*fixed, common, *shown]))
    literals = [node.value for node in ast.walk(ast.parse(task.checker)) if isinstance(node, ast.Constant)]
    spoken = [json.dumps(each) if task.function else str(each) for each in literals if isinstance(each, str | int)]
    return list(dict.fromkeys([*fixed, common, *shown, _PAYLOAD, *spoken[:10]]))


def _echo(case: Case, task: Task) -> str:
    """The input; of a function, its first argument."""
    if task.function is None:
        return tidy(case.given)
    given = json.loads(case.given)
    return json.dumps(given[0] if given else None)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
