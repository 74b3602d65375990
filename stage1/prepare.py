"""What must stand before the loop begins: mix, parent, machine, tokenizer, packs, model, place to go on from."""

from __future__ import annotations

import difflib
import os
import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from data_mix.packing import pack, rendering
from data_mix.recipe import Recipe
from espalier.artifacts import records
from espalier.artifacts.paths import Kind, artifact
from espalier.artifacts.run import Run, recorded_threads
from espalier.command_line.config import load_file
from espalier.command_line.console import say
from espalier.command_line.subcommand import run_command
from espalier.errors import UserError
from espalier.models import compiling, devices
from espalier.models import loading as models
from espalier.models.attention import attend_in_float32
from espalier.text.chat import ChatRenderer
from espalier.text.chat_template import read_template
from espalier.text.rows import read_rows
from stage1.config import TrainConfig, TrainOptions
from stage1.tokenizer import train_tokenizer
from training import adapters as building
from training import checkpoint
from training import rows_apart as apart
from training.threads import choose_threads


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where and how a run computes."""

    accelerator: Any
    """accelerate's Accelerator: device, precision, gradients."""
    device: str
    """cpu or cuda."""
    dtype: torch.dtype
    """What is computed in."""
    threads: int
    """CPU threads."""
    compile: str
    """layers or off."""


def mix(config: TrainConfig) -> Path:
    """The folder of the run's mix, which is built first if it is missing and a recipe says how."""
    folder = artifact("mixes", config.mix)
    if not records.is_complete(folder):
        if config.recipe is None:
            raise UserError(
                f"there is no complete mix {config.mix!r} ({folder}); build it with python data_mix/build.py "
                f"RECIPE.yaml --name {config.mix}, or name a recipe with --recipe"
            )
        builds = load_file(Recipe, config.recipe).name
        if builds != config.mix:
            # Made under another name than its recipe's, a mistyped mix would look like a new one.
            raise UserError(
                f"there is no complete mix {config.mix!r}{_meant(config.mix, 'mixes')}, and the recipe here builds "
                f"{builds!r}; build yours with python data_mix/build.py RECIPE.yaml --name {config.mix}"
            )
        say(f"mix {config.mix} is not there yet: python data_mix/build.py {config.recipe}")
        if run_command("data_mix/build.py", str(config.recipe)):
            raise UserError(f"mix {config.mix} could not be built, for the reason given above")
    return folder


def parent(config: TrainConfig, options: TrainOptions) -> int:
    """Train the parent, by its own command, if it is not complete and a configuration says how; returns its exit code.

    In this process it would leave behind what is global to one: threads, precision, compiled code.
    """
    if not config.parent or records.is_complete(artifact("runs", config.parent)):
        return 0
    if config.parent_config is None:
        raise UserError(
            f"there is no complete run {config.parent!r}{_meant(config.parent, 'runs')}; train it first, or name its "
            "--parent_config"
        )
    upbringing = load_file(TrainConfig, config.parent_config)
    if upbringing.name != config.parent:
        raise UserError(
            f"there is no complete run {config.parent!r}{_meant(config.parent, 'runs')}, and the parent_config here "
            f"trains {upbringing.name!r}; train yours first"
        )
    flags = []
    if upbringing.mix != config.mix:
        flags = ["--mix", config.mix, "--recipe", "null" if config.recipe is None else str(config.recipe)]
    if options.allow_changed_environment:
        flags.append("--allow_changed_environment")
    words = [str(config.parent_config), *flags]
    say(f"parent {config.parent} is not there yet: python stage1/train.py {' '.join(words)}")
    return run_command("stage1/train.py", *words)


