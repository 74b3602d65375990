"""What --models and --judges can be told: each form of a reference is opened by the file that knows what it names.

    @opens("openai:NAME@URL", "a model behind any OpenAI-compatible endpoint")
    def endpoint_model(reference, given): ...

What is written in capitals stands for anything; NAME alone is whatever no other form is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from espalier.errors import UserError

_ANYTHING = "NAME"


@dataclass(frozen=True, kw_only=True, slots=True)
class Opener:
    """One form of a reference, and what opens it."""

    form: str
    """How it is written: `rule:copy`, `openai:NAME@URL`, `NAME`."""
    what: str
    """What it names, in a reader's words."""
    open: Callable[..., Any]
    """From the reference, and what else is at hand, to the thing itself."""

    @property
    def kind(self) -> str:
        """What stands before the colon."""
        return self.form.partition(":")[0]

    @property
    def is_open(self) -> bool:
        """Whether anything may stand behind the colon."""
        return self.form.partition(":")[2].isupper()


def opens(form: str, what: str) -> Callable[[Callable[..., Any]], Opener]:
    """Makes an opener of a function."""
    return lambda function: Opener(form=form, what=what, open=function)


def is_opener(value: Any) -> bool:
    """Whether a module's value is one, for `espalier.discover`."""
    return isinstance(value, Opener)


def choose(openers: Iterable[Opener], reference: str) -> Opener:
    """The opener of `reference`. UserError where its kind is known and it is none of it."""
    by_form = {each.form: each for each in openers}
    kind = reference.partition(":")[0]
    of_kind = [each for each in by_form.values() if each.kind == kind]
    found = by_form.get(reference) or next((each for each in of_kind if each.is_open), None)
    if found is None and of_kind:
        raise UserError(f"no {kind} {reference!r}; there are {', '.join(each.form for each in of_kind)}")
    return found or by_form[_ANYTHING]
