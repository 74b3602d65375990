"""The kinds of artifacts, in one table: where each lies, which small files tell of one, and what line says what it is.

A kind is added by its entry in `KINDS`, with a function from what its files say to that line.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from espalier.artifacts import gates
from espalier.artifacts.paths import workspace
from espalier.command_line.console import format_facts

MANIFEST = "manifest.json"
Facts = Mapping[str, Mapping[str, Any]]
"""What small files say, by name; nothing for those that are not there."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of artifact."""

    word: str
    """How one is called, as in `mix:basil`."""
    folder: str
    """Where they lie in the workspace; its first part is how several are called."""
    about: Callable[[Facts], str]
    """One line that says what an artifact is. May raise what comes of data that is not of the form expected."""
    begun: str | None = None
    """The file that is written first, with configuration and parents; None where a folder appears when it is whole."""
    beside: tuple[str, ...] = ()
    """Other files that tell of one: JSON, or JSON lines of which the last counts."""
    config: tuple[str, str] | None = None
    """The file and its key that hold the resolved configuration."""
    summary: str | None = None
    """The manifest's key that holds what came of it; the whole manifest where there is none."""
    parts: tuple[str, ...] = ()
    """Folders inside that can be removed alone, since the next that needs them makes them again."""

    @property
    def several(self) -> str:
        """How several are called, as in `espalier ls mixes`."""
        return self.folder.partition("/")[0]


def of_word(word: str) -> Kind | None:
    """The kind that is called so."""
    return next((kind for kind in KINDS if kind.word == word), None)


def is_artifact(spec: str) -> bool:
    """Whether `spec` names an artifact (`mix:basil`) and nothing else (`hub:…`, `file:…`), be it there or not."""
    return of_word(spec.partition(":")[0]) is not None


def owner(parent: str) -> str:
    """The artifact that a parent is of: of a checkpoint (`run:NAME@step-000100`) or of a path in the workspace; else
    the parent itself."""
    word, _, name = parent.partition(":")
    if is_artifact(parent):
        return f"{word}:{name.partition('@')[0]}"
    return (artifact_at(Path(name)) if word == "path" else None) or parent


def artifact_at(path: Path) -> str | None:
    """`kind:NAME` of the artifact that the absolute `path` of a file or folder leads into; None for other places."""
    place = Path(os.path.normpath(path))
    for kind in KINDS:
        home = workspace() / kind.folder
        if place.is_relative_to(home) and place != home:
            return f"{kind.word}:{place.relative_to(home).parts[0]}"
    return None


def _corpus(facts: Facts) -> str:
    told = facts[MANIFEST] or facts["corpus.json"]
    if "about" in told:
        return str(told["about"])
    if facts[MANIFEST]:
        counts = facts[MANIFEST]["counts"]
        return f"{counts['kept']:,} dialogues of {counts['asked_for']:,} asked for, by {_listed(counts['models'])}"
    return f"dialogues by {facts['corpus.json']['config']['model']}"


def _mix(facts: Facts) -> str:
    manifest = facts[MANIFEST]
    if "splits" not in manifest:
        return ""
    train = manifest["splits"]["train"]
    held_out = sum(found["rows"] for name, found in manifest["splits"].items() if name != "train")
    compared = sum(found["rows"] for found in (manifest.get("preferences") or {}).values())
    parts = [
        f"{train['rows']:,} rows",
        f"{train['tokens']:,} tokens" if train["tokens"] else f"{train['bytes'] / 1e6:.1f} MB",
        f"{held_out:,} rows held out",
        f"{compared:,} preferences" if compared else "",
        _licences(manifest),
    ]
    return ", ".join(filter(None, parts))


def _licences(manifest: Mapping[str, Any]) -> str:
    sources, policy = manifest["sources"], manifest["recipe"]["policy"]
    licences = list(dict.fromkeys(str(source["licence"]) for source in sources))
    named = _listed(licences)
    outside = [source["name"] for source in sources if not source["within_policy"]]
    verdict = f"{policy}: allowed{f' but for {_listed(outside)}' if outside else ''}" if policy else "no policy"
    return f"{named} ({verdict})"


def _run(facts: Facts) -> str:
    last = facts["metrics.jsonl"]
    reached = facts[MANIFEST].get("summary", {}) or last
    numbers = {name: value for name, value in reached.items() if isinstance(value, int | float)}
    ranked = [name for part in ("bits_per_byte", "excess", "loss") for name in numbers if part in name]
    step = last.get("step", facts["heartbeat.json"].get("step"))
    figures = {name: numbers[name] for name in ranked[:3]}
    why = facts["failed.json"].get("reason", "") if not facts[MANIFEST] else ""
    done = format_facts(({"step": int(step)} if step is not None else {}) | figures)
    waits = facts["heartbeat.json"].get("why", "") if not (facts[MANIFEST] or why) else ""
    return "  ".join(filter(None, [_mark(facts), _values(facts), done, why or waits]))


