"""`espalier ls`, `show` and `tree`: what there is, what one artifact is, and what was made from what."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from espalier.artifacts import gates, records, registry
from espalier.artifacts.kinds import KINDS, Kind, of_word, owner
from espalier.artifacts.lineage import ancestors, change, children
from espalier.artifacts.paths import workspace
from espalier.artifacts.registry import Artifact
from espalier.command_line import console, tree, yaml_text
from espalier.errors import UserError
from espalier.signals.store import FILE, SignalStore

_LONGEST = 160
_LONGEST_TEXT = 1000
"""Characters of what a manifest says that are shown in a table, and in a line of its own."""
_NOT_SHOWN = {"kind", "name", "parents", "files", "content_hash", "made_with", "code", "heldout", "round", "finished"}
_MOST_ENTRIES, _MOST_ALARMS = 20, 10


def list_artifacts(words: Sequence[str]) -> None:
    """A line for each artifact of the kinds named (`runs`, `mix`), or of all."""
    kinds = [_kind(word) for word in words] or list(KINDS)
    found = registry.survey(kinds)
    if not found:
        places = ", ".join(kind.folder for kind in kinds)
        begin = (
            "python stage1/train.py makes the first mix and runs" if len(kinds) > 1 else "the README says what makes it"
        )
        console.say(f"nothing yet in {workspace()} ({places}); {begin}")
        return
    rounds = any(each.round for each in found)
    first = kinds[0].word if len(kinds) == 1 else "artifact"
    headers = [first, "state", "made from", *(["round"] if rounds else []), "what it is"]
    console.table(headers, [_row(each, alone=len(kinds) == 1, rounds=rounds) for each in found])


def _row(each: Artifact, *, alone: bool, rounds: bool) -> list[str]:
    made_in = [f"{each.round.loop} {each.round.number}" if each.round else ""] if rounds else []
    cells = [each.name if alone else each.spec, each.state, _parents(each), *made_in, each.about]
    return [console.printable(cell, most=_LONGEST) for cell in cells]


def _parents(each: Artifact) -> str:
    if each.parents is None:
        return "?" if each.state == "complete" else ""
    names = list(each.parents)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "-"


def _kind(word: str) -> Kind:
    for kind in KINDS:
        if word in (kind.word, kind.several):
            return kind
    raise UserError(f"no kind of artifact is called {word!r}; there are {', '.join(kind.several for kind in KINDS)}")


def choose(name: str, among: Iterable[Artifact]) -> Artifact:
    """The artifact that `NAME` or `kind:NAME` names. UserError where there is none, or one of each of several kinds."""
    known = list(among)
    found = [each for each in known if name in (each.name, each.spec)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(f"several are called {name}: say which, {' or '.join(each.spec for each in found)}")
    names = {text: each.spec for each in known for text in (each.name, each.spec)}
    near = dict.fromkeys(names[text] for text in difflib.get_close_matches(name, names, n=3))
    kind = of_word(name.partition(":")[0])
    hint = f"did you mean {' or '.join(near)}?" if near else "espalier ls lists what there is"
    what, called = (kind.word, name.partition(":")[2]) if kind else ("artifact", name)
    raise UserError(f"no {what} is called {console.printable(called)}; {hint}")


def show(name: str, *, config: bool) -> None:
    """All about one artifact; or its resolved configuration as YAML, and nothing else."""
    known = {each.spec: each for each in registry.survey()}
    found = choose(name, known.values())
    if config:
        console.say(yaml_text.dump(_config(found)).rstrip())
        return
    _section(f"{found.kind.word.capitalize()} {console.printable(found.name)}", _head(found))
    parents = found.parents or {}
    _section("Made from", {parent: _standing(parent, digest, known) for parent, digest in parents.items()})
    further = [spec for spec in ancestors(found.spec, known) if spec not in found.made_of]
    _section("And that from", {spec: _standing(spec, "", known) for spec in further})
    _section("Descendants", {each.spec: each.about for each in children(found.spec, known.values())})
    for part in found.kind.parts:
        sizes = {entry.name: f"{records.folder_bytes(entry) / 1e6:,.1f} MB" for entry in _entries(found.folder / part)}
        _section(f"{part.capitalize()} (espalier rm {found.spec}/{part} clears them)", sizes)
    try:
        _details(found)
    except registry.NOT_OF_THE_FORM as error:
        console.say(f"(what else its files say is of another form: {type(error).__name__})")


def _details(found: Artifact) -> None:
    """What it was made under, what came of it, its files."""
    environment = dict(_mapping(found.identity.get("environment")))
    packages = _mapping(environment.pop("packages", None))
    seeds = {"seeds": console.format_facts(_mapping(found.identity.get("seeds"))) or None}
    if environment:
        _section("Environment", {**environment, "packages": " ".join(f"{k}={v}" for k, v in packages.items()), **seeds})
    for again in found.identity.get("continued", []):
        _section(f"Continued {again['at']} under other conditions", dict.fromkeys(again["changed"], ""))
    came_of_it = found.manifest.get(found.kind.summary or "", found.manifest)
    if isinstance(came_of_it, list):  # rounds, of which the last is what it came to
        came_of_it = came_of_it[-1] if came_of_it else {}
    left_out = _NOT_SHOWN | set(found.kind.config or ())
    _section("Summary", _scalars({key: value for key, value in came_of_it.items() if key not in left_out}))
    _section("Last metrics", {} if found.manifest else _scalars(found.facts.get("metrics.jsonl", {})))
    _section("Gates", _gates(found))
    _section(f"Alarms (espalier signals {found.name} shows all)", _alarms(found))
    files = _mapping(found.manifest.get("files"))
    _section("Files", {name: f"{entry['bytes']:,} bytes" for name, entry in files.items()})


def _alarms(found: Artifact) -> dict[str, Any]:
    """The last of what a run's monitors raised; nothing where it was not watched, or found sound."""
    if not (found.folder / FILE).exists():
        return {}
    try:
        with SignalStore.read(found.folder) as store:
            alarms = store.events(who="run", what="alarm")
    except UserError as error:
        return {"signals": str(error)}
    said = [
        (each, f"{each.evidence.get('severity', '')}, {each.evidence.get('monitor', '')}: {each.said}")
        for each in alarms
    ]
    return {f"step {each.step:,}": text for each, text in said[-_MOST_ALARMS:]}


