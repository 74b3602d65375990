"""By what a local model's prompts are rendered and its replies written: a part of every key, so that mending the one or
the other has models asked again, and never serves what was answered before.

Nothing has to be counted up for it. Code counts by its hash, comments and docstrings apart: every module of ours that
rendering and generating can reach, but for those below, which cannot change a token.
"""

from __future__ import annotations

import datetime
from functools import cache
from importlib import metadata

from espalier.artifacts.code_behind import code_behind
from espalier.command_line.console import say
from espalier.models.loading import info, load_renderer
from espalier.models.references import ModelRef
from evaluation.cache import Cache, key_of

ENTRIES = ("espalier/generation/generate.py", "espalier/generation/likelihood.py", "espalier/models/loading.py")
"""Through these a backend renders, loads and generates."""
CANNOT_CHANGE_A_TOKEN = {
    "espalier/__init__.py",
    "espalier/command_line/console.py",
    "espalier/errors.py",
    "espalier/models/hashes.py",
    "espalier/artifacts/paths.py",
    "espalier/artifacts/records.py",
    "espalier/models/references.py",
}
"""What says, names, reads and hashes. All else that is reached counts."""
_PACKAGES = ("jinja2", "peft", "tokenizers", "torch", "transformers")
_OF_A_CACHE = key_of(["generators"])


@cache
def generator(backend: str, *more: str) -> str:
    """What renders and generates for the backend in this file of ours: a hash of code, and of packages and `more`."""
    reached = {path: found for entry in ENTRIES for path, found in code_behind(entry).items() if path.endswith(".py")}
    code = {path: found for path, found in reached.items() if path not in CANNOT_CHANGE_A_TOKEN}
    packages = {name: _version(name) for name in (*_PACKAGES, *more)}
    return key_of([code, code_behind(backend)[backend], packages])


def renderer(ref: ModelRef, template: str | None, *, by: str, trust_remote_code: bool = False) -> str:
    """The identity of the model's renderer: tokenizer, template, and how and when that is used.

    Loading a tokenizer takes seconds, so it is remembered, for as long as what renders is the same: `by` is what
    `generator` gave. UserError where there is none, or none that fits the model.
    """
    said = info(ref.path)
    decides = [ref.content_hash, template, said.get("thinking"), said.get("template_hash"), by]
    key = key_of(["renderer", *decides])
    today = datetime.date.today().isoformat()
    with Cache() as cache:
        known = cache.get([key]).get(key)
        if known is None or known["date"] not in (None, said.get("date") or today):
            found = load_renderer(ref, template, trust_remote_code=trust_remote_code)
            date = found.template.date.isoformat() if found.template.is_dated else None
            known = {"identity": found.identity, "date": date}
            cache.put([(key, known)])
    return str(known["identity"])


def tell_of_change(cache: Cache, generators: dict[str, str]) -> None:
    """Says, once, where replies that are kept cannot be used any more. `generators`: by engine, what generates now."""
    if not generators:
        return
    known = cache.get([_OF_A_CACHE]).get(_OF_A_CACHE)
    changed = any(known.get(engine, now) != now for engine, now in generators.items()) if known else cache.has_replies
    if changed:
        say(
            f"note: {cache.path}: what renders prompts and writes replies has changed since it was filled; models on "
            "this machine are asked again, and what endpoints, people and judges said is used"
        )
    if known is None or known | generators != known:
        cache.put([(_OF_A_CACHE, (known or {}) | generators)])


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
