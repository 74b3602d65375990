"""Refuse a commit that touches anything but its task's file, or is seen to tamper.

    python research/autoresearch/check.py HEAD~1 [--task language]

Looks at what HEAD changed since the commit named, in the repository of the folder that it is run in. Exit code 1 and
the reason where it is refused. It is the first wall: what it overlooks, the sandbox and the evaluator hold.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from espalier.command_line.config import Config, load
from espalier.command_line.console import say
from espalier.errors import run_main
from research.autoresearch.tasks import TASKS, Task, task_called


class CheckConfig(Config):
    """What is looked at."""

    since: str
    """The commit that the experiment began from."""
    task: str | None = None
    """language or mazes; by default the one whose file was changed."""


def main(argv: list[str]) -> int:
    config, _ = load(CheckConfig, argv, prog="python research/autoresearch/check.py", doc=__doc__, first="since")
    from research.autoresearch.checking.commit import changed, check_commit
    from research.autoresearch.naming import Named

    folder = Path.cwd()
    task = task_called(config.task) if config.task else _task_of(changed(folder, config.since, "HEAD"))
    try:
        check_commit(folder, config.since, "HEAD", task)
    except Named as error:
        say(f"refused: {error}")
        return 1
    say(f"nothing against it: an experiment with {', '.join(task.editable)}")
    return 0


def _task_of(names: "dict[str, str]") -> Task:
    """The task whose file is among those that were changed."""
    return next((task for task in TASKS.values() if names.keys() & set(task.editable)), TASKS["language"])


if __name__ == "__main__":
    run_main(main)
