"""Several variants trained by one command: parents before children, in turn, or fanned out over a Ray cluster.

Each is trained by a process of its own, as if it were alone, and so ends in the same bytes; what they share is done
once, before those that need it: a parent, a mix. One that fails stops its children alone, and is told at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_mix.recipe import Recipe
from espalier.artifacts import records
from espalier.artifacts.gates import read_gates
from espalier.artifacts.paths import artifact
from espalier.command_line.config import load, load_file, read_yaml
from espalier.command_line.console import say, table
from espalier.command_line.fanning import begin_on, result_of
from espalier.command_line.subcommand import run_command
from espalier.errors import UserError
from espalier.models.devices import likely_device
from stage2.config import Stage2Config, Stage2Options
from stage2.family import take

COMMAND = "stage2/train.py"
_HELD = (0, 1)
"""Exit codes of a variant that is trained and was held to its gates: it may have children."""
_OUTCOMES = {0: "passed", 1: "trained; a gate FAILED, or it REGRESSED", 2: "FAILED, for the reason given above"}


@dataclass(kw_only=True)
class Task:
    """Something to be made by a command: a variant, or what variants share."""

    name: str
    """Of the run, or `mix NAME`."""
    command: list[str]
    """A script and its words."""
    needs: list[str]
    """Names of tasks that come before."""
    is_variant: bool = True
    """Whether it is told of at the end."""
    threads: int = 1
    """Processors that it wants of a cluster."""
    on_gpu: bool = False
    """Whether it wants a GPU."""
    said: str = ""
    """What became of it."""
    code: int | None = field(default=None)
    """The command's exit code."""


def train_together(files: Sequence[Path], words: Sequence[str]) -> int:
    """Train the variants of the files, with `words` of the command line for each.

    Returns 0 where all passed, 1 where some did not, 2 where some failed. UserError where variants descend from one
    another in a circle, or where the command line is for none of them.
    """
    name, _ = take(words, "--name")
    if name is not None:
        raise UserError("--name: names one run, and there are several variants here, each with the name in its file")
    parent, rest = take(words, "--parent")
    if {word.partition("=")[0] for word in words} & {"--plan", "--dry_run", "--resume"}:
        raise UserError("--plan and --resume are for one variant: name it with --variant")
    engine, address = (take(words, flag)[0] or [""] for flag in ("--engine", "--ray_address"))
    ordered = in_order(_tasks(files, rest, ["--parent", *parent] if parent else []))
    say(f"{sum(task.is_variant for task in ordered)} variants: {', '.join(task.name for task in ordered)}")
    if engine[-1] == "ray":
        _fan_out(ordered, address[-1] or None)
    else:
        _in_turn(ordered)
    return _tell(ordered)


def _tasks(files: Sequence[Path], words: list[str], parent: list[str]) -> dict[str, Task]:
    """Every variant, and before them the parents and mixes that several would otherwise make at once.

    A variant whose file is wrong has failed already. UserError where all of them have.
    """
    parents = {file: str(read_yaml(file).get("parent")) for file in files}
    names = {str(read_yaml(file).get("name")) for file in files}
    tasks: dict[str, Task] = {}
    wrong: list[str] = []
    for file in files:
        # A parent on the command line is for those that branch off; those of the family keep theirs.
        own = words if parents[file] in names else [*words, *parent]
        try:
            config, options = load(Stage2Config, [str(file), *own], prog=COMMAND, doc=None, options=Stage2Options)
            before = [task for task in (_parent(config, options, names), _mix(config, options)) if task is not None]
        except UserError as error:
            wrong.append(str(error))
            first = str(error).splitlines()[0]
            tasks[file.stem] = Task(name=file.stem, command=[], needs=[], code=2, said=f"FAILED: {first}")
            continue
        if config.name in tasks:
            raise UserError(f"two variants are called {config.name}; name each once")
        for task in before:
            tasks.setdefault(task.name, task)
        tasks[config.name] = Task(
            name=config.name,
            command=[COMMAND, str(file.absolute()), *own],
            needs=[*(task.name for task in before), *([config.parent] if config.parent in names else [])],
            threads=config.threads or 1,
            on_gpu=likely_device(config.device).startswith("cuda"),
        )
    if len(wrong) == len(files):
        raise UserError("\n".join(dict.fromkeys(wrong)))
    return tasks


