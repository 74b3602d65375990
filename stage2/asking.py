"""The evaluator asked on behalf of a variant, by its own command, and what its scores say."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from espalier.artifacts import records
from espalier.artifacts.gates import Change
from espalier.artifacts.paths import artifact
from espalier.command_line.console import say
from espalier.command_line.subcommand import run_command
from espalier.errors import UserError
from espalier.suite_file import find_suite
from stage2.config import Stage2Config

EVALUATE = "evaluation/run.py"
_GATE_FAILED = 1
_REFUSED = 2
"""The exit code of whatever a command refuses, scores that compare something else among it."""


def names(config: Stage2Config) -> tuple[str, str]:
    """What the evaluator calls parent and variant."""
    if config.parent:
        return config.parent, config.name
    return (Path(str(config.base)).name if Path(str(config.base)).is_dir() else str(config.base)), config.name


def parent_of(config: Stage2Config) -> str:
    """The parent as the evaluator is given it."""
    return f"run:{config.parent}" if config.parent else str(config.base)


def gates_on(config: Stage2Config, suite: str) -> list[str]:
    """The conditions that are on a suite."""
    return [condition for on, condition in config.conditions if on == suite]


def scores_name(config: Stage2Config, suite: str, end: str = "") -> str:
    """Where the scores of a variant on a suite lie. UserError for a name too long for both."""
    return artifact("scores", f"{config.name}-{Path(suite).stem}{end}").name


def check_askable(config: Stage2Config) -> None:
    """UserError where there is no such suite, or where the evaluator refuses one or a gate on it.

    Before training: nobody should wait for a model that is then asked nothing.
    """
    suites = [*config.suites, *config.core_suites]
    for suite in suites:
        find_suite(suite)
        scores_name(config, suite, "-siblings")
    for suite in suites:
        gates = gates_on(config, suite)
        if gates and run_command(EVALUATE, "--validate", suite, "--models", *names(config), "--gate", *gates):
            raise UserError(f"gates: those on {suite} are refused, for the reason given above")


def evaluate(
    config: Stage2Config, suite: str, name: str, models: list[str], gates: list[str], *, publish: bool
) -> list[str]:
    """Have the first of the models compared with the others on a suite; the gates that do not hold.

    UserError where the evaluator cannot do it.
    """
    folder = artifact("scores", name)
    outcomes = folder.parent / f".{name}.gates.xml"
    words = ["--models", *models, "--suite", suite, "--name", name]
    words += ["--device", config.device, "--dtype", config.dtype]
    words += ["--load_in_4bit"] * config.load_in_4bit + ["--trust_remote_code"] * config.trust_remote_code
    words += ["--limit", str(config.gate_limit)] if config.gate_limit else []
    words += ["--chat_template", config.chat_template] if config.chat_template else []
    words += ["--gate", *gates, "--junit", str(outcomes)] if gates else []
    words += [] if publish else ["--publish", "false"]
    say(f"\nheld to {suite}: python {EVALUATE} {' '.join(words)}")
    outcomes.unlink(missing_ok=True)  # of a process that was killed
    try:
        before = _begun_before(folder, config)
        code = run_command(EVALUATE, *words)
        if code == _REFUSED and before:
            # Of other weights or settings. Replies come from the cache all the same, so that no model is asked a word.
            say(f"what stands in {folder} is of other models or settings: scored again")
            code = run_command(EVALUATE, *words, "--redo")
        # A gate that does not hold is in the file; without one, 1 is the code of a traceback.
        failed = _failed(outcomes) if code == _GATE_FAILED and outcomes.exists() else []
        if code and not failed:
            raise UserError(
                f"variant {config.name} is trained, but could not be held to {suite}, for the reason given above; the "
                "same command goes on from here"
            )
        return [f"{suite}: gate {each}" for each in failed]
    finally:
        outcomes.unlink(missing_ok=True)


def _begun_before(folder: Path, config: Stage2Config) -> bool:
    """Whether scores of this name were begun before: of a parent, a suite or settings that may have been others.

    UserError where they are not of this variant, and so no gate's.
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


def change(scores: str, model: str, *, beside: str, allowed: float | None = None) -> Change | None:
    """The paired difference of a model and the baseline on the column that decides; None where it compares nothing."""
    summary = records.read_json(artifact("scores", scores) / "summary.json")
    column = summary["decides"]
    first, other = (summary["contestants"][name]["metrics"][column] for name in (beside, model))
    compared = other["against_baseline"]
    if not compared or summary["better"] == "neither":
        return None
    sign = -1 if summary["better"] == "lower" else 1
    found = compared["difference"]
    low, high = sorted((sign * found["low"], sign * found["high"]))
    return Change(
        column=column,
        parent=first["overall"]["value"],
        variant=other["overall"]["value"],
        difference=sign * found["value"],
        low=low,
        high=high,
        allowed=allowed,
        cases=found["num_cases"],
    )


def withheld(scores: str) -> str:
    """Why the evaluator withholds its verdict: what made replies to win do as well; empty where it does not."""
    manifest = records.read_manifest(artifact("scores", scores)) or {}
    return str(manifest.get("withheld", ""))
