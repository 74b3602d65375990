"""What an experiment's file is seen to do that none has to: by its syntax tree, with a name for each.

It is meant to tell whoever wrote it at once, and cheaply. It cannot hold anybody who means to get by.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Callable

from research.autoresearch.checking import paths, rules, sizes
from research.autoresearch.checking.bound import Bound
from research.autoresearch.naming import Named
from research.autoresearch.tasks import Task

Rule = Callable[[ast.AST, Bound], str | None]
_RULES: tuple[Rule, ...] = (
    rules.calls,
    rules.names,
    rules.attributes,
    rules.changes,
    rules.budgets,
    rules.words,
    paths.files,
    paths.constants,
)
ASKED = {"language": "log_probs", "mazes": "routes"}
"""What the evaluator asks a task's model for."""
_UNSEEN = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=]", re.MULTILINE)


def check_text(text: bytes, task: Task) -> None:
    """Named where a text cannot be the experiment's file, lacks what the evaluator asks for, or is seen to tamper."""
    source = _decoded(text)
    tree = _parsed(source)
    _check_asked(tree, task)
    sizes.check_sizes(tree)
    bound = Bound(tree, task)
    for node in bound.nodes:
        for rule in (rules.imports, *_RULES):
            if found := rule(node, bound):
                raise Named(found, f"line {getattr(node, 'lineno', 1)}")


def _decoded(text: bytes) -> str:
    if b"\0" in text:
        raise Named("is binary")
    if _COOKIE.search(b"\n".join(text.splitlines()[:2])):
        raise Named("says its own encoding")
    try:
        source = text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Named("is binary", str(error)) from None
    strange = {each for each in source if unicodedata.category(each) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")} - {
        "\n",
        "\t",
    }
    if strange:
        raise Named("holds characters that cannot be seen", ", ".join(sorted(f"U+{ord(each):04X}" for each in strange)))
    return source


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Named("does not parse", str(error)[:200]) from None


def _check_asked(tree: ast.Module, task: Task) -> None:
    top = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    load = top.get("load")
    if not isinstance(load, ast.FunctionDef) or len([*load.args.posonlyargs, *load.args.args]) < 1:
        raise Named("lacks what the evaluator asks for", "load(folder)")
    methods = {
        each.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for each in node.body
        if isinstance(each, ast.FunctionDef)
    }
    if ASKED[task.name] not in methods:
        raise Named("lacks what the evaluator asks for", f"a model with {ASKED[task.name]}")
