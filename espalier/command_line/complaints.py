"""What is wrong with a configuration, one line each: where, what, and the nearest name that is right."""

import difflib
from typing import Any

from pydantic import BaseModel, ValidationError

from espalier.command_line import schema
from espalier.command_line.flags import Words, kinds_at

_WRONG_TYPE = ("_type", "_parsing", "_from_float", "_attributes_type")


def of_words(words: Words, kinds: tuple[Any, ...]) -> list[str]:
    """What is wrong with a command line."""
    problems = list(words.problems)
    for text in words.unknown:
        near = nearest(text[2:].replace("-", "_"), kinds)
        problems.append(f"{text}: unknown flag" + (f"; did you mean --{near}?" if near else "; --help lists all"))
    for extra in words.positionals[1:]:
        problems.append(f"{extra}: one configuration file is wanted, and {words.positionals[0]} is given before it")
    return problems


def of_validation(
    error: ValidationError, model: type[BaseModel], data: Any, *, where: str, given: dict[tuple[str, ...], str]
) -> list[str]:
    """What pydantic found wrong, in our words. `given` maps keys to the flags they came from."""
    found: dict[str, list[str]] = {}
    for detail in error.errors(include_url=False):
        path = _key(detail["loc"], data, detail["type"])
        if detail["type"].startswith("union_tag"):  # about the key that says which member of a union is meant
            path += (detail["ctx"]["discriminator"].strip("'"),)
        flag = next((text for key, text in given.items() if path[: len(key)] == key), None)
        name = ".".join(path)
        if flag is not None:
            rest = ".".join(path[flag.count(".") + 1 :])
            place = f"{flag}: {rest}" if rest else flag
        else:
            place = ": ".join(part for part in (where, name) if part)
        found.setdefault(place, []).append(_what(dict(detail), path, model))
    return [
        ": ".join(part for part in (place, "; or ".join(dict.fromkeys(whats))) if part)
        for place, whats in found.items()
    ]


def nearest(name: str, kinds: tuple[Any, ...]) -> str | None:
    """The key nearest to `name`: almost the same, the same last part elsewhere, or a similar spelling."""
    names = [key.path for key in schema.keys(kinds)]
    slips = difflib.get_close_matches(name, names, n=1, cutoff=0.85)
    if slips:
        return slips[0]
    last = name.rpartition(".")[2]
    elsewhere = [known for known in names if known.rpartition(".")[2] == last]
    if elsewhere:
        return elsewhere[0]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
    if not near:
        tails = {known.rpartition(".")[2]: known for known in reversed(names)}
        near = [tails[tail] for tail in difflib.get_close_matches(last, tails, n=1, cutoff=0.7)]
    return near[0] if near else None


def _key(location: tuple[int | str, ...], data: Any, kind: str) -> tuple[str, ...]:
    """A pydantic location as a key: without the names of union members that pydantic puts between."""
    path: list[str] = []
    for depth, part in enumerate(location):
        last = depth == len(location) - 1
        if isinstance(data, dict) and part in data:
            data = data[part]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif not (last and kind == "missing"):
            continue
        path.append(str(part))
    return tuple(path)


def _what(detail: dict[str, Any], path: tuple[str, ...], model: type[BaseModel]) -> str:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    target = kinds_at((model,), path)
    if kind == "extra_forbidden":
        near = nearest(".".join(path), (model,))
        return "unknown key" + (f"; did you mean {near}?" if near else "")
    if kind in ("missing", "union_tag_not_found"):
        described = next((key.description for key in schema.keys((model,)) if key.path == ".".join(path)), "")
        return "missing, and it has no default" + (f" ({described})" if described else "")
    if kind in ("literal_error", "union_tag_invalid"):
        wanted = context.get("expected") or context["expected_tags"].replace(", ", " or ")
        return f"wants {wanted}, not {_short(context.get('tag', value))}"
    if kind.endswith(_WRONG_TYPE) and target:
        quoted = " (put it in quotes)" if kind == "string_type" and isinstance(value, int | float) else ""
        return f"wants {schema.describe(target, short=False)}{quoted}, not {_short(value)}"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return message if kind in ("value_error", "assertion_error") else f"{message}, not {_short(value)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
