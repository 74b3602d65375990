"""Cases from templates: one text over a grid of parameters. Jinja2, sandboxed: no files, no attributes of Python's."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from espalier.command_line.config import Config
from espalier.errors import UserError

MAX_CASES = 10_000
_MAX_TEXT = 100_000
"""Characters that one product in a template may make."""


class Template(Config):
    """A case with holes in it, and what fills them."""

    name: Annotated[str, Field(min_length=1)]
    """Name of each case, holes and all: `sum-{{ a }}-{{ b }}`."""
    grid: dict[str, list[Any]] = {}
    """Parameters with their values: every combination makes a case."""
    rows: list[dict[str, Any]] = []
    """Or the combinations themselves."""
    case: dict[str, Any]
    """The case, as under `cases`; any text in it may have holes."""

    @model_validator(mode="after")
    def _has_parameters(self) -> Self:
        if bool(self.grid) == bool(self.rows):
            raise ValueError(f"template {self.name!r} wants either a grid or rows")
        empty = [key for key, values in self.grid.items() if not values]
        if empty:
            raise ValueError(f"template {self.name!r}: grid.{empty[0]} has no values")
        return self

    @property
    def combinations(self) -> list[dict[str, Any]]:
        """The parameters of each case."""
        if self.rows:
            return self.rows
        return [dict(zip(self.grid, values, strict=True)) for values in itertools.product(*self.grid.values())]


def expand(template: Template, where: str) -> list[dict[str, Any]]:
    """The cases of a template as plain data. UserError names the template and what is wrong in it."""
    combinations = template.combinations
    if len(combinations) > MAX_CASES:
        raise UserError(
            f"{where}: template {template.name!r} makes {len(combinations):,} cases; {MAX_CASES:,} is the most"
        )
    compiled = cache(_environment().from_string)
    text = {"name": template.name, **template.case}
    return [_fill(text, compiled, parameters, f"{where}: template {template.name!r}") for parameters in combinations]


def _fill(value: Any, compiled: Callable[[str], Any], parameters: dict[str, Any], where: str) -> Any:
    if isinstance(value, dict):
        return {key: _fill(inner, compiled, parameters, where) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fill(inner, compiled, parameters, where) for inner in value]
    if not isinstance(value, str) or "{" not in value:
        return value
    import jinja2

    try:
        return compiled(value).render(parameters)
    except jinja2.TemplateSyntaxError as error:
        raise UserError(f"{where}: {value!r} is no jinja2, line {error.lineno}: {error.message}") from None
    except jinja2.exceptions.SecurityError as error:
        raise UserError(f"{where}: {value!r} asks for what templates may not have: {error}") from None
    except Exception as error:
        known = ", ".join(parameters)
        raise UserError(f"{where}: {value!r} cannot be filled ({error}); its parameters are {known}") from None


def _environment() -> Any:
    import jinja2
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Environment(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset({"*", "**"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            sizes = [len(side) if isinstance(side, str | list | tuple) else abs(side) for side in (left, right)]
            if (operator == "**" and max(sizes) > 1_000) or (operator == "*" and _is_text(left, right, sizes)):
                raise SecurityError(f"{operator} would make too much")
            return super().call_binop(context, operator, left, right)

        def unsafe_undefined(self, obj: Any, attribute: str) -> Any:
            raise SecurityError(f"{attribute} of a {type(obj).__name__}")

    return Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)


def _is_text(left: Any, right: Any, sizes: list[int]) -> bool:
    """Whether a product repeats a text or a list beyond what any case needs."""
    return any(isinstance(side, str | list | tuple) for side in (left, right)) and sizes[0] * sizes[1] > _MAX_TEXT
