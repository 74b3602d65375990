"""Tasks by rule: what is expected, and the solutions in both languages, are three ways to the same answers."""

from __future__ import annotations

import json
import random

import pytest

from espalier.sandbox import Pool, Program
from research.self_improvement.families.programming.kinds import KINDS, Kind, task_of
from research.self_improvement.families.programming.running import results
from research.self_improvement.families.programming.validators import settled, weight_of
from tests.espalier.sandbox.walls import needs_walls
from tests.research.self_improvement.families.programming.tasks import needs_node, opened_pool

pool = pytest.fixture(scope="module")(opened_pool)
each_language = pytest.mark.parametrize("language", ["python", pytest.param("javascript", marks=needs_node)])
_ALL = {
    "python": """\
import json, sys
for source, inputs in json.load(sys.stdin):
    scope = {}
    exec(source, scope)
    print(json.dumps([scope["solve"](*given) for given in inputs]))
""",
    "javascript": """\
for (const [source, inputs] of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
  const solve = new Function(source + "return solve;")();
  console.log(JSON.stringify(inputs.map(given => solve(...given))));
}
""",
}
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def test_there_are_two_kinds_to_each_of_seven_levels() -> None:
    assert [kind.level for kind in KINDS] == [level for level in range(7) for _ in range(2)]
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 12


@each_kind
def test_a_task_keeps_its_examples_and_probes_apart_from_its_tests(kind: Kind) -> None:
    for seed in range(20):
        rng = random.Random(seed)
        task = task_of(kind, kind.params(rng), "python", kind.checker is None and seed % 2 == 0, rng)
        inputs = [case.given for case in [*task.shown, *task.hidden]] + list(task.probes)
        assert len(set(inputs)) == len(inputs) and len(task.shown) == 2 and len(task.hidden) >= 10
        again = random.Random(seed)
        assert task_of(kind, kind.params(again), "python", task.function is not None, again) == task
        assert json.loads(json.dumps(task.known())) == task.known()


@each_kind
def test_the_constants_are_many(kind: Kind) -> None:
    rng = random.Random(0)
    assert len({kind.asked(kind.params(rng)) for _ in range(2000)}) >= 15


@needs_walls
@each_language
def test_the_functions_pass(pool: Pool, language: str) -> None:
    """Of all kinds with several constants each, in one program: to begin node for each case would take a minute."""
    rng = random.Random(language)
    tasks = [
        task_of(kind, kind.params(rng), language, True, rng) for kind in KINDS if not kind.checker for _ in range(5)
    ]
    cases = [[*task.shown, *task.hidden] for task in tasks]
    asked = [
        [task.reference, [json.loads(case.given) for case in each]] for task, each in zip(tasks, cases, strict=True)
    ]
    outcome = pool.run(Program(source=_ALL[language], language=language, stdin=json.dumps(asked).encode()))
    assert outcome.ok, outcome.stderr.decode()[-500:]
    for task, each, line in zip(tasks, cases, outcome.text.splitlines(), strict=True):
        assert json.loads(line) == [json.loads(case.expected or "") for case in each], task


@needs_walls
@each_language
@pytest.mark.parametrize("name", ["linear", "sort by", "pair sum"])
def test_the_whole_programs_pass(pool: Pool, name: str, language: str) -> None:
    kind = next(kind for kind in KINDS if kind.name == name)
    rng = random.Random(name)
    task = task_of(kind, kind.params(rng), language, False, rng)
    for source in (task.reference, *task.also_right):
        found = results(task, [(source, case) for case in [*task.shown, *task.hidden[:4]]], pool)
        assert all(each.passed for each in found), (source, found)


@needs_walls
@pytest.mark.slow
@each_kind
def test_its_own_validator_may_judge(pool: Pool, kind: Kind) -> None:
    rng = random.Random(kind.name)
    task = settled(task_of(kind, kind.params(rng), "python", False, rng), pool)
    assert not isinstance(task, tuple), task
    weight = weight_of(task, pool)
    assert weight.fault() is None and weight.share >= 0.9, weight
