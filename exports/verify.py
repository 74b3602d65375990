"""Prove that an export, or a model that is served, is what was trained.

    python exports/verify.py EXPORT [--suites recast]
    python exports/verify.py --endpoint URL NAME [--model NAME_THERE] [--any_key VALUE ...]

The first compares the export's files with their hashes and makes all its checks again; with
--suites the evaluator asks it and the run the same cases. The run has to be there too. The second asks any server that
speaks OpenAI's form (Ollama, llama.cpp, vLLM, espalier serve) and holds its greedy answers against the run or export
NAME. Exit code 1 where something differs.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from typing import TYPE_CHECKING

from espalier.command_line.config import load
from espalier.command_line.console import say, table
from espalier.errors import UserError, run_main
from exports.config import VerifyConfig

if TYPE_CHECKING:
    from exports.exported import Finding

COMMAND = "exports/verify.py"
_SERVED = 64
"""How many conversations a server is asked, where nobody says."""


def main(argv: list[str]) -> int:
    config, _ = load(VerifyConfig, named(argv), prog=f"python {COMMAND}", doc=__doc__, first="name")
    findings = served(config) if config.endpoint else again(config)
    rows = [[each.check, each.verdict, each.asked, each.said] for each in findings]
    table(["check", "", "asked", "found"], rows)
    return 0 if all(each.passed for each in findings) else 1


def named(argv: list[str]) -> list[str]:
    """The words with the name under its flag, where it stands behind the URL."""
    if len(argv) > 2 and argv[0] == "--endpoint" and not argv[2].startswith("-"):
        return [*argv[:2], "--name", *argv[2:]]
    return argv


def again(config: VerifyConfig) -> "list[Finding]":
    """All checks of an export, once more. UserError where a file of it changed, or no suite can be asked of it."""
    from exports.checks import suite, verify
    from exports.checks.engine import is_installed
    from exports.checks.opened import NO_ENGINE, one_export
    from exports.config import ExportOptions
    from exports.exported import open_export

    exported = open_export(config.name, config.prompts)
    if config.suites and exported.to not in ("gguf", "ollama"):
        raise UserError(f"--suites: {exported.name} has no GGUF to be asked; export it with --to gguf")
    if config.suites and not is_installed():
        raise UserError(f"--suites: {NO_ENGINE}")
    say(f"export {exported.name}: its files are as they were made; {exported.run.spec} is as it was")
    with one_export():
        return verify(exported, ExportOptions()) + [suite.check(exported, name) for name in config.suites]


def served(config: VerifyConfig) -> "list[Finding]":
    """What a server's answers show of a run, or of what an export was made of."""
    from espalier.artifacts import records
    from espalier.artifacts.paths import artifact, check_name
    from espalier.endpoints.client import warnings
    from exports.checks import endpoint
    from exports.checks.trained import Trained
    from exports.config import ExportConfig
    from exports.exported import PLACE, Exported, find_run, open_export

    settings = config.at_endpoint
    for warning in warnings(settings):
        say(warning)
    if (
        ":" not in config.name
        and "/" not in config.name
        and records.is_complete(artifact(PLACE, check_name(config.name)))
    ):
        exported = open_export(config.name)
    else:
        asked = ExportConfig(run=config.name, to="merged", chat_template=config.chat_template)
        run, renderer = find_run(asked)
        exported = Exported(name="served", config=asked, folder=run.path, run=run, renderer=renderer)
    say(f"{settings.model} at {settings.endpoint}, held against {exported.run.spec}")
    return endpoint.check(Trained(exported), settings, prompts=config.prompts or _SERVED, at_least=config.at_least)


if __name__ == "__main__":
    run_main(main)
