"""What a program of the grammar prints, and the steps in between, without running it.

It knows integers, lists of them, variables, conditions, loops over lists and ranges, and functions without variables
of their own; what it does not know, it refuses, and never guesses. So it is quick, needs no sandbox, and can be asked
about anything. What a model wrote is for the sandbox, whose word is the truth where both can tell.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import NamedTuple

_MOST_STEPS = 2_000
_DEEPEST = 20
_LARGEST = 10**12

_OPERATORS: dict[type[ast.operator], tuple[str, Callable[[int, int], int]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
}
_COMPARISONS: dict[type[ast.cmpop], tuple[str, Callable[[int, int], bool]]] = {
    ast.Lt: ("<", operator.lt),
    ast.Gt: (">", operator.gt),
    ast.LtE: ("<=", operator.le),
    ast.GtE: (">=", operator.ge),
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
}
Value = int | list[int]


class Unknown(Exception):
    """It is no program of the grammar, or it fails, or takes long."""


class Run(NamedTuple):
    """A program that was followed to its end."""

    output: str
    """What it prints, as stdout has it."""
    steps: tuple[str, ...]
    """Every sum with its numbers, every comparison and what it comes to, in order: `b = 3 + 4 = 7`, `7 > 5: yes`."""
    reached: frozenset[ast.AST]
    """The statements and expressions that were run; a loop only when it went round, a function when it was called."""


def follow(tree: ast.Module) -> Run:
    """Follow a program to its end. Unknown where that cannot be done."""
    followed = _Following()
    try:
        followed.block(tree.body, {}, inside=False)
    except RecursionError:
        raise Unknown("too deep") from None
    return Run("".join(followed.printed), tuple(followed.steps), frozenset(followed.reached))


def _plain(name: str) -> str:
    """The name; Unknown where it means something to Python."""
    if name in ("print", "range") or name.startswith("__"):
        raise Unknown(f"another {name}")
    return name


class _Returned(Exception):
    def __init__(self, value: int) -> None:
        self.value = value


class _Following:
    def __init__(self) -> None:
        self.printed: list[str] = []
        self.steps: list[str] = []
        self.reached: set[ast.AST] = set()
        self._names: dict[str, Value | ast.FunctionDef] = {}
        self._depth = self._count = 0

    def block(self, statements: list[ast.stmt], own: dict[str, int], *, inside: bool) -> None:
        """Run statements; within a function, `inside`, with its arguments."""
        for statement in statements:
            self._tick(statement)
            match statement:
                case ast.If(test, body, rest):
                    self.block(body if self._test(test, own) else rest, own, inside=inside)
                case ast.Return(ast.expr() as value) if inside:
                    raise _Returned(self._number(value, own))
                case ast.Assign([ast.Name(name)], value) if not inside:
                    self._assign(name, value)
                case ast.AugAssign(ast.Name(name), sign, value) if not inside:
                    self._assign(name, ast.BinOp(ast.Name(name, ast.Load()), sign, value))
                case ast.Expr(ast.Call(ast.Name("print"), values, [])) if not inside:
                    self.printed.append(" ".join(str(self._value(each, own)) for each in values) + "\n")
                case ast.For(ast.Name(name), over, body, []) if not inside:
                    self._loop(statement, name, self._items(over, own), body)
                case ast.FunctionDef() if not inside:
                    self._define(statement)
                case _:
                    raise Unknown(type(statement).__name__)

    def _tick(self, node: ast.AST) -> None:
        self._count += 1
        if self._count > _MOST_STEPS:
            raise Unknown("too long")
        if not isinstance(node, ast.For | ast.FunctionDef):
            self.reached.add(node)

    def _assign(self, name: str, value: ast.expr) -> None:
        before = len(self.steps)
        self._bind(name, result := self._value(value, {}))
        if len(self.steps) > before:
            self.steps[-1] = f"{name} = {self.steps[-1]}"
        elif isinstance(value, ast.Name):
            self.steps.append(f"{name} = {result}")

    def _bind(self, name: str, value: Value | ast.FunctionDef) -> None:
        self._names[_plain(name)] = value

    def _loop(self, node: ast.For, name: str, items: list[int], body: list[ast.stmt]) -> None:
        for item in items:
            self.reached.add(node)
            self._bind(name, item)
            self.steps.append(f"{name} = {item}")
            self.block(body, {}, inside=False)

    def _define(self, function: ast.FunctionDef) -> None:
        match function.args:
            case ast.arguments([], args, None, [], [], None, []) if not function.decorator_list:
                names = [_plain(each.arg) for each in args if each.annotation is None]
                if len(set(names)) < len(args) or function.returns:
                    raise Unknown("arguments")
                self._bind(function.name, function)
            case _:
                raise Unknown("arguments")

    def _items(self, over: ast.expr, own: dict[str, int]) -> list[int]:
        match over:
            case ast.Call(ast.Name("range"), [_, *more] as bounds, []) if len(more) < 2:
                numbers = range(*(self._number(each, own) for each in bounds))
                if len(numbers) > _MOST_STEPS:
                    raise Unknown("too long")
                return list(numbers)
            case _:
                value = self._value(over, own)
                if not isinstance(value, list):
                    raise Unknown("a loop over a number")
                return value

    def _test(self, test: ast.expr, own: dict[str, int]) -> bool:
        self._tick(test)
        match test:
            case ast.Compare(left, [sign], [right]) if type(sign) in _COMPARISONS:
                written, compare = _COMPARISONS[type(sign)]
                one, other = self._number(left, own), self._number(right, own)
                holds = compare(one, other)
                self.steps.append(f"{one} {written} {other}: {'yes' if holds else 'no'}")
                return holds
            case _:
                raise Unknown("condition")

    def _value(self, node: ast.expr, own: dict[str, int]) -> Value:
        self._tick(node)
        match node:
            case ast.Constant(int() as number) if type(number) is int:
                return self._kept(number)
            case ast.UnaryOp(ast.USub(), ast.Constant(int() as number)) if type(number) is int:
                return self._kept(-number)
            case ast.Name(name):
                value = own.get(name, self._names.get(name))
                if value is None or isinstance(value, ast.FunctionDef):
                    raise Unknown(f"what {name} is")
                return value
            case ast.List(items):
                return [self._number(each, own) for each in items]
            case ast.BinOp(left, sign, right) if type(sign) in _OPERATORS:
                written, operate = _OPERATORS[type(sign)]
                one, other = self._number(left, own), self._number(right, own)
                result = self._kept(operate(one, other))
                self.steps.append(f"{one} {written} {other} = {result}")
                return result
            case ast.Call(ast.Name(name), values, []):
                return self._call(name, [self._number(each, own) for each in values], own)
            case _:
                raise Unknown(type(node).__name__)

    def _number(self, node: ast.expr, own: dict[str, int]) -> int:
        value = self._value(node, own)
        if isinstance(value, list):
            raise Unknown("a list among numbers")
        return value

    def _kept(self, number: int) -> int:
        if abs(number) > _LARGEST:
            raise Unknown("too large")
        return number

    def _call(self, name: str, values: list[int], own: dict[str, int]) -> int:
        function = own.get(name, self._names.get(name))
        if not isinstance(function, ast.FunctionDef) or len(values) != len(function.args.args):
            raise Unknown(f"what {name} is")
        if self._depth == _DEEPEST:
            raise Unknown("too deep")
        self.reached.add(function)
        self._depth += 1
        try:
            own = dict(zip((each.arg for each in function.args.args), values, strict=True))
            self.block(function.body, own, inside=True)
        except _Returned as returned:
            self.steps.append(f"{name}({', '.join(map(str, values))}) = {returned.value}")
            return returned.value
        finally:
            self._depth -= 1
        raise Unknown("a function without a value")
