"""The two tasks: what of each may be edited, what is locked, and what it is measured by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from espalier.errors import UserError

HOME = "research/autoresearch"
KIT = (
    "espalier/__init__.py",
    "espalier/artifacts/__init__.py",
    "espalier/artifacts/paths.py",
    "espalier/command_line/__init__.py",
    "espalier/command_line/processes.py",
    "espalier/errors.py",
    "research/autoresearch/__init__.py",
    "research/autoresearch/kit/__init__.py",
    "research/autoresearch/kit/budget.py",
    "research/autoresearch/kit/command.py",
    "research/autoresearch/kit/data.py",
    "research/autoresearch/kit/summary.py",
)
"""The files of ours that any training needs, and no others are laid before it: the kit, and what that imports."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One task. Paths are from the repository's root, with `/`."""

    name: str
    editable: tuple[str, ...]
    """What an experiment may change."""
    helpers: tuple[str, ...]
    """Files of ours beside the kit that its training may import."""
    corpus: str
    """The prepared data: corpora/NAME."""
    metric: str
    """What val_bpb is, in words."""
    beside: tuple[str, ...] = ()
    """Other figures that the evaluator gives."""

    @property
    def folder(self) -> str:
        """Where it lies."""
        return f"{HOME}/{self.name}"

    @property
    def training(self) -> str:
        """The file that is run."""
        return f"{self.folder}/train.py"

    @property
    def staged(self) -> tuple[str, ...]:
        """All files of ours that a training finds: what may be edited, and what it may import."""
        return tuple(sorted({*self.editable, *KIT, *self.helpers, f"{self.folder}/__init__.py"}))

    def locked(self, root: Path) -> tuple[str, ...]:
        """The files of a checkout that no experiment may change: all of autoresearch's but the editable ones, and what
        trainings need besides."""
        folder = root / HOME
        files = {path.relative_to(root).as_posix() for path in folder.rglob("*") if _counts(path)}
        return tuple(sorted((files | set(KIT)) - set(self.editable)))


TASKS = {
    task.name: task
    for task in (
        Task(
            name="language",
            editable=(f"{HOME}/language/train.py",),
            helpers=(),
            corpus="autoresearch-language",
            metric="bits per byte of the validation text: cross-entropy in nats / targets / ln 2",
        ),
        Task(
            name="mazes",
            editable=(f"{HOME}/mazes/train.py",),
            helpers=(f"{HOME}/mazes/mazes.py",),
            corpus="autoresearch-mazes",
            metric="1 - accuracy of the first step of a route, on held-out mazes",
            beside=("route_accuracy",),
        ),
    )
}


def task_called(name: str) -> Task:
    """The task of a name. UserError where there is none."""
    if name not in TASKS:
        raise UserError(f"no task {name!r}: there are {', '.join(TASKS)}")
    return TASKS[name]


def _counts(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts
