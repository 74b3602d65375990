"""A run at its steps: the checkpoints that are kept, and what it ended in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from espalier.artifacts import records
from espalier.artifacts.paths import artifact
from espalier.artifacts.run import saved_config
from espalier.errors import UserError
from espalier.models.devices import choose_device, choose_dtype
from espalier.models.loading import load_base, load_model, load_renderer, resolve
from espalier.signals.store import FILE, SignalStore
from espalier.text.chat import ChatRenderer
from espalier.text.chat_template import read_template
from training.checkpoint import list_checkpoints
from training.probing.record import ProbePicture


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """A model at a step of its training."""

    label: str
    """As it is shown: `step 2,000`, or the model's name where it has no steps."""
    reference: str
    """What `resolve` knows it by."""
    step: int | None = None
    """None for a model that is no run."""
    random: bool = False
    """Whether its weights are forgotten, and random ones are in their place."""


def moments(name: str, steps: Sequence[int] = ()) -> list[Moment]:
    """The steps of a run that can be looked at, earliest first, or those of them that are asked for; of another model,
    itself. UserError for steps that are not kept, with those that are."""
    found = resolve(name, unfinished=True)
    if found.kind != "run":
        if steps:
            raise UserError(f"{found.spec} is no run, so it has no steps; leave --step out")
        return [Moment(label=found.name.rpartition("/")[2], reference=found.spec)]
    run, _, checkpoint = found.name.partition("@")
    kept = _kept(run)
    if "@" in name:
        kept = {step: reference for step, reference in kept.items() if reference == f"run:{run}@{checkpoint}"}
    missing = [step for step in steps if step not in kept]
    if missing:
        there = ", ".join(f"{step:,}" for step in kept)
        raise UserError(f"run {run} keeps no checkpoint of step {missing[0]:,}; there are {there or 'none'}")
    return [
        Moment(label=f"step {step:,}", reference=reference, step=step)
        for step, reference in kept.items()
        if not steps or step in steps
    ]


def _kept(run: str) -> dict[int, str]:
    """Step -> reference, earliest first."""
    folder = artifact("runs", run)
    kept = {
        int(path.name.removeprefix("step-")): f"run:{run}@{path.name}"
        for path in list_checkpoints(folder / "checkpoints")
        if re.fullmatch(r"step-\d+", path.name)
    }
    manifest = records.read_manifest(folder)
    if manifest:
        kept[int(manifest["summary"]["steps"])] = f"run:{run}"
    return dict(sorted(kept.items()))


def is_of_chats(name: str) -> bool:
    """Whether a model learned chats; one that is no run is taken to continue text."""
    found = resolve(name, unfinished=True)
    return found.kind == "run" and saved_config(found.name.partition("@")[0]).get("rows") != "text"


def opened(moment: Moment, *, device: str, chat_template: str | None) -> tuple[Any, ChatRenderer]:
    """The model of a moment, and its renderer."""
    reference = resolve(moment.reference)
    renderer = load_renderer(reference, read_template(chat_template) if chat_template else None)
    place = choose_device(device)
    dtype = choose_dtype("auto", place) if place != "cpu" else torch.float32
    if moment.random:
        return load_base(replace(reference, random_seed=0), device=place, dtype=dtype), renderer
    return load_model(reference, device=place, dtype=dtype), renderer


def watched_pictures(name: str, what: str) -> dict[int, ProbePicture]:
    """Step -> what a run measured of itself while it was trained; empty where it did not, or is no run."""
    found = resolve(name, unfinished=True)
    folder = artifact("runs", found.name.partition("@")[0]) if found.kind == "run" else None
    if folder is None or not (folder / FILE).is_file():
        return {}
    with SignalStore.read(folder) as store:
        return {each.step: each.value for each in store.pictures(what)}
