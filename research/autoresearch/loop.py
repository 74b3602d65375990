"""Let experiments on a training run all night: proposed, run on a fixed budget, kept where validation got better.

    python research/autoresearch/loop.py --task language --tag nov25 [--agent CMD | --endpoint URL --model M | --search]
        [--budget 300] [--confirm] [--KEY VALUE]

Experiments are commits of branch autoresearch/TAG, in a worktree of its own: this checkout is never touched. The
program is run as it was found first. What each experiment came to is a line of results-TASK.tsv, with all else in
results-TASK.jsonl, in loops/autoresearch-TASK-TAG. It runs until it is stopped, by Ctrl+C for example, and the same
command goes on. The evaluator is that of the commit that the loop began from, and nothing that an experiment does
reaches it. Exit code 3: time was up.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import signal
from types import FrameType
from typing import TYPE_CHECKING

from espalier.command_line.config import load
from espalier.command_line.console import say
from espalier.errors import UserError, run_main
from research.autoresearch.looping.config import AutoresearchConfig, AutoresearchOptions

if TYPE_CHECKING:
    from research.autoresearch.looping.bench import Bench
    from research.autoresearch.proposing.base import Proposer

TIME_IS_UP = 3


def main(argv: list[str]) -> int:
    config, options = load(
        AutoresearchConfig,
        argv,
        prog="python research/autoresearch/loop.py",
        doc=__doc__,
        options=AutoresearchOptions,
    )
    return loop(config, options)


def loop(config: AutoresearchConfig, options: AutoresearchOptions) -> int:
    """Run the loop that `config` describes; returns the exit code."""
    from research.autoresearch.looping.beginning import open_bench
    from research.autoresearch.looping.git import GitFailed
    from research.autoresearch.looping.proposers import open_proposer

    before = signal.signal(signal.SIGTERM, _stop)
    try:
        with open_bench(config) as bench, open_proposer(config, options) as proposer:
            try:
                return run_experiments(bench, proposer, options)
            except (KeyboardInterrupt, SystemExit):
                say(f"\nstopped in experiment {len(bench.results.records)}; the same command goes on from here")
                raise
            finally:
                conclude(bench)
    except GitFailed as error:
        raise UserError(f"{error}. Put the repository right, then run the same command again") from error
    finally:
        signal.signal(signal.SIGTERM, before)


def run_experiments(bench: "Bench", proposer: "Proposer | None", options: AutoresearchOptions) -> int:
    """One after the other, until they are as many as are wanted, or the time is up."""
    import time

    from research.autoresearch.looping.beginning import check_room
    from research.autoresearch.looping.experiment import run_next
    from research.autoresearch.looping.standing import in_vain

    began, records, baselines = time.monotonic(), bench.results.records, bench.config.baselines
    before = len(records)
    wanted = baselines if proposer is None else None
    if options.experiments is not None:
        wanted = baselines + (options.experiments if proposer is not None else 0)
    while wanted is None or len(records) < wanted:
        if options.minutes is not None and time.monotonic() - began > 60 * options.minutes:
            say(f"stopped: {options.minutes:g} minutes are over; the same command goes on from here")
            return TIME_IS_UP
        check_room(bench)
        run_next(bench, proposer)
        if in_vain(records[before:]) >= options.give_up:
            raise UserError(
                f"{options.give_up} experiments in a row came to no result, the last one: {records[-1]['named']} "
                f"({records[-1]['why']}); see {bench.results.tsv}. The same command tries on"
            )
    return 0


def conclude(bench: "Bench") -> None:
    """Say what came of it so far, and write the page to read more."""
    from research.autoresearch.looping.told import told
    from research.autoresearch.replaying.kept import latest
    from research.autoresearch.reporting.report import write_report

    for line in told(bench.results.records, bench.config):
        say(line)
    if bench.results.records:
        try:
            say(f"report: {write_report(bench.view, latest(bench.view))}")
        except OSError as error:  # a full disk, perhaps, which is no reason to hide why the loop ends
            say(f"note: no report could be written: {error}")


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    run_main(main)
