"""Say what a loop of experiments came to so far: a page to look at in the morning, and the same in Markdown.

    python research/autoresearch/report.py --task language --tag nov25 [--replay NAME]

Writes report.html, report.md and progress.png into the loop's folder, whether it runs or not: what worked and how sure
that is, a tree of commits, what was tried by idea, what was refused or crashed, what it cost, and beside it what luck
alone would show. Of the replays of the loop (replay.py) the one that reaches farthest is told, unless one is named.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from typing import Literal

from espalier.command_line.config import Config, Name, load
from espalier.command_line.console import say
from espalier.errors import UserError, run_main

COMMAND = "research/autoresearch/report.py"


class ReportConfig(Config):
    """Which loop."""

    task: Literal["language", "mazes"] = "language"
    """language or mazes."""
    tag: Name | None = None
    """The loop's tag, as its branch autoresearch/TAG has it."""
    replay: Name | None = None
    """The replay that is told: corpora/NAME."""


def main(argv: list[str]) -> int:
    config, _ = load(ReportConfig, argv, prog=f"python {COMMAND}", doc=__doc__)
    if config.tag is None:
        raise UserError("--tag: is missing; it names the loop that is reported")
    return report(config.task, config.tag, config.replay)


def report(task: str, tag: str, replay: str | None) -> int:
    """Write the report of a loop; returns the exit code."""
    from research.autoresearch.looping.view import read_loop
    from research.autoresearch.replaying.kept import latest, read_replay
    from research.autoresearch.reporting.material import loop_of
    from research.autoresearch.reporting.report import write_report
    from research.autoresearch.reporting.verdict import conclude

    view = read_loop(task, tag)
    if not view.records:
        raise UserError(f"{view.folder}: nothing was tried yet, so there is nothing to report")
    replayed = read_replay(view, replay) if replay else latest(view)
    page = write_report(view, replayed)
    say(conclude(loop_of(view), replayed).sentence)
    say(f"complete: {page}")
    return 0


if __name__ == "__main__":
    run_main(main)
