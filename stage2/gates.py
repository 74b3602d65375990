"""What a variant is held to: its suites and its parent's are run by the evaluator, and the mark says what came of it.

The rule for a core suite is that of trials which have to show that something is no worse (a margin of non-inferiority,
ICH E9 and E10): the variant has kept what its parent could if the whole 95 % interval of the paired difference on the
deciding column lies above the loss that is allowed. Not the estimate decides, which luck may raise; nor whether the
difference excludes zero, which a suite of few cases never lets it do. What is not shown to be kept is marked regressed,
and the reason says whether it was lost, or whether the cases are too few to tell.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from espalier.artifacts.gates import SETTINGS, Change, Gates, read_gates, write_gates
from espalier.artifacts.paths import artifact, workspace
from espalier.artifacts.run import recorded
from espalier.command_line.config import to_dict
from espalier.command_line.console import say
from espalier.memory.runlog import note
from stage2 import asking
from stage2.config import Stage2Config


def hold(config: Stage2Config, *, publish: bool = True) -> int:
    """Hold a trained variant to its gates, unless that was done; returns 0 where it passed and 1 where not.

    What came of it is noted in the written memory, unless `publish` is false. UserError where the evaluator cannot ask
    it: the variant is then trained, and not marked.
    """
    folder = artifact("runs", config.name)
    asked = {key: to_dict(config)[key] for key in SETTINGS}
    found = read_gates(folder)
    if found is None or found.asked != asked:
        found = _marked(config, asked, publish)
        write_gates(folder, found)
    _tell(config, found)
    if publish:
        verdict = "passed" if found.passed else "REGRESSED" if found.regressed else "FAILED"
        figures = "; ".join(filter(None, [verdict, *found.reasons, _said(found)]))
        note(f"run:{config.name}", what="gates", figures=figures)
    return int(not found.passed)


def _marked(config: Stage2Config, asked: dict[str, Any], publish: bool) -> Gates:
    scores: dict[str, str] = {}
    changes: dict[str, Change] = {}
    reasons: list[str] = []
    regressed = False
    parent, ours = asking.names(config)
    for suite in (*config.suites, *config.core_suites):
        scores[suite] = asking.scores_name(config, suite)
        both = [asking.parent_of(config), f"run:{ours}"]
        gates = asking.gates_on(config, suite)
        reasons += asking.evaluate(config, suite, scores[suite], both, gates, publish=publish)
        allowed = config.may_lose if suite in config.core_suites else None
        change = asking.change(scores[suite], ours, beside=parent, allowed=allowed)
        if change is not None:
            changes[suite] = change
        if allowed is not None and (why := lost(suite, change, asking.withheld(scores[suite]))):
            regressed = True
            reasons.append(why)
    return Gates(
        passed=not reasons,
        regressed=regressed,
        reasons=reasons,
        scores=scores,
        changes=changes,
        siblings=_beside_siblings(config, publish),
        asked=asked,
    )


def _beside_siblings(config: Stage2Config, publish: bool) -> dict[str, dict[str, Change]]:
    """How the variant does on its own suites beside those branches of its parent that are there by now."""
    siblings = _siblings(config) if config.parent else []
    found: dict[str, dict[str, Change]] = {}
    for suite in config.suites if siblings else []:
        name = asking.scores_name(config, suite, "-siblings")
        asking.evaluate(config, suite, name, [f"run:{run}" for run in (config.name, *siblings)], [], publish=publish)
        beside = {run: asking.change(name, run, beside=config.name) for run in siblings}
        found[suite] = {run: _turned(change) for run, change in beside.items() if change is not None}
    return found


def _siblings(config: Stage2Config) -> list[str]:
    """Complete runs that Stage 2 made from the same parent."""
    found = []
    for path in sorted(workspace().glob("runs/*/manifest.json")):
        said = recorded(path.parent.name)
        ours = said["command"] == "stage2/train.py" and said["config"].get("parent") == config.parent
        if ours and path.parent.name != config.name:
            found.append(path.parent.name)
    return found


def _turned(change: Change) -> Change:
    """What was the sibling's gain over the variant as the variant's over the sibling."""
    return replace(
        change,
        parent=change.variant,
        variant=change.parent,
        difference=-change.difference,
        low=-change.high,
        high=-change.low,
    )


def lost(suite: str, change: Change | None, withheld: str) -> str:
    """Why a core suite does not show that the variant kept what its parent could; empty where it does."""
    if change is None:
        return (
            f"{suite}: parent and variant could not be compared on what decides there, so nothing is shown to be kept"
        )
    assert change.allowed is not None
    kept = change.low >= -change.allowed
    if kept and withheld:
        return f"{suite}: not shown to be kept, for {change.column} shows nothing here: {withheld}"
    if kept:
        return ""
    figures = (
        f"{change.column} {change.parent:.3g} to {change.variant:.3g}, {change.difference:+.3f} "
        f"({change.low:+.3f} to {change.high:+.3f}) on {change.cases:,} cases; {change.allowed:g} may be lost"
    )
    if change.high < 0:
        return f"{suite}: lost: {figures}"
    return f"{suite}: not shown to be kept: {figures}. More cases would tell, or may_lose allows more"


def _tell(config: Stage2Config, gates: Gates) -> None:
    for suite, beside in gates.siblings.items():
        for sibling, change in beside.items():
            say(f"    {suite}, beside {sibling}: {change.difference:+.3f} ({change.low:+.3f} to {change.high:+.3f})")
    if gates.passed:
        say(f"variant {config.name} passed: {_said(gates)}")
        return
    for reason in gates.reasons:
        say(f"    {reason}")
    mark = "REGRESSED; exports/run.py refuses it without --force" if gates.regressed else "a gate FAILED"
    say(f"variant {config.name}: {mark} ({artifact('runs', config.name) / 'gates.json'})")


def _said(gates: Gates) -> str:
    return ", ".join(
        f"{suite} {change.difference:+.3f} ({change.low:+.3f} to {change.high:+.3f})"
        for suite, change in gates.changes.items()
    )
