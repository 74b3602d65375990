"""Ask what a lever of the bootstrapping loop does: arms beside a baseline, over seeds, at equal budgets.

    python research/bootstrap/experiment.py LEVER.yaml [--seeds 3] [--jobs 2] [--engine ray] [--page FILE.md]

A lever is a file of levers/, by its name: staging, threshold, separation, identity … Each arm with each seed is a loop
of its own, LOOP-ARM-s0, run by research/bootstrap/run.py. The same command goes on where it was stopped; what is
complete is not run again, whichever lever asked for it. An arm that fails does not stop the others. Prints Markdown.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from espalier.command_line.config import load, load_file
from espalier.command_line.console import say
from espalier.errors import UserError, run_main
from research.bootstrap.experiments.config import BASELINE, LEVERS, Experiment, ExperimentOptions

if TYPE_CHECKING:
    from research.bootstrap.experiments.outcomes import Outcome
    from research.bootstrap.loop.config import BootstrapConfig

LOOP = "research/bootstrap/run.py"


def main(argv: list[str]) -> int:
    experiment, options = load(
        Experiment,
        argv,
        prog="python research/bootstrap/experiment.py",
        doc=__doc__,
        default=LEVERS / "staging.yaml",
        options=ExperimentOptions,
    )
    failed = run_arms(experiment, options)
    if failed:
        raise UserError(f"{', '.join(failed)} did not end well; the same command goes on with them")
    if not options.only_run:
        tell(experiment, options)
    return 0


def run_arms(experiment: Experiment, options: ExperimentOptions) -> list[str]:
    """Run the loops that are not complete; names of those that failed, of which is said why."""
    from espalier.artifacts.paths import artifact
    from espalier.artifacts.records import is_complete
    from espalier.command_line.fanning import run_on_cluster, run_several

    loops = loops_of(experiment)
    left = {name: command for name, (command, _) in loops.items() if not is_complete(artifact("loops", name))}
    say(f"{len(loops)} loops, {len(loops) - len(left)} of them complete")
    if options.engine == "ray":
        from espalier.cluster import connect
        from research.bootstrap.loop.config import BootstrapConfig

        threads = load_file(BootstrapConfig, experiment.loop).threads
        ended = run_on_cluster(connect(options.ray_address), left, threads)
    else:
        ended = run_several(left, options.jobs)
    failed = []
    for each in ended:
        good = each.code == 0
        say(f"{each.name}: {'complete' if good else f'FAILED with exit code {each.code}'}")
        if not good:
            failed.append(each.name)
            say(each.tail.rstrip())
    return failed


def loops_of(experiment: Experiment) -> dict[str, tuple[list[str], "BootstrapConfig"]]:
    """By name, the command of each arm with each seed, and its configuration. UserError where an arm's keys are none
    of the loop's."""
    from espalier.loops.steps import flags
    from research.bootstrap.loop.config import BootstrapConfig, BootstrapOptions

    loops = {}
    for arm, keys in {BASELINE: {}, **experiment.arms}.items():
        for seed in range(experiment.seeds):
            name = loop_name(experiment, arm, seed)
            words = [str(experiment.loop), *flags({**keys, "name": name, "seed": seed})]
            config, _ = load(BootstrapConfig, words, prog=LOOP, doc=None, options=BootstrapOptions)
            loops[name] = [LOOP, *words, "--publish", "false"], config
    return loops


def loop_name(experiment: Experiment, arm: str, seed: int) -> str:
    """What a loop is called: the baseline's is the same for all levers of one configuration."""
    from research.bootstrap.loop.config import BootstrapConfig

    return f"{load_file(BootstrapConfig, experiment.loop).name}-{arm}-s{seed}"


def tell(experiment: Experiment, options: ExperimentOptions) -> None:
    """Compare the arms, and write the page or print it."""
    from espalier.artifacts.records import sha256_file
    from espalier.command_line.config import to_dict
    from research.bootstrap.experiments import page
    from research.bootstrap.experiments.outcomes import read

    asked = {name: config for name, (_, config) in loops_of(experiment).items()}
    names = {arm: [loop_name(experiment, arm, seed) for seed in range(experiment.seeds)]
             for arm in (BASELINE, *experiment.arms)}  # fmt: skip
    found: Mapping[str, Sequence[Outcome]] = {
        arm: [read(name, to_dict(asked[name]), sha256_file(asked[name].milestones)) for name in of_arm]
        for arm, of_arm in names.items()
    }
    if options.page is None:
        say("\n\n".join(page.written(experiment, found, None)))
        return
    picture = page.drawn(found, options.page.with_suffix(".png"))
    options.page.write_text("\n\n".join(page.written(experiment, found, picture.name)) + "\n", encoding="utf-8")
    say(f"written: {options.page}")


if __name__ == "__main__":
    run_main(main)
