"""Grow a model from random weights on its own graded attempts, band by band.

    python research/bootstrap/run.py [CONFIG.yaml] [--rounds N] [--any.key VALUE ...]

A round: sessions, grades, trunk, adapter, examination, the band that is decided by it, report. What a round makes is
called NAME-r03-PART; the same command goes on where it was stopped, and with more --rounds where these were done. It
ends where all bands are passed in one round, at a plateau, or at a budget, and says which. Exit code 3: time was up.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from collections.abc import Callable
from typing import TYPE_CHECKING

from espalier.command_line.config import load
from espalier.command_line.console import say, table
from espalier.errors import run_main
from research.bootstrap.loop.config import DEFAULT_CONFIG, BootstrapConfig, BootstrapOptions

if TYPE_CHECKING:
    from espalier.loops.folder import LoopFolder
    from espalier.loops.pace import Pace
    from research.bootstrap.loop.history import History

TIME_IS_UP = 3


def main(argv: list[str]) -> int:
    config, options = load(
        BootstrapConfig,
        argv,
        prog="python research/bootstrap/run.py",
        doc=__doc__,
        default=DEFAULT_CONFIG,
        options=BootstrapOptions,
    )
    return loop(config, options)


def loop(config: BootstrapConfig, options: BootstrapOptions) -> int:
    """Run the loop that `config` describes; returns the exit code."""
    from espalier.loops.pace import Pace, TimeIsUp
    from espalier.loops.times import Times
    from espalier.loops.warm import run_warm
    from research.bootstrap.loop.bands_table import printed
    from research.bootstrap.loop.beginning import check, open_folder
    from research.bootstrap.loop.history import History

    check(config)
    with open_folder(config) as folder:
        history = History(folder, config)
        if folder.complete:
            say(f"loop {config.name} is already complete: {folder.folder / 'report.md'}")
            return 0
        say(f"loop {config.name}: what grows with the band")
        table(*printed(config.table))
        pace = Pace(history.kinds_ahead(), options.minutes, observer=Times(folder.folder))
        try:
            run_rounds(config, history, pace, run_warm if options.warm else None)
        except TimeIsUp:
            say(f"stopped: {options.minutes:g} minutes are over; the same command goes on from here")
            return TIME_IS_UP
        conclude(config, folder, history, publish=options.publish)
    return 0


def run_rounds(config: BootstrapConfig, history: "History", pace: "Pace", run: "Callable[..., int] | None") -> None:
    """The rounds that are left, as far as the rules let them go; `run` runs the commands that need a model."""
    from research.bootstrap.loop.report import line, write_report
    from research.bootstrap.loop.rounds import run_round

    while not history.ended:
        found = run_round(config, pace, len(history.rounds), history.rounds, run)
        history.keep_round(found)
        say(f"\n{line(found)}")
        write_report(config, history)


def conclude(config: BootstrapConfig, folder: "LoopFolder", history: "History", *, publish: bool) -> None:
    """Report, seal."""
    from research.bootstrap.loop.report import write_report

    page = write_report(config, history, publish=publish)
    last = history.rounds[-1]
    kept = ("number", "band", "next_band", "pupil", "trunk", "strength", "exam", "learnable", "shares", "passed")
    made = {f"run:{last[key]}": last["made"][f"run:{last[key]}"] for key in ("trunk", "pupil")}
    about = f"{len(history.rounds)} rounds to band {last['next_band']}, {last['pupil']}: {history.ended}"
    rounds = [{key: each[key] for key in kept} for each in history.rounds]
    folder.seal(rounds, made, about=about, ended=history.ended, milestones=folder.facts["milestones"]["sha256"])
    say(f"the loop ends: {history.ended}")
    say(f"complete: {page}")


if __name__ == "__main__":
    run_main(main)
