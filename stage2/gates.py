"""What a variant is held to: its suites and its parent's are run by the evaluator, and the mark says what came of it.

The rule for a core suite is that of trials which have to show that something is no worse (a margin of non-inferiority,
ICH E9 and E10): the variant has kept what its parent could if the whole 95 % interval of the paired difference on the
deciding column lies above the loss that is allowed. Not the estimate decides, which luck may raise; nor whether the
difference excludes zero, which a suite of few cases never lets it do. What is not shown to be kept is marked regressed,
and the reason says whether it was lost, or whether the cases are too few to tell.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from espalier.artifacts import records
from espalier.artifacts.gates import Change, Gates, read_gates, write_gates
from espalier.artifacts.paths import artifact
from espalier.command_line.config import to_dict
from espalier.command_line.console import say
from espalier.command_line.subcommand import run_command
from espalier.errors import UserError
from espalier.memory.runlog import note
from espalier.suite_file import find_suite
from stage2.config import Stage2Config

EVALUATE = "evaluation/run.py"
_ASKED = ("suites", "core_suites", "gates", "may_lose", "gate_limit")
_GATE_FAILED = 1


def check_askable(config: Stage2Config) -> None:
    """UserError where there is no such suite, or where the evaluator refuses one or a gate on it.

    Before training: nobody should wait for a model that is then asked nothing.
    """
    for suite in _suites(config):
        find_suite(suite)
        scores_name(config, suite)
    for suite in _suites(config):
        gates = _gates_on(config, suite)
        if gates and run_command(EVALUATE, "--validate", suite, "--models", *_names(config), "--gate", *gates):
            raise UserError(f"gates: those on {suite} are refused, for the reason given above")


def hold(config: Stage2Config, *, publish: bool = True) -> int:
    """Hold a trained variant to its gates, unless that was done; returns 0 where it passed and 1 where not.

    What came of it is noted in the written memory, unless `publish` is false. UserError where the evaluator cannot ask
    it: the variant is then trained, and not marked.
    """
    folder = artifact("runs", config.name)
    asked = {key: to_dict(config)[key] for key in _ASKED}
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
    for suite in _suites(config):
        scores[suite] = scores_name(config, suite)
        reasons += _evaluate(config, suite, scores[suite], publish)
        allowed = config.may_lose if suite in config.core_suites else None
        change = _change(config, artifact("scores", scores[suite]), allowed)
        if change is not None:
            changes[suite] = change
        if allowed is not None and (lost := _lost(suite, change, _withheld(scores[suite]))):
            regressed = True
            reasons.append(lost)
    return Gates(passed=not reasons, regressed=regressed, reasons=reasons, scores=scores, changes=changes, asked=asked)


def _evaluate(config: Stage2Config, suite: str, name: str, publish: bool) -> list[str]:
    """Have the evaluator compare parent and variant on a suite; the gates that do not hold."""
    folder = artifact("scores", name)
    outcomes = folder.parent / f".{name}.gates.xml"
    gates = _gates_on(config, suite)
    words = ["--models", _parent(config), f"run:{config.name}", "--suite", suite, "--name", name]
    words += ["--device", config.device, "--dtype", config.dtype]
    words += ["--load_in_4bit"] * config.load_in_4bit + ["--trust_remote_code"] * config.trust_remote_code
    words += ["--limit", str(config.gate_limit)] if config.gate_limit else []
    words += ["--chat_template", config.chat_template] if config.chat_template else []
    words += ["--gate", *gates, "--junit", str(outcomes)] if gates else []
    words += ["--redo"] * _begun_before(folder, config)
    words += [] if publish else ["--publish", "false"]
    say(f"\nheld to {suite}: python {EVALUATE} {' '.join(words)}")
    try:
        code = run_command(EVALUATE, *words)
        if code not in (0, _GATE_FAILED):
            raise UserError(
                f"variant {config.name} is trained, but could not be held to {suite}, for the reason given above; the "
                "same command goes on from here"
            )
        return [f"{suite}: gate {failed}" for failed in _failed(outcomes)] if code else []
    finally:
        outcomes.unlink(missing_ok=True)


def _begun_before(folder: Path, config: Stage2Config) -> bool:
    """Whether scores of this name were begun before: of a parent, a suite or settings that may have been others.

    They are made again, which costs no model a word: replies are kept by who gave them. UserError where they are of
    other models, and so no gate's.
    """
    if not (folder / "scores.json").exists():
        return False
    if f"run:{config.name}" not in records.read_json(folder / "scores.json")["parents"]:
        raise UserError(f"{folder}: scores of other models stand where those of {config.name} belong; move them away")
    return True


def _failed(outcomes: Path) -> list[str]:
    """What the evaluator's JUnit file says of the gates that do not hold."""
    tests = ElementTree.fromstring(outcomes.read_text(encoding="utf-8")).iterfind("testsuite[@name='gates']/testcase")
    found = [(test.get("name"), test.find("failure")) for test in tests]
    return [f"{name} does not hold ({failure.get('message')})" for name, failure in found if failure is not None]


def _change(config: Stage2Config, folder: Path, allowed: float | None) -> Change | None:
    """The paired difference on the column that decides; None where it compares nothing."""
    summary = records.read_json(folder / "summary.json")
    column = summary["decides"]
    parent, variant = (summary["contestants"][name]["metrics"][column] for name in _names(config))
    compared = variant["against_baseline"]
    if not compared or summary["better"] == "neither":
        return None
    sign = -1 if summary["better"] == "lower" else 1
    found = compared["difference"]
    low, high = sorted((sign * found["low"], sign * found["high"]))
    return Change(
        column=column,
        parent=parent["overall"]["value"],
        variant=variant["overall"]["value"],
        difference=sign * found["value"],
        low=low,
        high=high,
        allowed=allowed,
        cases=found["num_cases"],
    )


def _names(config: Stage2Config) -> tuple[str, str]:
    """What the evaluator calls parent and variant."""
    origin = config.parent or str(config.base)
    return (Path(origin).name if Path(origin).is_dir() and not config.parent else origin), config.name


def _withheld(scores: str) -> str:
    """Why the evaluator withholds its verdict: what made replies to win do as well; empty where it does not."""
    manifest = records.read_manifest(artifact("scores", scores)) or {}
    return str(manifest.get("withheld", ""))


def _lost(suite: str, change: Change | None, withheld: str) -> str:
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


def _suites(config: Stage2Config) -> list[str]:
    return [*config.suites, *config.core_suites]


def _gates_on(config: Stage2Config, suite: str) -> list[str]:
    return [condition for on, condition in config.conditions if on == suite]


def _parent(config: Stage2Config) -> str:
    return f"run:{config.parent}" if config.parent else str(config.base)


def scores_name(config: Stage2Config, suite: str) -> str:
    """Where the scores of a variant on a suite lie. UserError for a name too long for both."""
    return artifact("scores", f"{config.name}-{Path(suite).stem}").name
