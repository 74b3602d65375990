"""A suite of the evaluator, asked of the run and of its export in the engine: what is lost in marks, not in logits."""

from __future__ import annotations

import hashlib
from pathlib import Path

from espalier.artifacts import records
from espalier.artifacts.paths import artifact
from espalier.command_line.subcommand import run_command
from espalier.errors import UserError
from espalier.models import loading
from exports.checks.engine import Engine, is_installed
from exports.checks.opened import NO_ENGINE, opened
from exports.exported import Exported, Finding

MOST_LOST = 0.01
"""What the suite's deciding column may lose: one point of a hundred."""
_MOST_CONTEXT = 4096


def check(exported: Exported, suite: str) -> Finding:
    """The deciding column of the run and of the export. UserError where the evaluation fails, which says why.

    The comparison lies in scores/EXPORT-SUITE-HASH-export, with every reply. A column that only describes may move by
    as much, whichever way.
    """
    file = opened(exported).file
    if file is None or not is_installed():
        why = NO_ENGINE if file is not None else f"{exported.to} has no GGUF to be asked"
        return Finding.not_checked(suite, why)
    name = scores_name(exported.name, suite)
    with Engine(file, min(loading.context_of(exported.run) or _MOST_CONTEXT, _MOST_CONTEXT)) as engine:
        words = ["--models", exported.run.spec, f"openai:{exported.name}@{engine.url}/v1", "--suite", suite]
        code = run_command(
            "evaluation/run.py", *words, "--name", name, "--controls", "none", "--publish", "false", "--redo"
        )
    if code:
        raise UserError(f"evaluation/run.py ended with code {code}: {suite} was not compared")
    folder = artifact("scores", name)
    manifest = records.read_json(folder / records.MANIFEST)
    trained, asked = manifest["headline"].values()
    better = records.read_json(folder / "summary.json")["better"]
    lost = {"higher": trained - asked, "lower": asked - trained, "neither": abs(trained - asked)}[better]
    said = f"{manifest['decides']} {asked:.3f}, and {trained:.3f} as trained"
    return Finding(
        check=suite,
        passed=lost <= MOST_LOST,
        asked=sum(each["model"] == exported.name for each in records.read_jsonl(folder / "records.jsonl")),
        figures={"trained": trained, "export": asked, "scores": name},
        said=said,
    )


def scores_name(export: str, suite: str) -> str:
    """The scores' own name: no other export's, no other suite's, and none that a run's scores get."""
    digest = hashlib.sha256(f"{export}/{suite}".encode()).hexdigest()[:8]
    return f"{f'{export}-{Path(suite).stem}'[:48]}-{digest}-export"
