"""What a mix is made from, and whether the one that lies there was made from the same."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

from data_mix import curriculum
from data_mix.recipe import Recipe, Source
from data_mix.sources import find_files
from espalier import identity, records
from espalier.config import to_dict
from espalier.console import say
from espalier.errors import UserError

_CURRICULUM_LICENCE = "Apache-2.0: written by this project's own grammar"


def made_from(recipe: Recipe) -> dict[str, Any]:
    """All that decides the bytes of a mix: the recipe, the hashes of its files, the code. Raises UserError for a
    source with nothing to read."""
    return {
        "kind": "mix",
        "name": recipe.name,
        "seed": recipe.seed,
        "recipe": to_dict(recipe),
        "sources": [_source(source) for source in recipe.sources],
        "made_with": {
            "pyarrow": metadata.version("pyarrow"),
            "code": {name: identity.code_hashes()[name] for name in ("espalier", "data_mix")},
        },
    }


def held_out(recipe: Recipe) -> dict[str, list[list[str]]] | None:
    """The combinations that no training row of the curriculum holds; None for a mix without it."""
    config = next((source.curriculum for source in recipe.sources if source.curriculum), None)
    if config is None:
        return None
    held = curriculum.heldout(config, recipe.seed)
    return {"pairs": sorted(map(list, held.pairs)), "triples": sorted(map(list, held.triples))}


def is_built(folder: Path, facts: dict[str, Any]) -> bool:
    """Whether the mix in `folder` is complete, whole and made from the same.

    Raises UserError, naming what differs, when it was made from something else or was damaged since. Other code alone
    is no error: most changes to it change no row.
    """
    before = records.read_manifest(folder)
    if before is None:
        return False
    differing = identity.differences(_comparable(before), _comparable(facts))
    if differing:
        raise UserError(
            f"{folder}: was built from something else: {'; '.join(map(_short, differing))}. Choose another --name, or "
            "add --overwrite to replace it"
        )
    try:
        records.verify_manifest(folder)
    except UserError as error:
        raise UserError(f"{error}, with --overwrite") from None
    if before["made_with"] != facts["made_with"]:
        say("note: the code or pyarrow has changed since it was built; --overwrite builds it anew")
    return True


def _source(source: Source) -> dict[str, Any]:
    if source.path is None:
        return {"name": source.label, "licence": _CURRICULUM_LICENCE}
    files, passed_over = find_files(source.path)
    return {
        "name": source.label,
        "licence": source.licence,
        "files": {
            _relative(file, source.path): {"sha256": records.sha256_file(file), "bytes": file.stat().st_size}
            for file in files
        },
        "passed_over": [_relative(file, source.path) for file in passed_over],
    }


def _relative(file: Path, path: Path) -> str:
    return file.name if file == path else file.relative_to(path).as_posix()


def _comparable(facts: dict[str, Any]) -> Any:
    """The recipe, and instead of the sources' paths their files' hashes; lists as mappings, to be compared by entry."""
    files = {
        source["name"]: {name: found["sha256"][:12] for name, found in source.get("files", {}).items()}
        for source in facts["sources"]
    }
    sources = [{key: value for key, value in source.items() if key != "path"} for source in facts["recipe"]["sources"]]
    return {**_indexed(facts["recipe"] | {"sources": sources}), "files of source": files}


def _short(line: str) -> str:
    return line if len(line) <= 200 else f"{line[:197]}..."


def _indexed(value: Any) -> Any:
    if isinstance(value, list):
        value = dict(enumerate(value))
    return {str(key): _indexed(item) for key, item in value.items()} if isinstance(value, dict) else value
