"""Keep a reward on policy: rounds of samples, reward model, policy and examination, from what teachers preferred.

    python feedback/rlp.py [CONFIG.yaml] [--refresh spg|uml|rules|none] [--any.key VALUE ...]

Each round draws replies from the policy as it is now, teaches the reward model anew, with what can be learned from
them without a person, trains the policy anew from the first weights, and examines it: reward beside true score, how far
it went, and what replies made to win would get. What a round makes is called NAME-r00-PART; the same command goes on
where it was stopped. A policy whose gain such replies share is marked [gamed]. Exit code 3: the time was up.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from typing import TYPE_CHECKING, Any

from espalier.command_line.config import load
from espalier.command_line.console import say
from espalier.errors import run_main
from feedback.loop.config import DEFAULT_CONFIG, LoopConfig, LoopOptions

if TYPE_CHECKING:
    from espalier.loops.folder import LoopFolder
    from espalier.loops.pace import Pace

TIME_IS_UP = 3


def main(argv: list[str]) -> int:
    config, options = load(
        LoopConfig, argv, prog="python feedback/rlp.py", doc=__doc__, default=DEFAULT_CONFIG, options=LoopOptions
    )
    return loop(config, options)


def loop(config: LoopConfig, options: LoopOptions) -> int:
    """Run the loop that `config` describes; returns the exit code."""
    from espalier.loops.pace import Pace, TimeIsUp
    from feedback.loop.beginning import check, kinds_of_steps, parents_of
    from feedback.loop.folder import open_folder

    check(config)
    with open_folder(config, parents_of(config)) as folder:
        if folder.complete:
            say(f"loop {config.name} is already complete: {folder.folder / 'report.md'}")
            return 0
        try:
            rounds = run_rounds(config, folder, Pace(kinds_of_steps(config), options.minutes))
        except TimeIsUp:
            say(f"stopped: {options.minutes:g} minutes are over; the same command goes on from here")
            return TIME_IS_UP
        conclude(config, folder, rounds, publish=options.publish)
    return 0


def run_rounds(config: LoopConfig, folder: "LoopFolder", pace: "Pace") -> list[dict[str, Any]]:
    """The rounds, as far as the rules let them go: of each the policy that was taken, and what was found of it."""
    from feedback.loop import steps
    from feedback.loop.examining import examined, mark
    from feedback.loop.verdict import choose, of_first

    policy, reward, rounds = config.start, None, list[dict[str, Any]]()
    first = steps.examine(config, pace, 0, "first", config.start, config.exam.best_of)
    for number in range(config.rounds):
        samples = steps.sample(config, pace, number, policy)
        reward = steps.renew(config, pace, number, samples, reward)
        run = steps.optimise(config, pace, number, steps.rank(config, pace, number, samples, reward))
        exams = examined(config, folder, pace, number, run, reward=reward, first=first)
        before = [of_first(config.start, exams[0]), *(each["exam"] for each in rounds)]
        choice = choose(exams, before, config.stop)
        policy = choice.exam["policy"]
        ends = bool(choice.stopped) or number + 1 == config.rounds
        learned = policy != config.start
        scores = steps.decide(config, pace, number, policy) if ends and config.final and learned else None
        marked = mark(exams[-1], None)
        if scores and not choice.exam["step"]:
            mark(choice.exam, scores)
        said = {"number": number, "policy": policy, "reward": reward, "scores": scores, "stopped": choice.stopped}
        rounds.append({**said, "gamed": marked.gamed, "exploits": marked.exploits, "exam": choice.exam, "exams": exams})
        tell(rounds[-1])
        if ends:
            break
    return rounds


def tell(found: dict[str, Any]) -> None:
    """Say what a round came to."""
    from feedback.loop.report import line

    say(f"round {found['number']}: {line(found['exam'])}{'  [gamed]' if found['gamed'] else ''}")
    for exploit in found["exploits"]:
        say(f"    exploits: {exploit}")
    if found["stopped"]:
        say(f"    the loop ends here: {found['stopped']}; {found['policy']} is taken")


def conclude(config: LoopConfig, folder: "LoopFolder", rounds: list[dict[str, Any]], *, publish: bool) -> None:
    """Report, seal, note."""
    from feedback.loop.folder import finish
    from feedback.loop.report import write_report

    page = write_report(config, folder.folder, rounds, publish=publish)
    finish(folder, config, rounds)
    say(f"complete: {page}")


if __name__ == "__main__":
    run_main(main)
