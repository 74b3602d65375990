"""What another model, the reference, gives every token that a pack of preferences trains: asked once, and kept.

The reference is what the run begins as (`start`), or a model by name. What it gave is kept beside the pack, under the
hash of all that decides it, and checked when it is found again. Where it is the start, it is asked of the very model
that is about to be trained, by the same computation, and held against it before the first step: the loss of a pair is
then ln 2, or the run would be trained against something else than it says.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from data_mix.packing.pack import Pack
from espalier.artifacts import records
from espalier.artifacts.run import Run
from espalier.command_line import processes
from espalier.command_line.console import say
from espalier.errors import UserError
from espalier.models import loading
from espalier.models.devices import give_back_memory
from espalier.models.references import ModelRef, resolve
from espalier.text.chat import ChatRenderer
from training.asking import ask, margins
from training.batches import Batches
from training.config import START, TrainConfig
from training.machine import Machine
from training.packing_check import check_rows_apart
from training.together import gathered, on_main
from training.vocabulary_check import check_vocabulary

VERSION = 1
"""Of what is asked; counted up when the same model would be told to give something else."""
_SAME, _SAME_IN_16_BITS = 1e-6, 1e-3
"""How far the loss of a pair may lie from ln 2 before the first step."""
_KEPT = "references"
FILE = "reference.json"
"""What a run was compared with, and what the loss of a pair was before its first step."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A reference of a run."""

    extra: str
    """What an objective finds it by in `batch.extras`."""
    model: ModelRef | None
    """The model; None for a start from random weights."""
    is_start: bool
    """Whether it is the run itself before its first step."""

    @property
    def spec(self) -> str:
        """What it is called in a report."""
        named = self.model.spec if self.model else "random weights"
        return f"{named}, where the run begins" if self.is_start else named


def references_of(config: TrainConfig, base: ModelRef | None) -> list[Reference]:
    """Those that the run's objective asks for. UserError for a model that is not there."""
    found = []
    for extra, name in config.compared_with.items():
        model = base if name == START else resolve(name, with_code=config.trust_remote_code)
        same = model is not None and base is not None and model.content_hash == base.content_hash
        is_start = name == START or (same and config.init == "weights")
        found.append(Reference(extra=extra, model=base if is_start else model, is_start=is_start))
    return found


def parents_of(config: TrainConfig, base: ModelRef | None) -> dict[str, str]:
    """The references that are other models, with content hashes."""
    found = references_of(config, base)
    return {each.model.spec: each.model.content_hash for each in found if each.model and not each.is_start}


def compare_with_others(
    config: TrainConfig,
    base: ModelRef | None,
    renderer: ChatRenderer,
    packs: Mapping[str, Pack],
    run: Run,
    machine: Machine,
) -> None:
    """Give the packs what references say that are other models: each is loaded where it was not asked before."""
    for reference in references_of(config, base):
        if not reference.is_start:
            kept = _Kept(reference, config, packs, run)
            if not all(gathered(kept.take())):
                kept.ask_other(config, renderer, machine)


def compare_with_start(
    config: TrainConfig, base: ModelRef | None, model: Any, packs: Mapping[str, Pack], run: Run, accelerator: Any
) -> None:
    """Give the packs what the run gives them before its first step, which is what `model` is."""
    for reference in references_of(config, base):
        if reference.is_start:
            if processes.sharded():
                raise UserError(
                    f"preference.{reference.extra}: what the run begins as is asked whole, and here its weights are "
                    "parted (FSDP); name it as a model, or train a copy in each process"
                )
            kept = _Kept(reference, config, packs, run)
            if not all(gathered(kept.take())):
                kept.ask(model, config, accelerator)


