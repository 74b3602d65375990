"""Which keys a configuration has: a walk over pydantic models, for flags, help and error messages."""

import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined, to_jsonable_python

_SEQUENCES = (list, tuple, set, frozenset)
_NAMES = {
    int: ("INT", "a whole number"),
    float: ("NUMBER", "a number"),
    bool: ("BOOL", "true or false"),
    str: ("TEXT", "text"),
    Path: ("PATH", "a path"),
    type(None): ("null", "null"),
}


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key of a configuration, such as `optim.lr` or `sources.N.path`."""

    path: str
    """The key, dotted; N stands for any index, KEY for any name."""
    kinds: tuple[Any, ...]
    """The types its value may have."""
    default: Any
    """Its default as plain data; PydanticUndefined where it must be given."""
    description: str
    """What it means, from the docstring under the field."""


def kinds_of(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of a type: `Annotated` unwrapped, unions flattened."""
    if get_origin(annotation) is Annotated:
        return kinds_of(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(kind for arg in get_args(annotation) for kind in kinds_of(arg))
    return (annotation,)


def is_model(kind: Any) -> bool:
    """Whether a type is a pydantic model, with keys of its own."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def is_sequence(kind: Any) -> bool:
    """Whether a type is a list or tuple, whose entries have index keys."""
    return (get_origin(kind) or kind) in _SEQUENCES


def is_texty(kind: Any) -> bool:
    """Whether a text, as it was typed, can be a value of this type."""
    if get_origin(kind) is Literal:
        return any(isinstance(arg, str) for arg in get_args(kind))
    return kind in (str, Path, Any)


def is_path(value: Any, kinds: tuple[Any, ...]) -> bool:
    """Whether a value where these types are wanted is a path, and none of the words that may stand there too."""
    words = [arg for kind in kinds if get_origin(kind) is Literal for arg in get_args(kind)]
    return isinstance(value, str) and Path in kinds and value not in words


def entry_kinds(kinds: tuple[Any, ...], key: str) -> tuple[Any, ...]:
    """The types of the value under `key` of a value with one of `kinds`; empty: there is no such key."""
    found: list[Any] = []
    for kind in kinds:
        if is_model(kind):
            field = kind.model_fields.get(key)
            found += kinds_of(field.annotation) if field else ()
        elif is_sequence(kind) and key.isdigit():
            args = [arg for arg in get_args(kind) if arg is not Ellipsis]
            found += kinds_of(args[min(int(key), len(args) - 1)] if args else Any)
        elif (get_origin(kind) or kind) is dict:
            found += kinds_of(get_args(kind)[1] if get_args(kind) else Any)
    return tuple(dict.fromkeys(found))


def entry_default(kinds: tuple[Any, ...], key: str) -> Any:
    """The default under `key`, as plain data; None where there is none."""
    for kind in kinds:
        if is_model(kind) and key in kind.model_fields:
            return _default(kind.model_fields[key], None)
    return None


def keys(kinds: tuple[Any, ...], prefix: str = "", defaults: Any = None) -> Iterator[Key]:
    """Every key below a type, those of nested models, lists and unions after their parent's.

    `defaults` is the default of the whole, as plain data, which wins over the defaults of its models' fields.
    """
    seen: set[str] = set()
    for kind in kinds:
        if is_model(kind):
            for name, field in kind.model_fields.items():
                if name in seen:  # the tag of a discriminated union, in each of its members
                    continue
                seen.add(name)
                inner = kinds_of(field.annotation)
                default = _default(field, PydanticUndefined)
                if isinstance(defaults, dict) and name in defaults:
                    default = defaults[name]
                yield Key(
                    path=prefix + name,
                    kinds=inner,
                    default=default,
                    description=" ".join((field.description or "").split()),
                )
                yield from keys(inner, f"{prefix}{name}.", default)
        elif is_sequence(kind):
            yield from keys(tuple(k for arg in get_args(kind) for k in kinds_of(arg)), f"{prefix}N.")
        elif get_origin(kind) is dict:
            yield from keys(kinds_of(get_args(kind)[1]), f"{prefix}KEY.")


def describe(kinds: tuple[Any, ...], *, short: bool) -> str:
    """The types in words ("a whole number or null"), or short as in a help text ("INT|null")."""
    names = []
    for kind in kinds:
        if get_origin(kind) is Literal:
            names += [str(arg) for arg in get_args(kind)]
        elif is_sequence(kind):
            names.append("LIST" if short else "a list")
        elif is_model(kind) or (get_origin(kind) or kind) is dict:
            names.append("KEYS" if short else "a mapping of keys")
        else:
            names.append(_NAMES.get(kind, ("VALUE", "a value"))[0 if short else 1])
    return ("|" if short else " or ").join(dict.fromkeys(names))


def _default(field: Any, otherwise: Any) -> Any:
    value = field.get_default(call_default_factory=True)
    return otherwise if value is PydanticUndefined else to_jsonable_python(value)
