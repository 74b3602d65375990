"""What a loop takes beside the budgets of its trainings, and beside the same training at a prompt.

    python research/benchmarks/autoresearch/overhead.py --tag nov25 [--task language] [--bare 3] [--page FILE.md]

Reads the records of a loop, whose budget is in seconds. What is the loop's own (asking for a proposal apart): git,
checks, files, deciding. With --bare the training is run so many times by itself, with the loop's budget, threads and
data, and judged by the same evaluator: what the loop and its walls add to that is the ratio. Prints Markdown.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from espalier.artifacts.paths import repo_root
from espalier.command_line.config import Config, Name, load
from espalier.command_line.console import say
from espalier.errors import UserError, run_main
from espalier.report import percent, table

if TYPE_CHECKING:
    from research.autoresearch.looping.records import Record
    from research.autoresearch.looping.view import LoopView

PARTS = {
    "train": "trainings, from the start of Python to their end, less their budgets",
    "evaluate": "evaluations, with the start of Python",
    "propose": "proposals",
    "check": "the loop: checks",
    "rest": "the loop: git, staging, files, deciding",
}


class OverheadConfig(Config):
    """Which loop."""

    tag: Name
    """The loop's tag."""
    task: Literal["language", "mazes"] = "language"
    """Its task."""
    bare: int = Field(0, ge=0)
    """How often the training is run by itself, to compare with."""
    page: Path | None = None
    """Write the page there; otherwise it is printed."""


def main(argv: list[str]) -> int:
    prog = "python research/benchmarks/autoresearch/overhead.py"
    config, _ = load(OverheadConfig, argv, prog=prog, doc=__doc__)
    from espalier.artifacts.records import write_text
    from research.autoresearch.looping.view import read_loop

    view = read_loop(config.task, config.tag)
    page = "\n\n".join(told(view, [_bare(view) for _ in range(config.bare)]))
    if config.page is None:
        say(page)
    else:
        write_text(config.page, page + "\n")
        say(f"written: {config.page}")
    return 0


def told(view: "LoopView", bare: Sequence[float]) -> Iterator[str]:
    """The paragraphs; `bare` are seconds of trainings that were run by themselves."""
    if view.settings["budget_in"] != "seconds":
        raise UserError(f"{view.folder}: its budget is in {view.settings['budget_in']}; take a loop of seconds")
    whole = [each for each in view.records if each["val_bpb"] is not None]
    if not whole:
        raise UserError(f"{view.folder}: nothing was run to its end yet")
    budgets = view.settings["budget"] * sum(_trainings(each) for each in whole)
    spent = {part: sum(_spent(each, part) for each in whole) for part in PARTS}
    spent["train"] -= budgets
    rows = [[said, f"{spent[part]:.1f} s", percent(spent[part] / budgets, 2)] for part, said in PARTS.items()]
    own = spent["check"] + spent["rest"]
    yield f"{len(whole)} experiments, {sum(map(_trainings, whole))} trainings of {view.settings['budget']:g} seconds:"
    yield table(["beside the budgets", "in all", "of the budgets"], rows)
    yield f"The loop's own: {percent(own / budgets, 2)} of the budgets."
    if bare:
        each = (budgets + sum(spent.values()) - spent["propose"]) / sum(map(_trainings, whole))
        yield (
            f"A training with its evaluation takes {each:.1f} s in the loop and {fmean(bare):.1f} s at a prompt "
            f"(mean of {len(bare)}): {each / fmean(bare):.3f} times as long."
        )


def _trainings(record: "Record") -> int:
    return 1 + 2 * len(record["confirmed"])


def _spent(record: "Record", part: str) -> float:
    seconds: Mapping[str, Any] = record["seconds"]
    return float(seconds[part])


def _bare(view: "LoopView") -> float:
    settings = view.settings
    words = ["--budget", settings["budget"], "--corpus", settings["corpus"] or f"autoresearch-{settings['task']}"]
    words += ["--threads", view.records[0]["threads"], "--device", settings["device"]]
    training = repo_root() / f"research/autoresearch/{settings['task']}/train.py"
    began = time.monotonic()
    code = subprocess.run([sys.executable, training, *map(str, words)], stdout=subprocess.DEVNULL).returncode
    if code:
        raise UserError(f"{training}: ended with {code} when it was run by itself")
    return time.monotonic() - began


if __name__ == "__main__":
    run_main(main)