class _Kept:
    """What a reference gives to the packs of a run, in a folder of theirs, or nothing yet."""

    def __init__(self, reference: Reference, config: TrainConfig, packs: Mapping[str, Pack], run: Run) -> None:
        self._reference, self._packs = reference, packs
        self._facts = _facts(reference, config, packs, run)
        digest = hashlib.sha256(json.dumps(self._facts, sort_keys=True).encode()).hexdigest()
        self._folder = packs["train"].folder.parent / _KEPT / digest[:16]

    def take(self) -> bool:
        """Give the packs what is kept; False where nothing is, or it is not whole, so that it has to be asked."""
        try:
            manifest = records.verify_manifest(self._folder)
        except UserError:
            return False
        if manifest["made_by"] != self._facts:
            return False
        for split, pack in self._packs.items():
            pack.references[self._reference.extra] = np.load(self._folder / f"{split}.npy", mmap_mode="r")
        say(f"reference ({self._reference.spec}): what it gives is found beside the pack")
        return True

    def ask(self, model: Any, config: TrainConfig, accelerator: Any) -> None:
        """Ask `model`, which is the reference; what it gives is kept for the next run that is compared with it."""
        say(f"reference ({self._reference.spec}): asked once for what it gives")
        for split, pack in self._packs.items():
            given = ask(model, pack, batch_size=config.micro_batch_size, accelerator=accelerator, label=split)
            if not np.isfinite(given).all():
                raise UserError(f"reference {self._reference.spec}: what it gives to {split} is no number")
            pack.references[self._reference.extra] = given
        on_main(self._keep)

    def ask_other(self, config: TrainConfig, renderer: ChatRenderer, machine: Machine) -> None:
        """Load the reference, another model than the run's, ask it, and let it go.

        UserError where it reads other tokens, or is asked in another format, than the model compared with it.
        """
        reference = self._reference.model
        assert reference is not None
        self._check_alike(renderer, config)
        model = loading.load_model(
            reference,
            device=machine.device,
            dtype=machine.dtype,
            load_in_4bit=config.load_in_4bit,
            trust_remote_code=config.trust_remote_code,
        )
        check_vocabulary(model, renderer, self._packs, {})
        check_rows_apart(model, config.seq_len)
        self.ask(model.requires_grad_(False), config, machine.accelerator)
        del model
        give_back_memory()

    def _check_alike(self, renderer: ChatRenderer, config: TrainConfig) -> None:
        model = self._reference.model
        assert model is not None
        own = loading.load_renderer(
            model,
            None if _has_template(model) else renderer.template.text,
            thinking=config.thinking,
            trust_remote_code=config.trust_remote_code,
        )
        for what, mine, theirs in (
            ("tokenizer", renderer.tokenizer_hash, own.tokenizer_hash),
            ("chat template", renderer.template_hash, own.template_hash),
        ):
            if mine != theirs:
                raise UserError(
                    f"preference.{self._reference.extra}: {model.spec} has another {what} than the model that is "
                    "trained, so what both give a reply cannot be compared; choose one that descends from the same base"
                )

    def _keep(self) -> None:
        with records.staging(self._folder, replace=True) as temporary:
            for split, pack in self._packs.items():
                np.save(temporary / f"{split}.npy", pack.references[self._reference.extra], allow_pickle=False)
            records.write_manifest(temporary, {"kind": "reference", "made_by": self._facts})


def _has_template(model: ModelRef) -> bool:
    from transformers import AutoTokenizer

    folder = model.path
    if not (folder / "tokenizer_config.json").exists():
        folder = loading.base_of(model).path
    return bool(AutoTokenizer.from_pretrained(folder).chat_template)


def check_start(
    config: TrainConfig, base: ModelRef | None, model: Any, batches: Batches, run: Run, machine: Machine
) -> None:
    """Write down what the run is compared with; where that is its start, only if the loss of a pair is ln 2 there.

    That is the mean over the pairs, or replies, of a step. UserError where it is another.
    """
    found = references_of(config, base)
    if not found:
        return
    assert config.preference is not None
    told: dict[str, Any] = {each.extra: {"model": each.spec, "is_start": each.is_start} for each in found}
    for each in found:
        apart = [margin for batch in batches(0) for margin in margins(model, batch, each.extra, machine.accelerator)]
        losses = np.logaddexp(0, -config.preference.beta * np.array(apart))
        loss = float(losses.mean()) if apart else math.log(2)
        told[each.extra]["loss_at_start"] = loss
        allowed = _SAME if machine.dtype == torch.float32 else _SAME_IN_16_BITS
        if each.is_start and abs(loss - math.log(2)) > allowed:
            raise UserError(
                f"before the first step the loss of a pair is {loss:.8f} and not ln 2: what is kept of the reference "
                f"is not what the run begins as; remove the folder {_KEPT} of the pack, and begin again"
            )
    on_main(lambda: records.write_json(run.folder / FILE, told))


def told(run: Run) -> dict[str, Any]:
    """What a run was compared with, as it wrote before its first step; empty for one that is compared with nothing."""
    path = run.folder / FILE
    return dict(records.read_json(path)) if path.exists() else {}


def _facts(reference: Reference, config: TrainConfig, packs: Mapping[str, Pack], run: Run) -> dict[str, Any]:
    """All that decides what a reference gives."""
    begun = records.read_json(run.folder / "run.json")
    own: dict[str, Any] = {"memory.head_in_4bit": config.memory.head_in_4bit}
    if reference.is_start:
        keys = ("growth", "adapter", "seed", "init", "memory", "model")
        own = {key: begun["config"].get(key) for key in keys}
    return {
        "version": VERSION,
        "pack": records.read_json(packs["train"].folder.parent / records.MANIFEST)["content_hash"],
        "model": None if reference.model is None else [reference.model.content_hash, reference.model.random_seed],
        "is_start": reference.is_start,
        "dtype": config.dtype,
        "load_in_4bit": config.load_in_4bit,
        "micro_batch_size": config.micro_batch_size,
        "environment": begun["environment"],
        **own,
    }
