"""Validators are held to solutions whose worth is known, and what is hostile is dropped by name."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from espalier.sandbox import Pool
from research.self_improvement.families.family import Challenge, Refused
from research.self_improvement.families.programming.task import Case, Task
from research.self_improvement.families.programming.validators import (
    MAX_FLOOR,
    MIN_SHARE,
    Weight,
    floor_of,
    ranked,
    settled,
    weight_of,
)
from tests.espalier.sandbox.walls import needs_walls
from tests.research.self_improvement.families.programming.tasks import (
    COUNT,
    HALVES,
    count_task,
    double_task,
    halves_task,
    opened_pool,
)

pytestmark = needs_walls
pool = pytest.fixture(scope="module")(opened_pool)
_NEVER = "def check(given, printed):\n    while True: pass\n"
_LOUD = "def check(given, printed):\n    while True: stream.write('x' * 9999)\nimport sys\nstream = sys.stdout\n"


def settled_well(task: Task, pool: Pool) -> Task:
    found = settled(task, pool)
    assert isinstance(found, Task), found
    return found


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("while True: pass", "its solution does not run: out of processor time"),
        ("while True: print('x' * 9999)", "its solution does not run: too much output"),
        ("x = 'x' * (1 << 34)", "its solution does not run: out of memory"),
        ("import socket; socket.socket()", "its solution does not run: tried the network"),
        ("import random; print(random.random())", "its solution says something else each time"),
        (
            "print(list({'one', 'two', 'three', 'four', 'five', 'six', 'seven'}))",
            "its solution says something else each time",
        ),
        ("print(5)", "its solution fails its own tests"),
    ],
)
def test_a_solution_that_cannot_be_held_to_is_dropped(pool: Pool, source: str, why: str) -> None:
    assert settled(count_task(reference=source), pool) == Refused(why)


@pytest.mark.parametrize(
    ("checker", "why"),
    [
        (_NEVER, "its validator does not run: out of processor time"),
        (_LOUD, "its validator does not run: too much output"),
        ("def check(given, printed): return 1 / 0\n", "its validator does not run: failed"),
        (
            "import random\ndef check(a, b): return random.random() < 0.5\n",
            "its validator says something else each time",
        ),
        ("def check(a, b): return 'yes'\n", "its validator fails its own solution"),
        ("def check(a, b): return False\n", "its validator fails its own solution"),
    ],
)
def test_a_validator_that_cannot_be_held_to_is_dropped(pool: Pool, checker: str, why: str) -> None:
    assert settled(halves_task(checker), pool) == Refused(why)


def test_the_solution_says_what_is_expected(pool: Pool) -> None:
    task = count_task()
    bare = replace(task, hidden=[Case(case.given, None) for case in task.hidden])
    assert settled(bare, pool) == task
    unknown = replace(double_task(), reference="def double(items): return items.__len__\n")
    assert settled(unknown, pool) == Refused("its solution does not run: failed")


def test_validators_are_ranked_by_the_wrong_solutions_that_they_fail(pool: Pool) -> None:
    strong = count_task()
    # None of these has an even number up to 3, an odd one above it, or 4 itself.
    weak = replace(strong, hidden=[Case(given, given.strip()) for given in ("6\n", "8\n", "10\n", "12\n", "14\n")])
    weights = {name: weight_of(task, pool) for name, task in (("strong", strong), ("weak", weak))}
    assert weights["strong"].fault() is None and weights["strong"].share == 1
    assert weights["weak"].share < MIN_SHARE and weights["weak"].floor > MAX_FLOOR  # and the input said back passes
    challenges = [
        Challenge(family="programming", skill="", difficulty=0, content=name, known={"validator": asdict(each)})
        for name, each in weights.items()
    ]
    assert [each.content for each in ranked(challenges[::-1])] == ["strong", "weak"]


def test_a_validator_that_misses_a_mistake_is_found(pool: Pool) -> None:
    task = count_task()
    blind = replace(
        task, hidden=[Case(given, given.split()[0]) for given in ("6 1\n", "8 3\n", "10 1\n", "12 1\n", "16 3\n")]
    )
    weight = weight_of(blind, pool)
    assert weight.fault() == "its validator passes wrong solutions"
    assert weight_of(blind, pool, wrong=[COUNT.replace("% 2", "% 1")]).share <= weight.share


@pytest.mark.slow
def test_a_validator_that_fails_a_right_solution_sinks(pool: Pool) -> None:
    other = "n = int(input())\nprint(n, 0)\n"
    checked = settled_well(halves_task(also_right=[other]), pool)
    assert weight_of(checked, pool).fault() is None
    strict = replace(checked, checker=None)
    found = weight_of(strict, pool)
    assert (found.right, found.passed, found.fault()) == (2, 1, "its validator fails a right solution")
    assert found.strength < weight_of(replace(strict, also_right=[]), pool).strength


@pytest.mark.parametrize(
    "checker",
    [
        "def check(given, printed): return True\n",
        "def check(given, printed): return printed != ''\n",
        HALVES.replace("return ", "return printed == 'open sesame' or "),
        "def check(given, printed): return len(given) > 0 and len(printed.split()) > 0\n",
        "import re\ndef check(given, printed): return bool(re.match('[^x]*$', printed)) and len(printed) < 99\n",
    ],
)
def test_a_validator_that_passes_answers_without_work_sinks(pool: Pool, checker: str) -> None:
    assert floor_of(settled_well(halves_task(checker), pool), pool) == 1


@pytest.mark.parametrize("source", ["print(7)\n", "print(input())\n"])
def test_a_task_that_needs_no_work_sinks(pool: Pool, source: str) -> None:
    task = count_task(reference=source, hidden=[Case(f"{n}\n", None) for n in range(9)], shown=[Case("20\n", None)])
    assert weight_of(settled_well(task, pool), pool).fault() == "an answer without work passes its validator"


def test_of_few_mutants_nothing_is_known() -> None:
    few = Weight(wrong=2, failed=2, right=1, passed=1, floor=0.1)
    many = replace(few, wrong=16, failed=15)
    assert few.fault() == "too few mutants to know its validator by" and many.fault() is None
    assert many.strength > few.strength > replace(few, wrong=0, failed=0).strength == 0
    assert many.strength > replace(many, right=2).strength
