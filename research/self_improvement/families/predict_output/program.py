"""A program: whether it can be a question, how hard it is, what it exercises, and which others are the same."""

from __future__ import annotations

import ast
import hashlib
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from research.self_improvement.families.family import Refused
from research.self_improvement.families.predict_output.interpreter import Run, Unknown, follow

MOST_CHARACTERS = 600
MOST_LINES = 30
HELD_OUT = 0.15
"""Of all programs, those that examinations are drawn from and nothing else is."""

SKILLS = ("other", "addition", "subtraction", "multiplication", "division", "text")
"""What programs exercise: the last of these that is in one."""

_IMPORTS = {"math", "string", "itertools", "functools", "collections"}
"""Modules that always do the same."""
_VARYING = {
    "__import__", "breakpoint", "compile", "eval", "exec", "getattr", "globals", "hash", "help", "id", "input",
    "locals", "memoryview", "object", "open", "vars",
}  # fmt: skip
"""What reaches beyond the program, or prints an address. Two runs that print the same are no proof: a coin may fall
alike twice."""

_LOOPS = (ast.For, ast.While, ast.comprehension)
_CONDITIONS = (ast.If, ast.IfExp, ast.While, ast.BoolOp)
_FUNCTIONS = (ast.FunctionDef, ast.Lambda)


@dataclass(frozen=True)
class Source:
    """A program that is Python, short, and does not by its words depend on more than itself."""

    text: str
    tree: ast.Module
    canonical: str
    """The same for programs that differ in nothing but names, layout, and the order of a sum or a product of two."""

    @classmethod
    def read(cls, text: str) -> Source | Refused:
        """The program, or why it is none."""
        text = "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")
        if not text.strip():
            return Refused("no program")
        if len(text) > MOST_CHARACTERS or text.count("\n") >= MOST_LINES:
            return Refused("too long a program")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what a model wrote needs no advice on its style
                tree = ast.parse(text)
                canonical = ast.unparse(_Canonical(tree).visit(ast.parse(text)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return Refused("no Python")
        if "```" in text:
            return Refused("prints what an answer is framed with")
        if any(map(_may_vary, ast.walk(tree))):
            return Refused("could print something else another time")
        return cls(text, tree, canonical)

    @property
    def held_out(self) -> bool:
        """Whether it is kept for examinations: by its SHA-256, so that it is the same for everybody."""
        digest = hashlib.sha256(self.canonical.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:4], "big") < HELD_OUT * 2**32

    def followed(self) -> Run | None:
        """What it prints and by which steps, where it can be told without running it."""
        try:
            return follow(self.tree)
        except Unknown:
            return None

    def says(self, output: str) -> bool:
        """Whether each line of an output stands in it as it is, so that who copies could be right."""
        return all(
            re.search(rf"(?<![\w.]){re.escape(line)}(?![\w.])", self.text)
            for line in map(str.strip, output.split("\n"))
        )


def difficulty(tree: ast.Module, run: Run | None) -> int:
    """The level of the grammar that has what the program has: of a run, what was reached alone, so that nothing is
    harder for a loop that never goes round; without one, what stands in it, run or not."""
    has = _Has(tree, run)
    loop, condition, function = has.any(_LOOPS), has.any(_CONDITIONS), has.any(_FUNCTIONS)
    if has.nested():
        return 9
    if loop:
        return 5 + condition + 2 * function
    if function or condition:
        return 4 if function else 3
    return min(2, has.most_assigned())


def skill(tree: ast.Module, run: Run | None) -> str:
    """The last of SKILLS that is in the program, of a run in what was reached."""
    has = _Has(tree, run)
    kinds: Iterable[tuple[str, tuple[type[ast.AST], ...]]] = (
        ("division", (ast.Div, ast.FloorDiv, ast.Mod)),
        ("multiplication", (ast.Mult, ast.Pow)),
        ("subtraction", (ast.Sub, ast.USub)),
        ("addition", (ast.Add,)),
    )
    if any(isinstance(node, ast.Constant) and isinstance(node.value, str) for node in has.nodes):
        return "text"
    signs = [node.op for node in has.nodes if isinstance(node, ast.BinOp | ast.AugAssign)]
    return next((name for name, types in kinds if any(isinstance(sign, types) for sign in signs)), "other")


class _Has:
    """What stands in a program, or of it in a run."""

    def __init__(self, tree: ast.Module, run: Run | None) -> None:
        self.nodes = run.reached if run else frozenset(ast.walk(tree))

    def any(self, types: tuple[type[ast.AST], ...]) -> bool:
        return any(isinstance(node, types) for node in self.nodes)

    def nested(self) -> bool:
        """Whether there is a loop in a loop."""
        return any(
            isinstance(inner, _LOOPS) and inner is not outer and inner in self.nodes
            for outer in self.nodes
            if isinstance(outer, _LOOPS)
            for inner in ast.walk(outer)
        ) or any(
            len(node.generators) > 1
            for node in self.nodes
            if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp)
        )

    def most_assigned(self) -> int:
        """How many times the variable is assigned that is assigned most; one that goes by what it was counts twice."""
        counts = dict[str, int]()
        for node in self.nodes:
            for name, times in _assigned(node):
                counts[name] = counts.get(name, 0) + times
        return max(counts.values(), default=0)


def _assigned(node: ast.AST) -> Iterator[tuple[str, int]]:
    if isinstance(node, ast.Assign):
        yield from ((each.id, 1) for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name))
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, 2


def _may_vary(node: ast.AST) -> bool:
    match node:
        case ast.Import(names):
            return any(each.name not in _IMPORTS for each in names)
        case ast.ImportFrom(module, names):
            return module not in _IMPORTS or any(each.name.startswith("_") for each in names)
        case ast.Name(name):
            return name in _VARYING or name.startswith("__")
        case ast.Attribute(_, name):
            return name.startswith("_")
    return False


class _Canonical(ast.NodeTransformer):
    """What a program names itself is called by the order in which it comes; a sum of two plain things has an order."""

    def __init__(self, tree: ast.Module) -> None:
        self._own = set(_named(tree))
        self._names: dict[str, str] = {}

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._called(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(self._called(node.arg))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._called(node.name)
        return self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        if not isinstance(node.target, ast.Name):
            return self.generic_visit(node)
        value = ast.BinOp(ast.Name(node.target.id, ast.Load()), node.op, node.value)
        return self.generic_visit(ast.Assign([ast.Name(node.target.id, ast.Store())], value, lineno=node.lineno))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        plain = (ast.Name, ast.Constant)
        if isinstance(node.op, ast.Add | ast.Mult) and isinstance(node.left, plain) and isinstance(node.right, plain):
            node.left, node.right = sorted((node.left, node.right), key=ast.dump)
        return node

    def _called(self, name: str) -> str:
        return self._names.setdefault(name, f"v{len(self._names)}") if name in self._own else name


def _named(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(name, ast.Store()) | ast.arg(name) | ast.FunctionDef(name):
                yield name
