"""Ask what levers of the bootstrapping loop do: arms beside a baseline, over seeds, at equal budgets.

    python research/bootstrap/experiment.py LEVER.yaml … [--seeds 3] [--jobs 2] [--engine ray] [--page FILE.md]

A lever is a file of levers/, by its name: staging, threshold, separation, identity … Of several, all arms stand on one
page and are corrected for together. Each arm with each seed is a loop of its own, LOOP-ARM-s0, run by
research/bootstrap/run.py; where it listens to what the baseline does, both go on from one listening, LOOP-listening-s0.
The same command goes on where it was stopped; what is complete is not run again, whichever lever asked for it. An arm
that fails does not stop the others, and the page says what is missing. Prints Markdown.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from espalier.command_line.config import find_file, load, load_file, to_dict
from espalier.command_line.console import say
from espalier.errors import UserError, run_main
from research.bootstrap.experiments.config import (
    BASELINE,
    LEVERS,
    LISTENING,
    Experiment,
    ExperimentOptions,
    arms_of,
)

if TYPE_CHECKING:
    from research.bootstrap.experiments.comparing import Found
    from research.bootstrap.experiments.outcomes import Outcome
    from research.bootstrap.loop.config import BootstrapConfig

LOOP = "research/bootstrap/run.py"
Levers = Mapping[str, Experiment]


class Loop(NamedTuple):
    """A loop that an experiment wants."""

    command: list[str]
    config: "BootstrapConfig"
    arm: str
    seed: int


def main(argv: list[str]) -> int:
    levers, options = asked_for(argv)
    try:
        run_arms(levers, options)
    except (KeyboardInterrupt, SystemExit):  # what is there already is told all the same
        if not options.only_run:
            tell(levers, options)
        raise
    if missing := tell(levers, options) if not options.only_run else outcomes_of(levers)[1]:
        raise UserError("\n".join(missing.values()))
    return 0


def asked_for(argv: list[str]) -> tuple[Levers, ExperimentOptions]:
    """The levers by name, which stand first; what else is said counts for each of them."""
    named = next((place for place, word in enumerate(argv) if word.startswith("-")), len(argv))
    default, levers, options = LEVERS / "staging.yaml", dict[str, Experiment](), ExperimentOptions()
    for word in argv[:named] or [str(default)]:
        lever, options = load(
            Experiment,
            [word, *argv[named:]],
            prog="python research/bootstrap/experiment.py",
            doc=__doc__,
            default=default,
            options=ExperimentOptions,
        )
        levers[find_file(word, default).stem] = lever
    return levers, options


def run_arms(levers: Levers, options: ExperimentOptions) -> None:
    """Run the loops that are not complete, what they begin from first; of those that fail it is said why."""
    listening, arms = loops_of(levers)
    left = {name: loop for name, loop in arms.items() if not _complete(name)}
    say(f"{len(arms)} loops, {len(arms) - len(left)} of them complete")
    wanted = {loop.config.begin_from for loop in left.values()}
    run_loops({name: loop for name, loop in listening.items() if name in wanted and not _complete(name)}, options)
    able = {name: loop for name, loop in left.items() if not (from_ := loop.config.begin_from) or _complete(from_)}
    run_loops(able, options)


def run_loops(loops: Mapping[str, Loop], options: ExperimentOptions) -> None:
    """Run these, and say of each how it ended."""
    from espalier.command_line.fanning import run_on_cluster, run_several

    commands = {name: loop.command for name, loop in loops.items()}
    if options.engine == "ray" and loops:
        from espalier.cluster import connect

        threads = max(loop.config.threads for loop in loops.values())
        ended = run_on_cluster(connect(options.ray_address), commands, threads)
    else:
        ended = run_several(commands, options.jobs)
    for each in ended:
        good = each.code == 0
        say(f"{each.name}: {'complete' if good else f'FAILED with exit code {each.code}'}")
        if not good:
            say(each.tail.rstrip())


def loops_of(levers: Levers) -> tuple[dict[str, Loop], dict[str, Loop]]:
    """By name, the listenings that arms may begin from, and the arms with each seed. UserError where an arm's keys are
    none of the loop's."""
    from research.bootstrap.loop.beginning import listening_of

    first = next(iter(levers.values()))
    arms, listening, loops = {BASELINE: dict[str, Any](), **arms_of(levers)}, dict[str, Loop](), dict[str, Loop]()
    for seed in range(first.seeds):
        name, loop = _loop(first, LISTENING, seed, {"rounds": 1})
        listening[name] = loop
        for arm, keys in arms.items():
            own_name, own = _loop(first, arm, seed, keys)
            if listening_of(to_dict(own.config)) == listening_of(to_dict(loop.config)):
                own_name, own = _loop(first, arm, seed, {**keys, "begin_from": name})
            loops[own_name] = own
    return listening, loops


def _loop(lever: Experiment, arm: str, seed: int, keys: Mapping[str, Any]) -> tuple[str, Loop]:
    """A loop and its name: the baseline's is the same for all levers of one configuration."""
    from espalier.loops.steps import flags
    from research.bootstrap.loop.config import BootstrapConfig, BootstrapOptions

    name = f"{load_file(BootstrapConfig, lever.loop).name}-{arm}-s{seed}"
    words = [str(lever.loop), *flags({**keys, "name": name, "seed": seed})]
    config, _ = load(BootstrapConfig, words, prog=LOOP, doc=None, options=BootstrapOptions)
    return name, Loop([LOOP, *words, "--publish", "false"], config, arm, seed)


def outcomes_of(levers: Levers) -> "tuple[Found, dict[str, str]]":
    """What the loops came to, and of those that are missing, by name, why."""
    from espalier.artifacts.records import sha256_file
    from research.bootstrap.experiments.outcomes import read

    found: dict[str, dict[int, Outcome]] = {}
    missing = dict[str, str]()
    for name, loop in loops_of(levers)[1].items():
        of_arm = found.setdefault(loop.arm, {})
        try:
            of_arm[loop.seed] = read(name, to_dict(loop.config), sha256_file(loop.config.milestones))
        except UserError as error:
            missing[name] = str(error)
    return found, missing


def tell(levers: Levers, options: ExperimentOptions) -> dict[str, str]:
    """Compare the arms as far as they are there, and write the page or print it; returns which loops are missing, and
    why."""
    from espalier.artifacts.records import write_text
    from research.bootstrap.experiments import page

    found, missing = outcomes_of(levers)
    if options.page is None:
        say("\n\n".join(page.written(levers, found, missing, [])))
        return missing
    pictures = []
    for name, lever in levers.items():
        drawn = options.page.with_name(f"{options.page.stem}{f'-{name}' if len(levers) > 1 else ''}.png")
        if any(found.values()):
            pictures.append(page.drawn(lever, found, drawn).name)
    write_text(options.page, "\n\n".join(page.written(levers, found, missing, pictures)) + "\n")
    say(f"written: {options.page}")
    return missing


def _complete(loop: str) -> bool:
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import is_complete

    return is_complete(artifact("loops", loop))


if __name__ == "__main__":
    run_main(main)
