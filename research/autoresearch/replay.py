"""Train what a loop kept again, from scratch on fresh seeds, and measure it on text or mazes that no experiment met.

    python research/autoresearch/replay.py --task language --tag nov25 [--seeds 3] [--ends]

The baseline and every commit of the kept frontier are trained by the loop's budget, behind the same walls, each with
the same fresh seeds, and evaluated on val and on the second validation file. corpora/NAME/replay.json then says which
keeps are reversed and what the honest gain is, and the loop's report too. With --ends only the baseline and the last
are trained. The same command goes on where it was stopped.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from espalier.command_line.config import Config, Name, NotedOptions, load
from espalier.command_line.console import say, table
from espalier.errors import UserError, run_main

if TYPE_CHECKING:
    from research.autoresearch.looping.view import LoopView
    from research.autoresearch.replaying.runs import Train

COMMAND = "research/autoresearch/replay.py"


class ReplayConfig(Config):
    """What is replayed."""

    task: Literal["language", "mazes"] = "language"
    """language or mazes."""
    tag: Name | None = None
    """The loop's tag, as its branch autoresearch/TAG has it."""
    seeds: int = Field(3, ge=2, le=100)
    """Fresh seeds of each commit; one would tell no interval."""
    ends: bool = False
    """Train the baseline and the last that was kept, and nothing between them."""
    name: Name | None = None
    """Name of what is made, corpora/NAME; TASK-TAG-replay-COMMIT unless one is said."""


def main(argv: list[str]) -> int:
    config, options = load(ReplayConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=NotedOptions)
    if config.tag is None:
        raise UserError("--tag: is missing; it names the loop whose frontier is replayed")
    from research.autoresearch.looping.view import read_loop

    return replay(config, read_loop(config.task, config.tag), publish=options.publish)


def replay(config: ReplayConfig, view: "LoopView", *, publish: bool, train: "Train | None" = None) -> int:
    """Replay the frontier of a loop; returns the exit code. `train` trains a commit with a seed."""
    from espalier.artifacts import lock
    from espalier.artifacts.corpus import Corpus
    from espalier.artifacts.records import write_json
    from espalier.artifacts.registry import content_hash
    from research.autoresearch.replaying.comparing import conclude
    from research.autoresearch.replaying.kept import FILE, RUNS, replay_name
    from research.autoresearch.replaying.runs import fresh_seeds, run_all
    from research.autoresearch.reporting.report import write_report
    from research.autoresearch.tasks import TASKS

    commits = commits_of(view, ends=config.ends)
    task, tag = view.settings["task"], view.settings["tag"]
    name = config.name or replay_name(task, tag, commits[-1], ends=config.ends)
    data = f"corpus:{view.settings['corpus'] or TASKS[task].corpus}"
    decides = {
        "loop": view.folder.name,
        "commits": commits,
        "seeds": fresh_seeds(view, config.seeds),
        "ends": config.ends,
        **{key: view.settings[key] for key in ("budget", "budget_in", "threads", "device", "walls")},
    }
    # A loop goes on; what is replayed of it are commits, which name what they hold.
    parents = {f"loop:{view.folder.name}": "", data: content_hash(data)}
    about = f"the frontier of loop {view.folder.name} trained again"
    with Corpus.open(name, decides, parents=parents, about=about, command=COMMAND) as corpus:
        if corpus.complete:
            say(f"replay {name} is already complete: {corpus.folder / FILE}")
        else:
            if (holder := lock.holder(view.folder / "lock")) is not None:
                say(
                    f"note: the loop is running (process {holder}), and what both get done in a second is less for that"
                )
            runs = run_all(corpus.folder / RUNS, commits, decides["seeds"], train or trainer(view))
            found = {**decides, **conclude(commits, runs, beside=TASKS[task].beside), "failed": failed(runs)}
            write_json(corpus.folder / FILE, found)
            told = said(found)
            corpus.finish({RUNS: list(map(dict, runs))}, about=f"{about}: {told}", counts={"trainings": len(runs)})
            tell(found)
            say(told)
            say(f"complete: {corpus.folder / FILE}")
        if publish:
            corpus.publish()
    from research.autoresearch.replaying.kept import read_replay

    say(f"report: {write_report(view, read_replay(view, name))}")
    return 0


def commits_of(view: "LoopView", *, ends: bool) -> list[str]:
    """What is trained again, in the frontier's order. UserError where nothing was kept."""
    commits = [record["commit"] for record in view.frontier]
    if len(commits) < 2:
        raise UserError(f"{view.folder}: nothing was kept on top of the baseline, so that there is nothing to replay")
    return [commits[0], commits[-1]] if ends else commits


def trainer(view: "LoopView") -> "Train":
    """Trains as the loop does."""
    from functools import partial

    from research.autoresearch.looping.beginning import place_of
    from research.autoresearch.replaying.trying import train

    return partial(train, place_of(view))


def failed(runs: "Any") -> list[dict[str, Any]]:
    """Trainings that gave no figure."""
    return [{key: run[key] for key in ("commit", "seed", "why")} for run in runs if run["why"]]


def tell(found: dict[str, Any]) -> None:
    """Say what became of each step."""
    from research.autoresearch.reporting.cells import ranged

    rows = [
        [step["commit"][:7], *(each and ranged(each["value"], each["low"], each["high"]) for each in
                               (step["val"], step["second"])), step["verdicts"]["second"]]
        for step in found["steps"]
    ]  # fmt: skip
    table(["commit", "change on val", "change on the second file", "it"], rows)


def said(found: dict[str, Any]) -> str:
    """What it came to, in a line."""
    from research.autoresearch.reporting.cells import percents, ranged

    gain = found["gain"]["second"]
    if gain is None:
        return "no seed has figures of both ends"
    share = gain["relative"]
    by = (
        percents(share["value"], share["low"], share["high"])
        if share
        else ranged(gain["value"], gain["low"], gain["high"])
    )
    return f"val_bpb {by} on the second file, {len(gain['by_seed'])} seeds"


if __name__ == "__main__":
    run_main(main)
