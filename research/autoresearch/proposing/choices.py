"""The choices of an editable file, literals of its class `Choices`, and what each may be: read and set by syntax tree.

    mlp: str = "gelu"  # gelu | swiglu | geglu; what a block computes at each place
    depth: int = 4  # 2 to 12
    width: int = 128  # 64 to 256 by 64
    lr: float = 0.001  # 0.0003 to 0.03 log
    decay: float = 0.3  # 0.1 to 0.9 where schedule = wsd
    tied: bool = True

What stands behind a semicolon is for people. A choice without such a comment is nobody's to search.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass

from espalier.errors import UserError

Value = bool | int | float | str
Point = dict[str, Value]

_NUMBER = r"[-+]?\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER}) to ({_NUMBER})(?: by ({_NUMBER})| (log))?")
_DIGITS = 3
"""Significant digits of a decimal that is set: enough for any effect, and a file that can be read."""


@dataclass(frozen=True, kw_only=True)
class OneOf:
    """One of several values."""

    values: tuple[Value, ...]

    def holds(self, value: Value) -> bool:
        """Whether that is one of them, of the same type."""
        return any(value == each and type(value) is type(each) for each in self.values)


@dataclass(frozen=True, kw_only=True)
class Between:
    """A number, both ends included; whole where both are."""

    low: float
    high: float
    step: float | None = None
    log: bool = False
    """Whether ratios count, not differences."""

    @property
    def whole(self) -> bool:
        """Whether it is a whole number."""
        return isinstance(self.low, int)

    def holds(self, value: Value) -> bool:
        """Whether that is such a number, on a step where there are steps."""
        if isinstance(value, bool | str) or isinstance(value, int) is not self.whole:
            return False
        steps = (value - self.low) / (self.step or 1)
        return self.low <= value <= self.high and (self.step is None or abs(steps - round(steps)) < 1e-6)

    def rounded(self, value: float) -> float:
        """As it is written into the file."""
        return value if self.whole else min(max(float(f"{value:.{_DIGITS}g}"), self.low), self.high)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One choice, as it stands in the file."""

    name: str
    value: Value
    space: OneOf | Between | None
    """What it may be; None where nothing says so."""
    where: tuple[str, str] | None
    """Another choice, and its value as text, without which this one changes nothing."""
    span: tuple[int, int, int]
    """Of the literal: its line, from 0, and its first byte and the one behind its last there."""

    def allows(self, value: Value) -> bool:
        """Whether it may be searched, and have that value."""
        return self.space is not None and self.space.holds(value)

    def counts_at(self, point: Mapping[str, Value]) -> bool:
        """Whether it makes any difference there."""
        return self.where is None or str(point.get(self.where[0])) == self.where[1]


def read_choices(text: str, path: str) -> dict[str, Choice]:
    """All choices of a file, by name. UserError where it has no single class `Choices`, or one of them is no literal on
    one line, or its comment contradicts it."""
    try:
        classes = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef) and node.name == "Choices"]
    except (SyntaxError, ValueError) as error:
        raise UserError(f"{path}: no Python ({error}), so nothing in it can be searched") from None
    if len(classes) != 1:
        raise UserError(f"{path}: wants one class Choices with what may be searched, and has {len(classes)}")
    lines = text.split("\n")
    fields = [node for node in classes[0].body if isinstance(node, ast.AnnAssign)]
    found = [_read_choice(field, lines[field.lineno - 1], path) for field in fields]
    return {choice.name: choice for choice in found}


def set_choices(text: str, path: str, point: Mapping[str, Value]) -> str:
    """The file with other literals at these names, and no other byte changed. KeyError for a name it does not have,
    UserError for a value that it may not have."""
    choices = read_choices(text, path)
    changed = _written(text, choices, {name: _literal(value) for name, value in point.items()})
    assert point_of(read_choices(changed, path)) == point_of(choices) | dict(point)
    return changed


def rest_of(text: str, path: str) -> str:
    """The file without the values of its choices: what it does besides."""
    choices = read_choices(text, path)
    return _written(text, choices, dict.fromkeys(choices, ""))


def point_of(choices: Mapping[str, Choice]) -> Point:
    """What is chosen."""
    return {name: choice.value for name, choice in choices.items()}


def _written(text: str, choices: Mapping[str, Choice], literals: Mapping[str, str]) -> str:
    lines = text.split("\n")
    for name, literal in literals.items():
        at, start, end = choices[name].span
        line = lines[at].encode()
        lines[at] = (line[:start] + literal.encode() + line[end:]).decode()
    return "\n".join(lines)


def _read_choice(field: ast.AnnAssign, line: str, path: str) -> Choice:
    where = f"{path}:{field.lineno}"
    try:
        value = ast.literal_eval(field.value) if field.value else None
    except ValueError:
        value = None
    if not isinstance(field.target, ast.Name) or not isinstance(value, bool | int | float | str):
        raise UserError(f"{where}: a choice is `name: type = literal` of text, number or bool")
    assert field.value is not None and field.value.end_col_offset is not None
    if field.end_lineno != field.lineno:
        raise UserError(f"{where}: a choice stands on one line")
    comment = line.encode()[field.value.end_col_offset :].decode().partition("#")[2]
    space, condition = _read_comment(comment.partition(";")[0].strip(), value, where)
    return Choice(
        name=field.target.id,
        value=value,
        space=space,
        where=condition,
        span=(field.lineno - 1, field.value.col_offset, field.value.end_col_offset),
    )


def _read_comment(said: str, value: Value, where: str) -> tuple[OneOf | Between | None, tuple[str, str] | None]:
    said, _, condition = (part.strip() for part in said.partition(" where "))
    name, equals, wanted = (part.strip() for part in condition.partition("="))
    if condition and not (name.isidentifier() and equals and wanted):
        raise UserError(f"{where}: `where {condition}` wants the form `where name = value`")
    space: OneOf | Between | None = None
    if match := _RANGE.fullmatch(said):
        low, high, step = (None if each is None else _number(each) for each in match.group(1, 2, 3))
        assert low is not None and high is not None
        if isinstance(value, float):
            low, high = float(low), float(high)
        space = Between(low=low, high=high, step=step, log=match[4] is not None)
        whole = all(isinstance(each, int) for each in (value, low, high, step or 1))
        bad = low >= high or (space.log and low <= 0) or (step is not None and step <= 0)
        if bad or whole is not isinstance(value, int):
            raise UserError(f"{where}: {said}: no range of values like {value!r}")
    elif isinstance(value, bool):
        space = OneOf(values=(False, True))
    elif "|" in said:
        space = OneOf(values=tuple(_value(each.strip(), value, where) for each in said.split("|")))
    if space and not space.holds(value):
        raise UserError(f"{where}: {value!r} is not among what its comment allows ({said})")
    return space, (name, wanted) if condition else None


def _number(text: str) -> int | float:
    return float(text) if any(mark in text for mark in ".eE") else int(text)


def _value(text: str, like: Value, where: str) -> Value:
    """A word of a comment, as a value of the same type as another."""
    try:
        return text if isinstance(like, str) else type(like)(text)
    except ValueError:
        raise UserError(f"{where}: {text!r} is no value like {like!r}") from None


def _literal(value: Value) -> str:
    return f'"{value}"' if isinstance(value, str) and value.isidentifier() else repr(value)
