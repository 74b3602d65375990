"""Changes that make no difference make none, and what is told of them."""

from __future__ import annotations

import ast

import pytest

from espalier.artifacts.paths import repo_root
from research.autoresearch.deciding.simplicity import code_lines
from research.autoresearch.tasks import TASKS
from research.benchmarks.autoresearch import null_changes
from research.benchmarks.autoresearch.null_changes import null_change, told
from tests.research.autoresearch.looping.made import record


class _Alike(ast.NodeTransformer):
    """Variables by the number of their first appearance."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self.known.setdefault(node.id, f"v{len(self.known)}"), node.ctx)


@pytest.mark.parametrize("task", TASKS)
def test_a_null_change_leaves_the_program_as_it_is(task: str) -> None:
    source = (repo_root() / TASKS[task].training).read_text()
    lines = code_lines(source)
    kinds = set[str]()
    for number in range(1, 17):
        text, what = null_change(source, number)
        assert text != source and code_lines(text) == lines
        same = [ast.dump(_Alike().visit(ast.parse(each))) for each in (source, text)]
        assert same[0] == same[1], what
        kinds.add("called" if "called" in what else what.split()[2])
    assert kinds == {"called", "comment", "blank"}


def test_a_name_that_stands_for_something_else_too_stays() -> None:
    source = "import a\n\ndef f(b):\n    a.c = b\n    c = d = e = 1\n    g = f'{e}'\n    return h(d=c)\n"
    assert set(null_changes._own_names(source)) == {"g"}


def test_both_counts_stand_beside_what_is_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(null_changes, "SIMULATED", 50)
    pair = {"seed": 9, "candidate": 2.0, "incumbent": 2.0}
    records = [
        record(0),
        record(1, proposer="null changes", status="discard", val_bpb=1.9, confirmed=[pair] * 3),
        record(2, proposer="null changes", status="discard", val_bpb=2.1),
        record(3, proposer="null changes", status="crash", val_bpb=None),
    ]
    first, counts, _, promised = told(records)
    assert "1 changes were run again, 3 pairs together" in first
    assert "| strictly lower in one run | 1 of 2 |" in counts and "| pairs of runs on fresh seeds | 0 of 2 |" in counts
    assert "| normal | 2 |" in promised and "| heavy tails | 0 |" in promised
