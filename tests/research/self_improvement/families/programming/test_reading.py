"""What is read from a model's words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.self_improvement.families.family import Refused
from research.self_improvement.families.programming.reading import solution_in, task_in
from research.self_improvement.families.programming.task import Task

TESTS = [[f"{n}\n", str(2 * n)] for n in range(8)]


def proposal(**changed: str) -> str:
    parts = {
        "Topic": "arithmetic",
        "Statement": "Print twice the number.",
        "Solution": "```python\n# Tests\nprint(2 * int(input()))\n```",
        "Tests": f"```json\n{json.dumps(TESTS)}\n```",
    } | changed
    return "\n".join(f"## {name}\n{text}" for name, text in parts.items() if text != "")


def test_a_proposal_is_read() -> None:
    found = task_in(f"<think>## Statement\nno</think>\n{proposal()}")
    assert not isinstance(found, Refused)
    topic, task = found
    assert (topic, task.statement, task.language, task.function) == (
        "arithmetic",
        "Print twice the number.",
        "python",
        None,
    )
    assert task.reference == "# Tests\nprint(2 * int(input()))\n" and task.checker is None
    assert [list(case) for case in [*task.shown, *task.hidden]] == TESTS and len(task.shown) == 2
    assert task.probes == [] or not {case.given for case in task.hidden} & set(task.probes)
    assert Task.of(task.statement, json.loads(json.dumps(task.known()))).known() == task.known()


def test_a_function_is_read_and_inputs_like_its_tests_are_made() -> None:
    tests = json.dumps([[[n, [n, -n], "ab"], n] for n in range(8)])
    found = task_in(proposal(Function="`pick`", Solution="```js\nfunction pick() {}\n```", Tests=tests))
    assert not isinstance(found, Refused)
    task = found[1]
    assert (task.function, task.language, task.shown[1].given) == ("pick", "javascript", '[1, [1, -1], "ab"]')
    assert task.probes and all(len(json.loads(each)) == 3 for each in task.probes)
    assert not {case.given for case in [*task.shown, *task.hidden]} & set(task.probes)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"Statement": ""}, "it has no statement"),
        ({"Solution": "   "}, "it has no solution"),
        ({"Solution": "print(1)"}, "its solution is no block of python or javascript"),
        ({"Solution": "```cobol\nSTOP\n```"}, "its solution is no block of python or javascript"),
        ({"Statement": "x" * 3000}, "it is too long"),
        ({"Solution": f"```python\n{'x' * 9000}\n```"}, "it is too long"),
        ({"Tests": "[1, 2"}, "its tests are not of the form asked for"),
        ({"Tests": "[" * 90_000}, "its tests are not of the form asked for"),
        ({"Tests": json.dumps([[1, 2, 3]] * 9)}, "its tests are not of the form asked for"),
        ({"Tests": json.dumps({"input": 1})}, "it has too few tests"),
        ({"Tests": json.dumps([["1\n", "2"]] * 20)}, "it has too few tests"),
        ({"Tests": json.dumps([["1", str(n)] for n in range(8)])}, "it has too few tests"),
        ({"Tests": json.dumps([[f"{n}" * 2000, "1"] for n in range(8)])}, "its tests are too long"),
        ({"Function": "os.system"}, "its function has no plain name"),
        ({"Checker": "```python\nx = (\n```"}, "its validator is no Python"),
        ({"Checker": "```python\ndef verify(a, b): return True\n```"}, "its validator defines no check"),
        ({"Checker": "```python\ndef check(a, b): return eval(b)\n```"}, "its validator does more than compute"),
        (
            {"Checker": "```python\nimport os\ndef check(a, b): return True\n```"},
            "its validator does more than compute",
        ),
        (
            {"Checker": "```python\ndef check(a, b): return ().__class__\n```"},
            "its validator does more than compute",
        ),
    ],
)
def test_what_is_no_task_is_refused_by_name(changed: dict[str, str], why: str) -> None:
    assert task_in(proposal(**changed)) == Refused(why)


_PIECES = [
    "## Statement\n",
    "# Solution: ",
    "## Tests\n",
    "## Checker\n",
    "```python\n",
    "```\n",
    "[[1, 2]]",
    "\ud800",
    "x",
]


@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=6), max_size=14).map("".join))
def test_no_reply_breaks_the_reader(reply: str) -> None:
    found = task_in(reply)
    assert isinstance(found, Refused) or found[1].statement
    solution_in(reply, "python").encode()


@given(st.lists(st.tuples(st.text(max_size=9), st.integers()), min_size=8, max_size=20, unique_by=lambda pair: pair[0]))
def test_tests_come_back_as_they_were_written(pairs: list[tuple[str, int]]) -> None:
    found = task_in(proposal(Tests=json.dumps([{"input": text, "output": number} for text, number in pairs])))
    if isinstance(found, Refused):  # two inputs that differ only in the end of their last line
        assert found == Refused("it has too few tests")
    else:
        told = dict([*found[1].shown, *found[1].hidden])
        sent = {text.encode("utf-8", "replace").decode(): str(number) for text, number in pairs}
        assert all(given in sent or given.removesuffix("\n") in sent for given in told)
        assert set(told.values()) <= set(sent.values())


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("print(1)", "print(1)"),
        ("Here:\n```python\nprint(1)\n```\nIt prints:\n```\n1\n```", "print(1)\n"),
        ("```\nfirst\n```\nbetter:\n```\nsecond\n```", "second\n"),
        ("```js\nno\n```\n```py\nyes\n```\n```js\nno\n```", "yes\n"),
        ("```python\nprint(1)", "print(1)\n"),
        ("<think>```python\nthought\n```\n</think>\n```python\nsaid\n```", "said\n"),
        ("", ""),
    ],
)
def test_which_block_is_the_solution(reply: str, code: str) -> None:
    assert solution_in(reply, "python") == code
