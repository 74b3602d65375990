"""What has to hold before a loop begins, or goes on: nobody should wait a night for what could be known at once."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from espalier.artifacts.paths import artifact, repo_root
from espalier.artifacts.records import is_complete, read_json, verify_manifest
from espalier.command_line.console import say
from espalier.errors import UserError
from espalier.loops.folder import LoopFolder
from research.autoresearch.looping.bench import Bench, bounded
from research.autoresearch.looping.config import AutoresearchConfig
from research.autoresearch.looping.draft import Draft
from research.autoresearch.looping.git import GitFailed, remove_tree
from research.autoresearch.looping.repository import Repository
from research.autoresearch.looping.results import Results
from research.autoresearch.looping.standing import standing
from research.autoresearch.looping.trial import Place
from research.autoresearch.looping.view import LoopView
from research.autoresearch.looping.worktree import Worktree
from research.autoresearch.tasks import HOME, task_called

COMMAND = f"{HOME}/loop.py"
_COUNTS = (HOME, "espalier")
"""What decides what an experiment comes to: it has to be committed when a loop begins."""
LEAST_ROOM = 256 << 20
"""Bytes of disk without which no experiment is begun."""


@contextmanager
def open_bench(config: AutoresearchConfig, root: Path | None = None) -> Iterator[Bench]:
    """Begin the loop in the repository at `root`, by default the one that this code lies in, or go on with it.

    UserError where another process has it, it was begun otherwise, its branch is another's, what decides experiments is
    not committed, or the data are not there.
    """
    repository = Repository(root or repo_root())
    corpus, content_hash = _corpus(config)
    begun = artifact("loops", config.name) / "loop.json"
    if begun.exists():
        base = str(read_json(begun)["base"]["commit"])
    else:
        base = repository.head
        _check_new(config, repository)
    with LoopFolder.open(
        config.name,
        config,
        parents={f"corpus:{corpus.name}": content_hash},
        command=COMMAND,
        about=f"experiments on {config.task}, each kept where val_bpb falls",
        decided_by={"base": {"commit": base}},
        may_change=(),
    ) as folder:
        bench = Bench(
            config=config,
            folder=folder.folder,
            first_place=_place(config.model_dump(), repository, base, folder.folder),
            worktree=Worktree(repository, folder.folder / "worktree", config.branch),
            results=Results(folder.folder, config.task),
        )
        _set_up(bench)
        yield bench


def check_room(bench: Bench) -> None:
    """UserError where the disk has no room for another experiment."""
    for folder in (bench.folder, Path(tempfile.gettempdir())):
        free = shutil.disk_usage(folder).free
        if free < LEAST_ROOM:
            raise UserError(
                f"disk full: {folder} has {free >> 20} MiB left, and an experiment wants {LEAST_ROOM >> 20}. Free some "
                "space, then run the same command again"
            )


def _set_up(bench: Bench) -> None:
    """What a killed loop left half-written is gone; the branch stands where it has to, unless an experiment is going
    on."""
    for left in bench.folder.glob(".*.tmp-*"):
        remove_tree(left)
    if Draft.read(bench.state) is not None:
        return
    stands = standing(bench.results.records)
    try:
        bench.worktree.settle(stands.commit if stands else bench.place.base)
    except GitFailed as error:
        raise UserError(
            f"{bench.folder}: what was kept is no longer in the repository ({error}); bring branch "
            f"{bench.config.branch} back, or begin again with another --tag"
        ) from None


def place_of(view: LoopView, root: Path | None = None) -> Place:
    """Where and how the commits of a loop were tried, so that they can be tried again."""
    place = _place(view.settings, Repository(root or repo_root()), view.base, view.folder)
    return bounded(place, view.records)


def _place(settings: Mapping[str, Any], repository: Repository, base: str, folder: Path) -> Place:
    task = task_called(settings["task"])
    return Place(
        task=task,
        repository=repository,
        base=base,
        locked=folder / "locked",
        corpus=artifact("corpora", settings["corpus"] or task.corpus),
        budget=settings["budget"],
        unit=settings["budget_in"],
        threads=settings["threads"] or len(os.sched_getaffinity(0)),
        device=settings["device"],
        walls=settings["walls"],
    )


def _corpus(config: AutoresearchConfig) -> tuple[Path, str]:
    task = task_called(config.task)
    folder = artifact("corpora", config.corpus or task.corpus)
    if not is_complete(folder):
        raise UserError(
            f"{folder}: no prepared data; python {task.folder}/prepare.py makes them, once (--help says how)"
        )
    return folder, verify_manifest(folder, content=("given/*", "secret/*"))["content_hash"]


def _check_new(config: AutoresearchConfig, repository: Repository) -> None:
    if repository.has_branch(config.branch):
        raise UserError(
            f"branch {config.branch} exists already, and no loop of task {config.task} here goes on with it: choose "
            "another --tag. A tag is one branch, whatever the task; git log says what was kept on it"
        )
    if counts := repository.changed(*_COUNTS):
        raise UserError(
            f"{repository.root}: {counts[0]}{_more(counts)} not committed, and experiments begin from what is: commit "
            "it, or put it back"
        )
    if others := repository.changed():
        say(f"not committed, and so not in the experiments' worktree: {others[0]}{_more(others)[:-3].rstrip()}")


def _more(paths: list[str]) -> str:
    return f" and {len(paths) - 1} more are" if len(paths) > 1 else " is"
