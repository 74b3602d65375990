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
    from espalier.models.references import ModelRef
    from espalier.text.chat import ChatRenderer
    from exports.exported import Finding

COMMAND = "exports/run.py"


def main(argv: list[str]) -> int:
    config, options = load(
        ExportConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=ExportOptions, first="run"
    )
    return export(config, options)


def export(config: ExportConfig, options: ExportOptions) -> int:
    """Make, check and seal the export that `config` describes; returns the exit code."""
    from espalier.artifacts.paths import artifact
    from exports.exported import PLACE, find_run, refuse_marked
    from exports.push import check_name
    from exports.seal import is_done, name_of
    from exports.writing import check_installed

    check_installed(config.to)
    if options.push is not None:
        check_name(options.push)
    run, renderer = find_run(config)
    refuse_marked(run, options)
    name = name_of(config, run)
    folder = artifact(PLACE, name)
    if is_done(name, config, run, options):
        say(f"export {name} is already complete: {folder}")
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that nothing half-written stays
        say(f"export {name}: {run.spec} to {config.to}")
        make(name, config, options, run, renderer)
        say(f"complete: {folder} (read {folder / 'README.md'})")
    tell_others(name, options)
    return 0


def make(name: str, config: ExportConfig, options: ExportOptions, run: "ModelRef", renderer: "ChatRenderer") -> None:
    """Write it, check it, seal it, and only then give it its name. UserError where it is not what was trained."""
    from espalier.artifacts import records
    from espalier.artifacts.paths import artifact
    from exports.checks import verify
    from exports.exported import PLACE, Exported
    from exports.seal import seal
    from exports.writing import WRITERS

    with records.staging(artifact(PLACE, name), replace=options.redo) as staged:
        exported = Exported(
            name=name, config=config, folder=staged, run=run, renderer=renderer, num_prompts=options.prompts
        )
        WRITERS[config.to](exported)
        say("written; now both sides are asked, which takes its time where models are large (--prompts asks less)")
        findings = verify(exported, options)
        tell(findings)
        seal(exported, findings, options)


def tell_others(name: str, options: ExportOptions) -> None:
    """Note the complete export in the written memory, once, unless that is not wanted; upload it where that is."""
    from espalier.artifacts.paths import artifact
    from espalier.memory.runlog import note
    from exports.exported import PLACE
    from exports.push import push

    if options.publish:
        note(f"export:{name}")
    if options.push is not None:
        say(f"uploaded: {push(artifact(PLACE, name), options.push)}")


def tell(findings: "list[Finding]") -> None:
    """Say what the checks found. UserError where one failed, naming it."""
    from espalier.command_line.console import table

    if findings:
        rows = [[each.check, each.verdict, each.asked, each.said] for each in findings]
        table(["check", "", "asked", "found"], rows)
    failed = [f"{each.check}: {each.said}" for each in findings if not each.passed]
    if failed:
        raise UserError("\n".join([*failed, "the export is not what was trained, and is not written"]))


if __name__ == "__main__":
    run_main(main)
