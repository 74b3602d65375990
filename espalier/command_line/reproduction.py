"""`espalier reproduce NAME`: is what its manifest says made again, to the same bytes?"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from espalier.artifacts import records, registry
from espalier.artifacts.comparison import compare_file
from espalier.artifacts.registry import Artifact
from espalier.artifacts.remaking import check_parents, link_ancestors, recipe_of
from espalier.command_line.console import printable, say
from espalier.command_line.listing import choose
from espalier.command_line.subcommand import run_command
from espalier.errors import UserError


def reproduce(name: str, *, home: Path | None, anyway: bool) -> int:
    """Make an artifact again from its parents as they are, and compare; returns 0 where its content is the same, 1
    where it is not, else the exit code of the command that failed.

    It is made in `home`, which stays, so that the same command goes on there; in a temporary one by default. UserError,
    before anything is made, where it cannot be, where a parent has changed, where `home` is where the first one lies,
    and where code, packages or machine are others than then, unless `anyway`; and where a second one that is there
    already has changed since it was made.
    """
    known = {each.spec: each for each in registry.survey()}
    made = choose(name, known.values())
    recipe = recipe_of(made)
    records.verify_manifest(made.folder)
    check_parents(made, known)
    changed = recipe.conditions(made)
    if changed and not anyway:
        raise UserError(
            f"{made.spec} was made under other conditions, so it need not come out the same ({'; '.join(changed)}): "
            "go back to them, or see all the same what comes out with --allow_changed_environment"
        )
    with _home(home) as place:
        again = place / made.kind.folder / made.name
        _check_apart(made, again)
        link_ancestors(made, place, known)
        if not records.is_complete(again):
            words, script = recipe.prepare(made, place, anyway), recipe.command(made)
            say(f"making {made.spec} again in {place}: python {script} {' '.join(words)}")
            code = run_command(script, *words, home=place)
            if not records.is_complete(again):
                return code or 1
        records.verify_manifest(again)
        return _tell(made, again, changed)


@contextmanager
def _home(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        chosen.mkdir(parents=True, exist_ok=True)
        yield chosen.resolve()
        return
    place = Path(tempfile.mkdtemp(prefix="espalier-reproduce-"))
    try:
        yield place.resolve()
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _check_apart(made: Artifact, again: Path) -> None:
    """UserError where the place to make it again in is its own, or leads there: it would be compared with itself."""
    if again.resolve() == made.folder.resolve():
        raise UserError(f"--home: it is the workspace itself, where {made.spec} lies; name another folder, or none")
    if links := sorted(path.name for path in again.glob("*") if path.is_symlink()):
        raise UserError(
            f"{again}: holds links ({', '.join(links[:3])}), made there because something else descends from "
            f"{made.spec}, and no second {made.spec}; name another --home"
        )


def _tell(made: Artifact, again: Path, changed: list[str]) -> int:
    """Say what is equal and what is not, and what that may come of; returns the exit code."""
    manifest = records.read_manifest(again) or {}
    before, now = str(made.manifest["content_hash"]), str(manifest["content_hash"])
    names = dict.fromkeys([*made.manifest["files"], *manifest["files"]])
    found = {name: compare_file(made.folder / name, again / name) for name in names}
    say()
    for verdict in ("equal", "equal but for clocks", "tells where and when", "differs"):
        for name, (what, how) in found.items():
            if what == verdict:
                say(f"    {printable(name)}: {' '.join(filter(None, [what, how]))}")
    if before == now:
        say(f"{made.spec} comes out the same: content {now[:12]}")
        return 0
    say(f"{made.spec} comes out otherwise: content {before[:12]} before, {now[:12]} now. Why that may be:")
    for line in changed or _unknown(made.identity.get("environment", {})):
        say(f"    {line}")
    return 1


def _unknown(environment: Mapping[str, Any]) -> list[str]:
    if str(environment.get("device", "cpu")) != "cpu":
        return ["nothing that is recorded differs; on a GPU not every kernel adds up in the same order"]
    return ["nothing that is recorded differs: code, packages, processor and threads are those of then"]