def upbringing(said: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The command that trains a parent with that configuration: a variant, too, may be one."""
    return COMMAND if "learner" in said else "stage1/train.py", []


def _parent(config: Stage2Config, options: Stage2Options, family: set[str]) -> Task | None:
    """How a parent outside of the family is trained, where it is not there and its configuration is.

    UserError where that trains another one.
    """
    if not config.parent or config.parent in family or config.parent_config is None:
        return None
    if records.is_complete(artifact("runs", config.parent)):
        return None
    from training.origins import parent_command  # with torch, for which nobody waits who asks for help

    command = parent_command(config, options, upbringing)
    on_gpu = likely_device(config.device).startswith("cuda")
    return Task(name=config.parent, command=command, needs=[], is_variant=False, on_gpu=on_gpu)


def _mix(config: Stage2Config, options: Stage2Options) -> Task | None:
    if records.is_complete(artifact("mixes", config.mix)) or config.recipe is None:
        return None
    if load_file(Recipe, config.recipe).name != config.mix:
        return None  # which the variant's own command refuses
    from training.origins import mix_command  # with torch, as for a parent

    return Task(name=f"mix {config.mix}", command=mix_command(config, options), needs=[], is_variant=False)


def in_order(tasks: Mapping[str, Task]) -> list[Task]:
    """What others need before them, else as they come. UserError where they go in a circle, which is told."""
    done: dict[str, Task] = {}

    def visit(name: str, line: tuple[str, ...]) -> None:
        if name in line:
            circle = " from ".join((*line[line.index(name) :], name))
            raise UserError(f"variants descend in a circle: {circle}; give one of them another parent")
        if name not in done:
            for each in tasks[name].needs:
                visit(each, (*line, name))
            done[name] = tasks[name]

    for name in tasks:
        visit(name, ())
    return list(done.values())


def _blocked(task: Task, tasks: Mapping[str, Task]) -> str:
    """Which of those that it needs was not made; empty where all were."""
    good = {each.name for each in tasks.values() if each.code in (_HELD if each.is_variant else (0,))}
    return next((name for name in task.needs if name not in good), "")


def _in_turn(tasks: Sequence[Task]) -> None:
    by_name = {task.name: task for task in tasks}
    for task in tasks:
        if task.code is not None:
            continue
        if missing := _blocked(task, by_name):
            task.said = f"not tried: {missing} is not there"
            continue
        say(f"\n==== {task.name}")
        _ended(task, code := run_command(*task.command))
        if code >= 128:  # whoever stops one of them means all
            raise SystemExit(task.code)


def _ended(task: Task, code: int) -> None:
    """What became of a task. A variant without a mark was held to nothing: then 1 is the code of a traceback."""
    if code == 1 and not (task.is_variant and read_gates(artifact("runs", task.name))):
        code = 2
    task.code, task.said = code, _OUTCOMES.get(code, f"stopped with {code}")


def _fan_out(tasks: Sequence[Task], address: str | None) -> None:
    """As many at once as the cluster has processors and GPUs for; what they say is shown as each ends."""
    from espalier.cluster import connect

    ray = connect(address)
    by_name = {task.name: task for task in tasks}
    waiting, at_work = [task for task in tasks if task.code is None], dict[Any, Task]()
    try:
        while waiting or at_work:
            for task in [
                each
                for each in waiting
                if not any(by_name[name] in (*waiting, *at_work.values()) for name in each.needs)
            ]:
                waiting.remove(task)
                if missing := _blocked(task, by_name):
                    task.said = f"not tried: {missing} is not there"
                    continue
                at_work[begin_on(ray, task.command, threads=task.threads, on_gpu=task.on_gpu)] = task
                say(f"begun: {task.name}")
            if at_work:
                _end(ray, at_work)
    finally:
        for reference in at_work:
            ray.cancel(reference, force=True)


def _end(ray: Any, at_work: dict[Any, Task]) -> None:
    (ready, *_), _ = ray.wait(list(at_work), num_returns=1)
    task = at_work.pop(ready)
    code, tail = result_of(ray, ready)
    _ended(task, code)
    say(f"\n==== {task.name}: {task.said}\n{tail.rstrip()}")


def _tell(tasks: Sequence[Task]) -> int:
    shown = [task for task in tasks if task.is_variant or task.code]
    say()
    table(["variant", "what became of it"], [[task.name, task.said] for task in shown])
    codes = [task.code for task in tasks]
    return 2 if any(code not in _HELD for code in codes) else max(code or 0 for code in codes)
