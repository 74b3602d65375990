"""A suite's file as plain data: what an evaluation asks, and what a mix can be kept clear of.

A suite is YAML or JSON: keys such as `name` and `cases`, or a list of cases and nothing else. `tests` is another name
of `cases`. A suite that `extends` another comes back with that one's cases before its own, and templates come back as
the cases that they make. JSON lines are cases where the first has a `prompt` or `messages`, and minimal pairs
otherwise; a text file is a text to be predicted.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from espalier.artifacts.paths import repo_root
from espalier.command_line import complaints, yaml_text
from espalier.command_line.config import resolve_path
from espalier.errors import UserError
from espalier.suite_templates import Template, expand

_KEYS = ("cases", "tests", "templates", "pairs", "texts", "extends", "heldout", "withheld")
"""Each of them makes a mapping a suite."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteFile:
    """What a suite's file says, and those that it stands on."""

    path: Path
    """The file."""
    data: dict[str, Any]
    """Keys and values, not checked yet. `pairs` and `texts` are absolute paths; there are no templates."""
    files: tuple[Path, ...]
    """Itself, and those that it extends."""
    of_texts: tuple[Path, ...]
    """The files with its pairs and texts."""


def suites_folder() -> Path:
    """Where the suites lie that come with Espalier."""
    return repo_root() / "evaluation" / "suites"


def builtin_suites() -> list[str]:
    """Their names."""
    return sorted(path.stem for path in suites_folder().glob("*.yaml"))


def find_suite(choice: str, beside: Path | None = None) -> Path:
    """The file that a builtin's name, or a path relative to the folder `beside`, means. UserError for neither."""
    if choice in builtin_suites():
        return suites_folder() / f"{choice}.yaml"
    path = (beside or Path()) / Path(choice).expanduser()
    if not path.is_file():
        near = difflib.get_close_matches(choice, builtin_suites(), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UserError(f"no suite {choice!r}: neither a file nor one of {', '.join(builtin_suites())}{hint}")
    return path


def is_suite(path: Path) -> bool:
    """Whether a file is a suite's by its kind, or, where records may be in it, by its keys."""
    if path.suffix.lower() != ".json":
        return path.suffix.lower() in (".yaml", ".yml")
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and any(key in data for key in _KEYS)


def read_suite(path: Path) -> SuiteFile:
    """What a suite's file says. UserError where it cannot be read, extends itself, or has a template of no use."""
    data, files = _read(path, ())
    of_texts = tuple(Path(each) for key in ("pairs", "texts") for each in _listed(data, key) if isinstance(each, str))
    return SuiteFile(path=path, data=data, files=tuple(files), of_texts=of_texts)


def _read(path: Path, extended_by: tuple[Path, ...]) -> tuple[dict[str, Any], list[Path]]:
    """The data of a file and of those it extends, and these files."""
    data = _filled(_shaped(_parsed(path), path), path)
    for key in ("pairs", "texts"):
        if isinstance(data.get(key), list):
            folder = path.absolute().parent
            data[key] = [str(resolve_path(each, folder)) if isinstance(each, str) else each for each in data[key]]
    if not isinstance(data.get("extends"), str):
        return data, [path]
    base_path = find_suite(data["extends"], path.parent)
    if base_path.resolve() in (*extended_by, path.resolve()):
        raise UserError(f"{path}: extends {data['extends']}, which extends it in turn")
    base, files = _read(base_path, (*extended_by, path.resolve()))
    return _extended(base, data), [path, *files]


def _parsed(path: Path) -> Any:
    """The value of a file, whatever its kind."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    suffix = path.suffix.lower()
    if suffix == ".txt":
        return _likelihoods(path, "texts", "bits_per_byte", "How well does the model predict this text?")
    if suffix == ".jsonl":
        return _of_lines(text, path)
    return _json(text, str(path)) if suffix == ".json" else yaml_text.parse(text, str(path))


def _of_lines(text: str, path: Path) -> Any:
    """JSON lines: cases where the first is one, and minimal pairs otherwise."""
    # Not splitlines: JSON may hold U+2028.
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    values = (_json(line, f"{path}:{number}") for number, line in lines)
    first = next(values, None)
    if isinstance(first, dict) and ("prompt" in first or "messages" in first):
        return [first, *values]
    return _likelihoods(path, "pairs", "prefers_good", "Is the good sentence of each pair the likelier?")


def _likelihoods(path: Path, kind: str, metric: str, description: str) -> dict[str, Any]:
    return {"name": path.stem, "description": description, kind: [path.name], "metrics": [metric]}


def _json(text: str, where: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise UserError(f"{where}: key {twice!r} stands twice")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where}: not JSON ({error})") from None


def _shaped(data: Any, path: Path) -> dict[str, Any]:
    """Any of the forms of a suite as keys and values."""
    if data is None:
        raise UserError(f"{path}: empty; a suite wants a name and cases, or is a list of cases")
    if isinstance(data, list):
        return {"name": path.stem, "cases": data}
    if not isinstance(data, dict):
        raise UserError(f"{path}: a suite is a list of cases, or keys such as name and cases")
    if "tests" not in data:
        return dict(data)
    if "cases" in data:
        raise UserError(f"{path}: has both cases and tests, two names of the same; put all under cases")
    return {"name": path.stem} | {"cases" if key == "tests" else key: value for key, value in data.items()}


def _listed(data: dict[str, Any], key: str) -> list[Any]:
    value = data.get(key, [])
    return value if isinstance(value, list) else []


def _extended(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Cases of the base first, but for those that the suite itself has under the same name."""
    names = {case.get("name") for case in _listed(own, "cases") if isinstance(case, dict)}
    inherited = [case for case in _listed(base, "cases") if not isinstance(case, dict) or case.get("name") not in names]
    merged = base | own
    for key, before in (("cases", inherited), ("pairs", _listed(base, "pairs")), ("texts", _listed(base, "texts"))):
        after = own.get(key, [])
        merged[key] = [*before, *after] if isinstance(after, list) else after
    if isinstance(base.get("generation"), dict) and isinstance(own.get("generation"), dict):
        merged["generation"] = base["generation"] | own["generation"]
    if "metrics" in own and "headline" not in own:
        merged.pop("headline", None)
    return merged


def _filled(data: dict[str, Any], path: Path) -> dict[str, Any]:
    """The suite with its templates made into cases."""
    listed, templates = data.get("cases", []), data.get("templates", [])
    if not templates or not isinstance(templates, list) or not isinstance(listed, list):
        return data
    made = []
    for place, entry in enumerate(templates):
        try:
            made += expand(Template.model_validate(entry), str(path))
        except ValidationError as error:
            where = f"{path}: templates.{place}"
            raise UserError(
                "\n".join(complaints.of_validation(error, Template, entry, where=where, given={}))
            ) from error
    return {key: value for key, value in data.items() if key != "templates"} | {"cases": [*listed, *made]}
