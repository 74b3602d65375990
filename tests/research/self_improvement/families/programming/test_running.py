"""Solutions are run and compared, and no process holds both a solution and what is expected of it."""

from __future__ import annotations

import pytest

from espalier.sandbox import Ending, Pool
from research.self_improvement.families.programming.running import agrees, program, results
from research.self_improvement.families.programming.task import Case
from tests.espalier.sandbox.walls import needs_walls
from tests.research.self_improvement.families.programming.tasks import (
    COUNT,
    DOUBLE,
    count_task,
    double_task,
    halves_task,
    needs_node,
    opened_pool,
)

pool = pytest.fixture(scope="module")(opened_pool)


@needs_walls
def test_a_program_is_held_to_what_it_prints(pool: Pool) -> None:
    task = count_task()
    wrong = COUNT.replace("> 3", "> 4")
    found = results(task, [(source, case) for source in (COUNT, wrong) for case in task.hidden], pool)
    passed = [each.passed for each in found]
    differs = [case.given in ("4\n", "6 3 4 5\n", "1 2 3 4\n") for case in task.hidden]
    assert passed == [True] * len(differs) + [not each for each in differs]


@needs_walls
@pytest.mark.parametrize("language", ["python", pytest.param("javascript", marks=needs_node)])
def test_a_function_is_held_to_what_it_returns(pool: Pool, language: str) -> None:
    task = double_task(language)
    said = {"python": "print('debug')\n", "javascript": "console.log('debug');\n"}[language]
    wrong = DOUBLE[language].replace("2 *", "3 *")
    case = task.hidden[-1]
    found = results(task, [(said + DOUBLE[language], case), (wrong, case), ("", case)], pool)
    assert [each.passed for each in found] == [True, False, False]


@needs_walls
@pytest.mark.parametrize(
    ("source", "ended"),
    [
        ("print(4); raise SystemExit(1)", Ending.FAILED),
        ("while True: pass", Ending.CPU_TIME),
        ("while True: print('4' * 1000)", Ending.OUTPUT),
        ("import socket; socket.socket()", Ending.NETWORK),
    ],
)
def test_what_ends_badly_passes_nothing(pool: Pool, source: str, ended: Ending) -> None:
    task = count_task()
    (found,) = results(task, [(source, Case("4\n", "4"))], pool)
    assert (found.passed, found.ended, found.printed) == (False, ended, None)


@needs_walls
def test_a_checker_takes_every_right_answer(pool: Pool) -> None:
    task = halves_task()
    case = task.hidden[-1]
    texts = ["print(0, 40)", "print(40, 0)", "print(40, 1)", "print('many')", "print(1, 2, 37)"]
    assert [each.passed for each in results(task, [(text, case) for text in texts], pool)] == [True] * 2 + [False] * 3


def test_a_program_holds_nothing_of_its_answer() -> None:
    for task in (count_task(), double_task(), double_task("javascript")):
        made = program(task, "source", Case("[[1, 2]]\n", "the answer").given)
        held = [made.source, made.stdin.decode(), *(text.decode() for text in made.files.values())]
        assert not any("answer" in text for text in held) and not any(case.expected in held for case in task.hidden)


@pytest.mark.parametrize(
    ("printed", "expected", "same"),
    [
        ("1", "true", False),
        ("true", "1", False),
        ("2.0", "2", True),
        ("0.30000000000000004", "0.3", True),
        ("3", "4", False),
        ("[1, [2]]", "[1,[2]]", True),
        ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}', True),
        ("[1]", "[1, 2]", False),
        ('"1"', "1", False),
        ("NaN", "NaN", False),
        ("undefined", "null", False),
        ("[" * 100_000, "[]", False),
        ("9" * 5000, "9", False),
    ],
)
def test_values_are_compared_as_values(printed: str, expected: str, same: bool) -> None:
    assert agrees(printed, expected, double_task()) is same


def test_texts_are_compared_without_what_nobody_means() -> None:
    task = count_task()
    assert agrees("4  \n\n", "4", task) and agrees("a\nb", "a \nb\n", task)
    assert not agrees(" 4", "4", task) and not agrees("4 4", "44", task) and not agrees("4", None, task)
