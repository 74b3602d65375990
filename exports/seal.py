"""Where an export lies, whether its place is free, and what completes it: record of the checks, card, manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from espalier.artifacts import records
from espalier.artifacts.identity import differences, versions
from espalier.artifacts.paths import artifact
from espalier.artifacts.run import timestamp
from espalier.command_line.config import to_dict
from espalier.errors import UserError
from espalier.models.references import ModelRef
from exports import card
from exports.config import DEFAULT_QUANT, ExportConfig, ExportOptions, default_name
from exports.exported import PLACE, VERIFICATION, Exported, Finding


def name_of(config: ExportConfig, run: ModelRef) -> str:
    """The export's name, as it was chosen or as it is made of the model's."""
    called = Path(run.name.removesuffix("/final")).name if run.kind == "path" else run.name
    return config.name or default_name(called, config.to, config.quant or DEFAULT_QUANT[config.to])


def is_done(name: str, config: ExportConfig, run: ModelRef, options: ExportOptions) -> bool:
    """Whether this very export is complete. UserError where another lies in its place, unless it may be replaced."""
    folder = artifact(PLACE, name)
    if options.redo or not folder.exists():
        return False
    before = records.read_manifest(folder) or {}
    now = _asked(config, run)
    changed = differences({key: before.get(key) for key in now}, now)
    if changed:
        raise UserError(
            f"export {name} exists, made otherwise ({'; '.join(changed)}): choose another --name, or --redo replaces it"
        )
    records.verify_manifest(folder)
    return True


def _asked(config: ExportConfig, run: ModelRef) -> dict[str, Any]:
    return {"config": to_dict(config), "parents": {run.spec: run.content_hash}}


def seal(exported: Exported, findings: list[Finding], options: ExportOptions) -> None:
    """Complete an export: what the checks found, its card, and last its manifest."""
    records.write_json(exported.folder / VERIFICATION, {"findings": [each.facts for each in findings]})
    card.write(exported, findings)
    made_in = options.made_in(exported.name)
    facts = {
        "kind": "export",
        "name": exported.name,
        **_asked(exported.config, exported.run),
        **({"round": made_in.facts} if made_in else {}),
        "to": exported.to,
        "quant": exported.quant,
        "finished": timestamp(),
        "packages": versions(),
        "sampling": to_dict(exported.sampling),
    }
    # What it says is its identity; what was found out about it, and the words of its card, may be had anew.
    records.write_manifest(exported.folder, facts, content=_content(exported))


def _content(exported: Exported) -> tuple[str, ...]:
    beside = {VERIFICATION, card.NAME}
    return tuple(
        name for path in exported.files if (name := path.relative_to(exported.folder).as_posix()) not in beside
    )
