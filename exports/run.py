"""Export a model, and prove that the export is what was trained.

    python exports/run.py NAME --to merged|gguf|ollama|adapter [--quant q8_0] [--any_key VALUE ...]

The export lies in exports/out/NAME-FORM-QUANT/, with its model card and what the checks found (verification.json).
One that fails a check is not written.
"""

import signal
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from typing import TYPE_CHECKING

from espalier.command_line.config import load
from espalier.command_line.console import say
from espalier.errors import UserError, run_main
from exports.config import ExportConfig, ExportOptions

if TYPE_CHECKING:
    from exports.exported import Finding

COMMAND = "exports/run.py"


def main(argv: list[str]) -> int:
    if argv and not argv[0].startswith("-") and not argv[0].endswith(".yaml"):
        argv = ["--run", *argv]
    config, options = load(ExportConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=ExportOptions)
    return export(config, options)


def export(config: ExportConfig, options: ExportOptions) -> int:
    """Make, check and seal the export that `config` describes; returns the exit code."""
    from espalier.artifacts import records
    from espalier.artifacts.paths import artifact
    from exports.checks import verify
    from exports.exported import PLACE, Exported, find_run, refuse_regressed
    from exports.seal import is_done, name_of, seal
    from exports.writing import WRITERS, check_installed

    check_installed(config.to)
    run, renderer = find_run(config)
    refuse_regressed(run, options)
    name = name_of(config, run)
    folder = artifact(PLACE, name)
    if is_done(name, config, run, options):
        say(f"export {name} is already complete: {folder}")
        return note_if_wanted(name, options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that nothing half-written stays
    say(f"export {name}: {run.spec} to {config.to}")
    with records.staging(folder, replace=options.redo) as staged:
        exported = Exported(name=name, config=config, folder=staged, run=run, renderer=renderer)
        WRITERS[config.to](exported)
        findings = verify(exported, options)
        tell(findings)
        seal(exported, findings, options)
    say(f"complete: {folder}")
    return note_if_wanted(name, options)


def note_if_wanted(name: str, options: ExportOptions) -> int:
    """Note the complete export in the written memory, once, unless that is not wanted; returns the exit code."""
    from espalier.memory.runlog import note

    if options.publish:
        note(f"export:{name}")
    return 0


def tell(findings: "list[Finding]") -> None:
    """Say what the checks found. UserError where one failed, naming it."""
    from espalier.command_line.console import table

    if findings:
        rows = [[each.check, "passed" if each.passed else "FAILED", each.asked, each.said] for each in findings]
        table(["check", "", "asked", "found"], rows)
    failed = [f"{each.check}: {each.said}" for each in findings if not each.passed]
    if failed:
        raise UserError("\n".join([*failed, "the export is not what was trained, and is not written"]))


if __name__ == "__main__":
    run_main(main)
