"""What a run descends from, found by name: its mix, its parent, the model that it goes on from.

What is missing is made first where the configuration says how, by the command that makes it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from data_mix.recipe import Recipe
from espalier.artifacts import records
from espalier.artifacts.paths import artifact
from espalier.command_line.config import load_file, read_yaml, resolve_path
from espalier.command_line.console import say
from espalier.command_line.subcommand import run_command
from espalier.errors import UserError
from espalier.models import loading
from espalier.models.references import ModelRef, resolve
from espalier.text.chat import ChatRenderer
from espalier.text.chat_template import read_template
from training import references
from training.concepts.settings import read_examples
from training.config import TrainConfig, TrainOptions
from training.row_weights import read_weights
from training.together import main_first, on_main

Upbringing = Callable[[Mapping[str, Any]], tuple[str, list[str]]]
"""What a parent's configuration says -> the command that trains it, and flags beside the configuration."""


def find_mix(config: TrainConfig, options: TrainOptions) -> Path:
    """The folder of the run's mix, which is built first if it is missing and a recipe says how."""
    return on_main(lambda: _find_mix(config, options))


def _find_mix(config: TrainConfig, options: TrainOptions) -> Path:
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
        words = mix_command(config, options)
        say(f"mix {config.mix} is not there yet: python {' '.join(words)}")
        if run_command(*words):
            raise UserError(f"mix {config.mix} could not be built, for the reason given above")
    return folder


def mix_command(config: TrainConfig, options: TrainOptions) -> list[str]:
    """The command that builds the run's mix by its recipe."""
    root = ["--data_root", str(options.data_root)] if options.data_root else []
    return ["data_mix/build.py", str(config.recipe), *root]


def find_parent(config: TrainConfig, options: TrainOptions, *, upbringing: Upbringing) -> list[str] | None:
    """The command that trains the parent, where it is not complete. UserError as in `parent_command`."""

    def look() -> list[str] | None:
        if not config.parent or records.is_complete(artifact("runs", config.parent)):
            return None
        return parent_command(config, options, upbringing)

    return on_main(look)


def train_parent(config: TrainConfig, command: list[str]) -> int:
    """Train the parent by its command; returns the exit code.

    In this process it would leave behind what is global to one: threads, precision, compiled code.
    """

    def train() -> int:
        say(f"parent {config.parent} is not there yet: python {' '.join(command)}")
        return run_command(*command)

    return on_main(train)


def parent_command(config: TrainConfig, options: TrainOptions, upbringing: Upbringing) -> list[str]:
    """The script that trains a parent which is not there, and its words.

    UserError where nothing says how, where `parent_config` trains another run, or where it would descend from this one.
    """
    assert config.parent is not None
    missing = f"there is no complete run {config.parent!r}{_meant(config.parent, 'runs')}"
    if config.parent_config is None:
        raise UserError(f"{missing}; train it first, or name its --parent_config")
    said = read_yaml(config.parent_config)
    if said.get("name") != config.parent:
        raise UserError(f"{missing}, and the parent_config here trains {said.get('name')!r}; train yours first")
    _check_descent(config.name, config.parent_config)
    script, flags = upbringing(said)
    if options.allow_changed_environment:
        flags = [*flags, "--allow_changed_environment"]
    if options.data_root:
        flags = [*flags, "--data_root", str(options.data_root)]
    if not options.publish:
        flags = [*flags, "--publish", "false"]
    return [script, str(config.parent_config), *flags]


def _check_descent(name: str, file: Path) -> None:
    """UserError where a run would have to be trained before itself: each process would start another, without end."""
    line = [name]
    while True:
        said = read_yaml(file, TrainConfig)
        line.append(str(said.get("name")))
        if line[-1] in line[:-1]:
            raise UserError(f"{file}: a run cannot descend from itself: {' from '.join(line)}; give one another parent")
        if not said.get("parent_config"):
            return
        file = resolve_path(said["parent_config"], file.parent)


def with_mix_of(config: TrainConfig, said: Mapping[str, Any]) -> list[str]:
    """Flags by which a parent trains on the mix of this run, where its configuration names another."""
    if said.get("mix") == config.mix:
        return []
    return ["--mix", config.mix, "--recipe", "null" if config.recipe is None else str(config.recipe)]


def _meant(name: str, kind: str) -> str:
    there = [folder.name for folder in artifact(kind, name).parent.glob("*/") if records.is_complete(folder)]
    near = difflib.get_close_matches(name, there, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def find_base(config: TrainConfig) -> ModelRef:
    """The model to go on from, a parent or a pretrained base. UserError where it is not there, or of no known kind."""
    name = f"run:{config.parent}" if config.parent else str(config.base)
    values = config.objective == "reward"  # a reward model may go on from another
    found = main_first(lambda: resolve(name, with_code=config.trust_remote_code, rewards=values))  # which may fetch it
    loading.check_architecture(found, trust_remote_code=config.trust_remote_code)
    return replace(found, random_seed=config.seed) if config.init == "random" else found


def parents_of(config: TrainConfig, mix: Path, base: ModelRef | None) -> dict[str, str]:
    """What the run descends from, with content hashes."""
    found = {f"mix:{config.mix}": records.read_json(mix / records.MANIFEST)["content_hash"]}
    if config.row_weights:
        read_weights(config.row_weights)  # a table that cannot be meant is told before the run begins
        found[f"path:{config.row_weights}"] = records.sha256_file(config.row_weights)
    for concept in config.protect or ():
        if concept.examples:
            read_examples(concept.examples)
            found[f"path:{concept.examples}"] = records.sha256_file(concept.examples)
    found |= references.parents_of(config, base)
    return found if base is None else found | {base.spec: base.content_hash}


def base_renderer(config: TrainConfig, base: ModelRef) -> ChatRenderer:
    """Tokenizer and template of the base, as the run is to use them."""
    template = read_template(config.chat_template) if config.chat_template else None
    return loading.load_renderer(
        base, template, thinking=config.thinking, to_train=True, trust_remote_code=config.trust_remote_code
    )
