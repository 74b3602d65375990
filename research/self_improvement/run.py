"""Let a model improve itself: challenges, performances, what ranks better, and training towards that, round by round.

    python research/self_improvement/run.py [CONFIG.yaml] [--model NAME|openai:NAME@URL] [--rounds N] [--KEY VALUE]

A round: challenges are proposed, performed several times each, verified or judged, ranked, the rankings are ranked, and
the policy learns to prefer what ranked better; then it is examined on held-out challenges, and taken where nothing was
lost. What a round makes is called NAME-r03-PART; the same command goes on where it was stopped, and with more --rounds
where these were done. report.md in the loop's folder says whether the model got better, or only its judges kinder.
Exit code 3: time was up.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from collections.abc import Callable
from typing import TYPE_CHECKING

from espalier.command_line.config import load
from espalier.command_line.console import say
from espalier.errors import run_main
from research.self_improvement.loop.config import DEFAULT_CONFIG, LoopConfig, LoopOptions

if TYPE_CHECKING:
    from espalier.loops.folder import LoopFolder
    from espalier.loops.pace import Pace
    from research.self_improvement.loop.history import History

TIME_IS_UP = 3


def main(argv: list[str]) -> int:
    config, options = load(
        LoopConfig,
        argv,
        prog="python research/self_improvement/run.py",
        doc=__doc__,
        default=DEFAULT_CONFIG,
        options=LoopOptions,
    )
    return loop(config, options)


def loop(config: LoopConfig, options: LoopOptions) -> int:
    """Run the loop that `config` describes; returns the exit code."""
    from espalier.loops.pace import Pace, TimeIsUp
    from espalier.loops.times import Times
    from espalier.loops.warm import run_warm
    from research.self_improvement.loop.beginning import check, open_folder
    from research.self_improvement.loop.history import History

    check(config)
    with open_folder(config) as folder:
        history = History(folder, config)
        if folder.complete:
            say(f"loop {config.name} is already complete: {folder.folder / 'report.md'}")
            return 0
        pace = Pace(history.kinds_ahead(), options.minutes, observer=Times(folder.folder))
        try:
            run_rounds(config, history, pace, run_warm if options.warm else None)
        except TimeIsUp:
            say(f"stopped: {options.minutes:g} minutes are over; the same command goes on from here")
            return TIME_IS_UP
        conclude(config, folder, history, publish=options.publish)
    return 0


def run_rounds(config: LoopConfig, history: "History", pace: "Pace", run: "Callable[..., int] | None") -> None:
    """The rounds that are left, as far as the rules let them go; `run` runs the commands."""
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import read_json
    from research.self_improvement.loop.rounds import examined_first, run_round
    from research.self_improvement.reporting.report import line, write_report

    while not history.ended:
        found = run_round(config, pace, history.rounds, run) if history.rounds else examined_first(config, pace, run)
        history.keep_round(found)
        exam = read_json(artifact("corpora", found.get("exam_of", found["exam"])) / "exam.json")
        say(f"\n{line(found, exam)}")
        write_report(config, history)


def conclude(config: LoopConfig, folder: "LoopFolder", history: "History", *, publish: bool) -> None:
    """Report, seal."""
    from research.self_improvement.reporting.report import write_report
    from research.self_improvement.round.teaching import write_taught

    page = write_report(config, history, publish=publish)
    last = history.rounds[-1]
    taken = [each for each in history.rounds[1:] if each["taken"]]
    made = {last["policy"]: taken[-1]["made"][last["policy"]]} if taken else {}
    about = f"{len(history.rounds) - 1} rounds, {len(taken)} of them taken, to {last['policy']}: {history.ended}"
    kept = ("number", "policy", "taken", "why_not", "exam", "trained_tokens")
    rounds = [{key: each[key] for key in kept if key in each} for each in history.rounds]
    if not config.trains:
        told = write_taught([each["ranked"] for each in history.rounds[1:]], folder.folder / "taught")
        say(f"what {config.model} could be taught by: {told} in {folder.folder / 'taught'}")
    folder.seal(rounds, made, about=about, ended=history.ended)
    say(f"the loop ends: {history.ended}")
    say(f"complete: {page}")


if __name__ == "__main__":
    run_main(main)