def _values(facts: Facts) -> str:
    """That a run values replies and writes none, and how many held-out pairs it puts in order; empty for any other."""
    if facts["run.json"].get("config", {}).get("objective") != "reward":
        return ""
    found = facts[MANIFEST].get("summary", {}).get("reward", {})
    told = {split: columns.get(found["column"]) for split, columns in found.get("splits", {}).items()}
    shares = [f"{split} {facts['accuracy']['value']:.3f}" for split, facts in told.items() if facts]
    fooled = found.get("fooled_by", [])
    parts = [f"pairs in order: {_listed(shares)}"] * bool(shares)
    parts += [f"fooled by {len(fooled)} of {found.get('families_tried')} families of made replies"] * bool(fooled)
    return ", ".join(["reward model", *parts])


def _mark(facts: Facts) -> str:
    """What a run's gates say against it, as a word in brackets; empty where nothing does, or it has none."""
    held_to = facts[gates.FILE]
    marks = gates.bracketed(mark for mark in gates.MARKS if held_to.get(mark))
    return marks or ("" if held_to.get("passed", True) else "[gates failed]")


def _judge(facts: Facts) -> str:
    manifest, calibration = facts[MANIFEST], facts["calibration.json"]
    parts = []
    if "labels" in manifest:
        parts.append(f"taught by {_listed(each['file'] for each in manifest['labels'])}")
    if not calibration:
        return ", ".join([*parts, "not calibrated"])
    where = f"calibrated on {calibration['replies']:,} replies"
    found = calibration["dimensions"].values()
    if not found:
        return ", ".join([*parts, f"{where}: {len(calibration.get('metrics', {}))} rule metrics against teachers"])
    reliable = sum(bool(each["reliable_for_new_models"]) for each in found)
    return ", ".join([*parts, f"{where}: reliable for new models by {reliable} of {len(found)} dimensions"])


def _scores(facts: Facts) -> str:
    identity, manifest = facts["scores.json"]["identity"], facts[MANIFEST]
    suite = f"{identity['suite']['name']}, {identity['cases']['number']:,} cases"
    headline = manifest.get("headline")
    if not headline:
        return f"{suite}: {_listed(name for name, each in identity['models'].items() if each['kind'] != 'rule')}"
    withheld = ", verdict withheld" if manifest.get("withheld") else ""
    return f"{suite}, {manifest['decides']}: {format_facts(headline)}{withheld}"


def _loop(facts: Facts) -> str:
    told = facts[MANIFEST] or facts["loop.json"]
    if "about" in told:
        return str(told["about"])
    config, rounds = facts["loop.json"]["config"], facts[MANIFEST].get("rounds", [])
    if not rounds:
        return f"from {config['start']}, refreshed by {config['refresh']}"
    last = rounds[-1]
    figures = {name: last[name]["value"] for name in ("kl", "proxy_gain", "true_gain") if last[name]}
    gamed = gates.bracketed(["gamed"] if last["gamed"] else [])
    return "  ".join(filter(None, [gamed, f"{len(rounds)} rounds, {last['policy']}: {format_facts(figures)}"]))


def _export(facts: Facts) -> str:
    manifest = facts[MANIFEST]
    size = sum(each["bytes"] for each in manifest["files"].values())
    form = " ".join(filter(None, [manifest["to"], manifest.get("quant")]))
    return f"{form}, {size / 1e6:,.1f} MB, {verification(facts)}"


def verification(facts: Facts) -> str:
    """What the checks of an export said, from its `verification.json`: `findings`, a list, each with the name of its
    `check`, whether it `passed`, and `figures`, which say why one is `not_checked`."""
    findings = facts["verification.json"].get("findings", [])
    if not findings:
        return "not verified"
    failed = [each["check"] for each in findings if not each["passed"]]
    if failed:
        return f"FAILED {_listed(failed)}"
    unmade = sum("not_checked" in each.get("figures", {}) for each in findings)
    made = len(findings) - unmade
    return (f"verified by {made} checks" if made else "not verified") + (f", {unmade} not checked" if unmade else "")


def _listed(names: Any) -> str:
    names = list(map(str, names))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


KINDS = (
    Kind(
        word="corpus",
        folder="corpora",
        about=_corpus,
        begun="corpus.json",
        config=("corpus.json", "config"),
        summary="counts",
    ),
    Kind(word="mix", folder="mixes", about=_mix, config=(MANIFEST, "recipe"), parts=("packs",)),
    Kind(
        word="run",
        folder="runs",
        about=_run,
        begun="run.json",
        beside=("heartbeat.json", "failed.json", "metrics.jsonl", gates.FILE),
        config=("run.json", "config"),
        summary="summary",
    ),
    Kind(word="judge", folder="judges", about=_judge, beside=("calibration.json",)),
    Kind(word="scores", folder="scores", about=_scores, begun="scores.json", config=("scores.json", "identity")),
    Kind(word="loop", folder="loops", about=_loop, begun="loop.json", config=("loop.json", "config"), summary="rounds"),
    Kind(
        word="export",
        folder="exports/out",
        about=_export,
        beside=("verification.json",),
        config=(MANIFEST, "config"),
    ),
)
"""In the order in which one is made from another."""