def _gates(found: Artifact) -> dict[str, Any]:
    """What a variant was held to, and what became of it; nothing for what was held to nothing."""
    try:
        held_to = gates.read_gates(found.folder) if found.kind.word == "run" else None
    except UserError as error:
        return {"verdict": str(error)}
    if held_to is None:
        return {}
    changes = {
        f"{suite}: {each.column}": f"{console.format_value(each.parent)} to {console.format_value(each.variant)}, "
        f"{each.difference:+.3g} ({each.low:+.3g} to {each.high:+.3g})"
        + ("" if each.allowed is None else f", loss allowed {console.format_value(each.allowed)}")
        for suite, each in held_to.changes.items()
    }
    verdict = "passed" if held_to.passed else "; ".join(held_to.reasons)
    marked = f"{', '.join(held_to.marks)}: " if held_to.marks else ""
    return {"verdict": marked + verdict, **changes, "exploits": "; ".join(held_to.exploits) or None}


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _head(found: Artifact) -> dict[str, Any]:
    made_in = found.round and f"{found.round.number} of the loop {found.round.loop}, as its {found.round.part}"
    silent = found.silent_s if not found.manifest else None
    digest = found.manifest.get("content_hash")
    return {
        "state": found.state,
        "what it is": found.about or None,
        "folder": found.folder,
        "round": made_in,
        "created": found.created or None,
        "command": found.identity.get("command"),
        "last heard of": f"{silent:.0f} s ago" if silent is not None else None,
        "content": digest[:12] if isinstance(digest, str) else None,
        "evaluator": _mapping(found.identity.get("evaluator")).get("pin"),
    }


def _config(found: Artifact) -> Any:
    file, key = found.kind.config or ("", "")
    config = found.facts.get(file, {}).get(key)
    if config is None:
        raise UserError(f"{found.spec} keeps no configuration")
    return config


def _standing(parent: str, digest: str, known: Mapping[str, Artifact]) -> str:
    changed = change(parent, digest, known)
    if changed:
        return "gone" if changed == "gone" else "has changed since"
    there = known.get(owner(parent))
    return there.about if there else ""


def draw(name: str | None) -> None:
    """The tree of all artifacts, or of the ancestors and descendants of one."""
    known = {each.spec: each for each in registry.survey() if not each.is_leftover and each.state != "foreign"}
    around = choose(name, known.values()).spec if name else None
    try:
        "└──◀".encode(sys.stdout.encoding or "ascii")
        boxes = True
    except (UnicodeEncodeError, LookupError):
        boxes = False
    for line in tree.draw(known, around=around, boxes=boxes):
        console.say(line)
    if not known:
        console.say(f"nothing yet in {workspace()}")


def _section(title: str, facts: Mapping[str, Any]) -> None:
    """A heading and aligned lines; nothing where there are no facts."""
    known = {console.printable(str(name), most=_LONGEST): value for name, value in facts.items() if value is not None}
    if known:
        console.say(f"{title}\n")
        width = max(map(len, known))
        for name, value in known.items():
            text = console.format_value(
                console.printable(value, most=_LONGEST_TEXT) if isinstance(value, str) else value
            )
            console.say(f"  {name.ljust(width)}  {text}".rstrip())
        console.say()


def _scalars(facts: Any, prefix: str = "") -> dict[str, Any]:
    """The values of nested facts under dotted names; of lists the first."""
    entries = enumerate(facts[:_MOST_ENTRIES]) if isinstance(facts, list) else facts.items()
    found: dict[str, Any] = {}
    for name, value in entries:
        if isinstance(value, dict | list):
            found |= _scalars(value, f"{prefix}{name}.")
        elif isinstance(value, str | int | float):
            found[f"{prefix}{name}"] = value
    return found


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
