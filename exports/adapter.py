"""An adapter export: what was trained alone, as peft opens it, beside its base by name, and how it generates."""

from __future__ import annotations

import shutil

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.models import loading
from espalier.models.adapters import info
from exports.exported import Exported
from exports.merge import generation
from exports.push import placeless


def write(exported: Exported) -> None:
    """Copy the adapter with tokenizer and template; `AutoPeftModelForCausalLM.from_pretrained` opens the folder.

    UserError where what was trained is no single adapter on a plain model, which is all that peft's files can say.
    """
    run = exported.run
    if not (run.path / loading.ADAPTER_WEIGHTS).is_file():
        raise UserError(f"{run.spec} is no adapter, all its weights were trained; export it with --to merged")
    base = loading.base_of(run)
    instead = "peft's files cannot say that; export it with --to merged"
    if base.random_seed is not None:
        raise UserError(f"{run.spec} stands on random weights drawn from seed {base.random_seed}: {instead}")
    if (base.path / "adapter_config.json").exists():
        raise UserError(f"{run.spec} stands on {base.spec}, which is an adapter itself: {instead}")
    said = records.read_json(run.path / "adapter_config.json")
    said["base_model_name_or_path"] = base.name if base.kind == "hub" else str(base.path)
    said["inference_mode"] = True
    records.write_json(exported.folder / "adapter_config.json", said)
    shutil.copyfile(run.path / loading.ADAPTER_WEIGHTS, exported.folder / loading.ADAPTER_WEIGHTS)
    if told := info(run.path):
        # What it went on from is told by its hash alone: unlike its base, nobody has to find it again.
        records.write_json(exported.folder / loading.INFO, told | {"parent": placeless(told.get("parent"))})
    exported.renderer.tokenizer.save_pretrained(exported.folder)
    generation(exported).save_pretrained(exported.folder)  # its base may end replies otherwise
