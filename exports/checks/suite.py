"""A suite of the evaluator, asked of the run and of its export in the engine: what is lost in marks, not in logits."""

from __future__ import annotations

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

    The comparison lies in scores/EXPORT-SUITE, with every reply.
    """
    file = opened(exported).file
    if file is None or not is_installed():
        why = NO_ENGINE if file is not None else f"{exported.to} has no GGUF to be asked"
        return Finding.not_checked(suite, why)
    name = f"{exported.name[:40]}-{suite}"
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
    lost = trained - asked
    said = f"{manifest['decides']} {asked:.3f}, and {trained:.3f} as trained"
    return Finding(
        check=suite,
        passed=lost <= MOST_LOST,
        asked=sum(each["model"] == exported.name for each in records.read_jsonl(folder / "records.jsonl")),
        figures={"trained": trained, "export": asked, "scores": name},
        said=said,
    )