def _meant(name: str, kind: Kind) -> str:
    there = [folder.name for folder in artifact(kind, name).parent.glob("*/") if records.is_complete(folder)]
    near = difflib.get_close_matches(name, there, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def machine(config: TrainConfig, base: models.ModelRef | None) -> Machine:
    """Choose device, precision and threads, and make every computation on them repeatable."""
    from accelerate import Accelerator

    device = devices.choose_device(config.device)
    dtype = devices.choose_dtype(config.dtype, device)
    torch.set_num_threads(config.threads or recorded_threads(config.name) or _tried_threads(config, base, device))
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS is not deterministic
    torch.use_deterministic_algorithms(True, warn_only=device != "cpu")
    # A debugging aid of the deterministic mode, which costs time in every step.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    why_not = compiling.why_not() if config.compile == "layers" else None
    if why_not:
        say(f"note: {why_not}")
    random.seed(config.seed)
    np.random.seed(config.seed % 2**32)
    torch.manual_seed(config.seed)
    accelerator = Accelerator(cpu=device == "cpu", mixed_precision="bf16" if dtype == torch.bfloat16 else "no")
    if accelerator.device.type != device:
        raise UserError(
            f"device: {device} was asked for, but accelerate computes on {accelerator.device}; it was set up for that "
            "in the environment (ACCELERATE_TORCH_DEVICE, ACCELERATE_USE_CPU)"
        )
    return Machine(
        accelerator=accelerator,
        device=device,
        dtype=dtype,
        threads=torch.get_num_threads(),
        compile="off" if why_not else config.compile,
    )


def _tried_threads(config: TrainConfig, base: models.ModelRef | None, device: str) -> int:
    shape = models.width_of(base) if base else config.model and (config.model.width, config.model.feed_forward)
    if device != "cpu" or not shape:
        return torch.get_num_threads()
    return choose_threads(config.micro_batch_size * config.seq_len, *shape)


def base(config: TrainConfig) -> models.ModelRef | None:
    """The model to go on from; None where one is grown from random weights."""
    if config.model:
        return None
    name = f"run:{config.parent}" if config.parent else str(config.base)
    found = models.resolve(name, with_code=config.trust_remote_code)
    return replace(found, random_seed=config.seed) if config.init == "random" else found


def parents(config: TrainConfig, mix: Path, base: models.ModelRef | None) -> dict[str, str]:
    """What the run descends from, with content hashes."""
    found = {f"mix:{config.mix}": records.read_json(mix / records.MANIFEST)["content_hash"]}
    return found if base is None else found | {base.spec: base.content_hash}


def renderer_of(base: models.ModelRef | None, config: TrainConfig) -> ChatRenderer | None:
    """Tokenizer and template of the base; None where a new model will get its own."""
    template = read_template(config.chat_template) if config.chat_template else None
    if base is None:
        return None
    return models.load_renderer(
        base, template, thinking=config.thinking, to_train=True, trust_remote_code=config.trust_remote_code
    )


def new_renderer(config: TrainConfig, mix: Path, run: Run) -> ChatRenderer:
    """Tokenizer and template for a new model, made once and kept in the run's folder."""
    folder = run.folder / "tokenizer"
    if not folder.exists():
        made = train_tokenizer(
            read_rows(mix / "train.parquet"),
            vocab_size=config.tokenizer.vocab_size,
            max_bytes=config.tokenizer.max_bytes,
            chat_template=config.chat_template,
        )
        with records.staging(folder) as temporary:
            made.tokenizer.save_pretrained(temporary)
    return ChatRenderer(_load_tokenizer(folder), thinking=config.thinking)


def _load_tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def packs(config: TrainConfig, mix: Path, renderer: ChatRenderer) -> dict[str, pack.Pack]:
    """The run's rows, packed; says how many there are and what was left out."""
    found, manifest, done = pack.open_packs(
        mix, renderer, seq_len=config.seq_len, rows=config.rows, long_rows=config.long_rows, bad_rows=config.bad_rows
    )
    counts = manifest["splits"]["train"]
    say(
        f"pack ({done}): {counts['packed']:,} of {counts['rows']:,} rows, {counts['tokens']:,} tokens "
        f"({counts['trained_tokens']:,} trained) in {counts['sequences']:,} sequences of {config.seq_len}, "
        f"{100 * counts['density']:.1f} % full"
    )
    for line in rendering.left_out(counts):
        say(f"    {line}")
    return found


def model(config: TrainConfig, renderer: ChatRenderer, base: models.ModelRef | None, machine: Machine) -> Any:
    """The model to be trained, on its device."""
    if base is None:
        assert config.model is not None
        return building.new_model(config.model, renderer, config.seed).to(machine.device)
    loaded = models.load_base(
        base,
        device=machine.device,
        # Weights that are trained are float32 whatever is computed in; frozen ones need not be.
        dtype=machine.dtype if config.adapter else torch.float32,
        load_in_4bit=config.load_in_4bit,
        trust_remote_code=config.trust_remote_code,
    )
    if config.adapter:
        return building.add_adapter(loaded, config.adapter, renderer, base.spec, config.seed)
    return loaded.requires_grad_(True)


def rows_apart(model: Any, config: TrainConfig, machine: Machine) -> None:
    """See to it that packed rows do not see each other; UserError for a model in which they would."""
    model.eval()
    if machine.device == "cpu" and machine.dtype == torch.bfloat16:
        attend_in_float32(model)
    apart.check_rows_apart(model, config.seq_len)


def progress(run: Run, options: TrainOptions, model: Any, optimizer: torch.optim.Optimizer) -> checkpoint.Progress:
    """Where to go on: the newest checkpoint, the chosen one, or the beginning. Later traces in the run are removed."""
    found = checkpoint.find_checkpoint(run.folder / "checkpoints", options.resume_from)
    if found is None:
        run.truncate(-1)
        return checkpoint.Progress()
    restored = checkpoint.restore(found, model=model, optimizer=optimizer)
    checkpoint.remove_later(found)
    run.truncate(restored.step)
    say(f"going on from step {restored.step}")
    return restored


def say_plan(config: TrainConfig, machine: Machine, train: pack.Pack, share: tuple[int, int]) -> None:
    """The numbers that follow from the configuration."""
    trained, total = share
    per_step = config.seq_len * config.micro_batch_size * config.grad_accum
    epochs = config.steps * config.micro_batch_size * config.grad_accum / len(train)
    say(
        f"run {config.name}: {trained:,} of {total:,} parameters trained ({100 * trained / total:.1f} %); "
        f"{config.steps:,} steps of up to {per_step:,} tokens, {epochs:.2f} epochs; "
        f"{machine.device}, {str(machine.dtype).removeprefix('torch.')}, {machine.threads} threads, "
        f"compile {machine.compile}"
    )
