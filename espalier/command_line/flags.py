"""Command-line words to values: `--optim.lr 1e-4`, `--models a b`, `--sources.0.path x`, `--adapter null`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from espalier.command_line import schema, yaml_text
from espalier.errors import UserError

PREFIXES = ("repo:", "data:", "corpora:")
"""What a path in a configuration may begin with, to lie somewhere else than in the current folder."""
_TRUTH = {"true", "false", "yes", "no", "on", "off", "1", "0"}


@dataclass(frozen=True, kw_only=True)
class Flag:
    """One flag as it was typed."""

    text: str
    """The flag itself, `--optim.lr`."""
    path: tuple[str, ...]
    """Its key, one entry per dot."""
    value: Any
    """Its value, as plain data."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """A command line taken apart."""

    flags: list[Flag]
    """The known flags, in order."""
    unknown: list[str]
    """Flags that name no key."""
    problems: list[str]
    """What is wrong with known flags."""
    positionals: list[str]
    """Words that belong to no flag."""


def split(argv: list[str], kinds: tuple[Any, ...]) -> Words:
    """Take `argv` apart by the types of the configuration: a list takes every word up to the next flag, a boolean may
    stand alone, anything else takes one word."""
    words = Words(flags=[], unknown=[], problems=[], positionals=[])
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            words.positionals.append(word)
            continue
        text, equals, inline = word.partition("=")
        path = find(tuple(text[2:].split(".")), kinds)
        if path is None:
            words.unknown.append(text)
            while rest and not rest[0].startswith("--"):
                rest.pop(0)
            continue
        target = kinds_at(kinds, path)
        values = [inline] if equals else _take(rest, target)
        if values:
            words.flags.append(Flag(text=text, path=path, value=_value(values, target)))
        else:
            words.problems.append(f"{text}: wants {schema.describe(target, short=False)} after it")
    return words


def find(path: tuple[str, ...], kinds: tuple[Any, ...]) -> tuple[str, ...] | None:
    """The key that `path` names, `-` standing for `_` as elsewhere on command lines; None where there is none.

    A field that may not be called what its flag is called ends in `_`: `validate_` for `--validate`.
    """
    found: list[str] = []
    for key in path:
        for spelling in (key, key.replace("-", "_"), f"{key}_"):
            inner = schema.entry_kinds(kinds, spelling)
            if inner:
                found.append(spelling)
                kinds = inner
                break
        else:
            return None
    return tuple(found)


def kinds_at(kinds: tuple[Any, ...], path: tuple[str, ...]) -> tuple[Any, ...]:
    """The types of the value at a key."""
    for key in path:
        kinds = schema.entry_kinds(kinds, key)
    return kinds


def assign(data: dict[str, Any], flag: Flag, kinds: tuple[Any, ...]) -> None:
    """Set the flag's value in `data`; what lies between and is not there yet begins as its default."""
    here: Any = data
    for depth, key in enumerate(flag.path):
        last = depth == len(flag.path) - 1
        index: Any = key
        if isinstance(here, list):
            index = int(key)
            if index > len(here):
                raise UserError(f"{flag.text}: the list has {len(here)} entries; the next index is {len(here)}")
            if index == len(here):
                here.append(None)
        elif key not in here:
            here[key] = schema.entry_default(kinds, key)
        kinds = schema.entry_kinds(kinds, key)
        if last:
            here[index] = flag.value
        elif not isinstance(here[index], dict | list):
            here[index] = [] if any(map(schema.is_sequence, kinds)) and flag.path[depth + 1].isdigit() else {}
        here = here[index]


def _take(rest: list[str], kinds: tuple[Any, ...]) -> list[str]:
    """Take from `rest` the words that belong to a flag with these types."""
    many = any(map(schema.is_sequence, kinds))
    values: list[str] = []
    while rest and not rest[0].startswith("--") and (many or not values):
        if kinds == (bool,) and rest[0].lower() not in _TRUTH:
            break
        values.append(rest.pop(0))
    return values or (["true"] if bool in kinds else [])


def _value(words: list[str], kinds: tuple[Any, ...]) -> Any:
    if not any(map(schema.is_sequence, kinds)):
        return _scalar(words[0], kinds)
    if len(words) == 1:
        whole = _scalar(words[0], tuple(kind for kind in kinds if not schema.is_texty(kind)))
        literals = [arg for kind in kinds if get_origin(kind) is Literal for arg in get_args(kind)]
        if (whole is None and type(None) in kinds) or isinstance(whole, list) or whole in literals:
            return whole
    return [_scalar(word, schema.entry_kinds(kinds, str(index))) for index, word in enumerate(words)]


def _scalar(word: str, kinds: tuple[Any, ...]) -> Any:
    """One word as YAML, or as the text it is where only a text can be meant (`--name 007`)."""
    texty = any(map(schema.is_texty, kinds))
    if Path in kinds and word not in ("null", "~"):
        return word if word.startswith(PREFIXES) else str(Path(word).expanduser().absolute())
    try:
        value = yaml_text.parse(word, "command line")
    except UserError:
        return word
    fits = (
        (value is None and type(None) in kinds)
        or (isinstance(value, dict | list) and any(_holds(kind) for kind in kinds))
        or (isinstance(value, bool) and bool in kinds)
        or (isinstance(value, int | float) and not isinstance(value, bool) and {int, float} & set(kinds))
    )  # fmt: skip
    return value if fits or not texty else word


def _holds(kind: Any) -> bool:
    return schema.is_model(kind) or schema.is_sequence(kind) or (get_origin(kind) or kind) is dict
