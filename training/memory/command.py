"""`--plan`, `--vram` and `--fit` of a training command."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import psutil

from espalier.artifacts.run import recorded
from espalier.command_line import processes
from espalier.command_line.console import say
from espalier.errors import UserError
from espalier.models import devices, loading
from espalier.models.references import ModelRef
from espalier.text.chat_template import read_template
from training import growth
from training.config import TrainConfig, TrainOptions
from training.memory import table, work
from training.memory.bases import folder_of
from training.memory.fit import Fitting
from training.memory.shapes import shape_of
from training.memory.sizes import vram_bytes

C = TypeVar("C", bound=TrainConfig)

CHOSEN = ("seq_len", "micro_batch_size", "grad_accum", "memory", "load_in_4bit", "heldout")
"""What --fit may choose, beside the optimizer's kind."""


def planned(config: C, options: TrainOptions, described: Any) -> C:
    """Print the plan of a run whose model is `described` by a transformers configuration; what --fit chose.

    UserError where it can be no plan, where --fit finds nothing that fits, and for a card smaller than any plan.
    """
    config = growth.foreseen(config)
    if options.fit and processes.count() > 1:
        raise UserError(
            "--fit: each of several processes would choose for itself; start one with --plan --fit, and give what it "
            "chose to all of them as a configuration"
        )
    if not options.vram:
        devices.check_here(config.device)
    if options.vram and config.device == "cpu":
        raise UserError(f"--vram {options.vram} names a card, but device: cpu computes without one")
    device = "cuda" if options.vram else devices.likely_device(config.device).partition(":")[0]
    if options.fit and not options.plan and device != devices.likely_device(config.device).partition(":")[0]:
        raise UserError(f"--fit --vram {options.vram}: there is no card here to train on; add --plan to see the plan")
    dtype = devices.likely_dtype(config.dtype, device)
    shape = shape_of(described, config.adapter, trust_remote_code=config.trust_remote_code)
    memory, where = _memory(options.vram, config.device, device)
    fitting = Fitting(shape, device=device, dtype=dtype, memory=memory)
    chosen = config
    if options.fit:
        begun = recorded(config.name).get("config")
        if begun:
            chosen = _as_begun(config, begun)
            say(
                f"run {config.name} is there already and goes on with the settings that it was begun with, so --fit "
                f"chooses nothing; to have it choose anew, remove the run first: espalier rm {config.name}"
            )
        else:
            most, why = _most(config, options, shape.max_positions)
            chosen = fitting.choose(config, most)
            table.say_choice(config, chosen, why)
    table.say_plan(fitting.plan(chosen), shape, chosen, dtype)
    table.say_work(shape, chosen, device)
    if processes.count() > 1:
        say(_shared(chosen))
    table.say_verdict(fitting, chosen, where)
    return chosen


def _shared(config: TrainConfig) -> str:
    """What each of the processes does that a launcher has started."""
    number = processes.count()
    parts = f"{config.grad_accum // number} of a step's {config.grad_accum} micro-batches of {config.micro_batch_size}"
    if processes.sharded():
        return f"{number} processes take {parts} each, and hold a part of the weights each (FSDP): less than this table"
    return f"{number} processes take {parts} each, and need the memory of this table each"


def _memory(vram: str | None, named: str, device: str) -> tuple[int, str]:
    """Bytes there are, and where."""
    if vram:
        return vram_bytes(vram), f"a card of {vram}"
    if device == "cpu":
        return psutil.virtual_memory().total, "this machine's memory"
    import torch

    card = torch.cuda.get_device_properties(named if ":" in named else torch.cuda.current_device())
    return card.total_memory, f"the {card.name} here"


def _most(config: TrainConfig, options: TrainOptions, limit: int | None) -> tuple[int, str]:
    """The longest sequences that are of use, and why no longer ones."""
    bounds = []
    if options.max_seq_len:
        bounds.append((options.max_seq_len, f"{options.max_seq_len:,} tokens, as asked for"))
    if limit:
        bounds.append((limit, f"{limit:,} tokens, for which the model is meant"))
    renderer = _renderer(config)
    longest = work.longest_row(config, renderer) if renderer else None
    if longest:
        bounds.append((max(longest, 8), f"{longest:,} tokens, the mix's longest row"))
    if not bounds:
        raise UserError("--fit: nothing says how long sequences are to be; give --max_seq_len")
    return min(bounds)


def _renderer(config: TrainConfig) -> Any:
    """The base's tokenizer where it is here; None for a new model, or a base of which only the configuration is."""
    name = f"run:{config.parent}" if config.parent else config.base
    try:
        folder = folder_of(name) if name else None
        if folder is None:
            return None
        reference = ModelRef(kind="path", name=str(folder), path=Path(folder), content_hash="")
        template = read_template(config.chat_template) if config.chat_template else None
        return loading.load_renderer(reference, template, thinking=config.thinking, to_train=True)
    except UserError:
        return None


def _as_begun(config: C, begun: dict[str, Any]) -> C:
    given = config.model_dump(mode="json") | {key: begun[key] for key in CHOSEN if key in begun}
    given["optim"] = given["optim"] | {"kind": begun["optim"]["kind"]}
    return type(config).model_validate(given)
