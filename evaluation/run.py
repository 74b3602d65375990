"""Compare models on a suite of cases with known truth.

    python evaluation/run.py --models basil-trunk basil-core [--suite recast] [--any_key VALUE ...]
    python evaluation/run.py --list_suites

The first model is the baseline. Every reply is kept in scores/NAME/; the report is copied to agents/reports/. The same
command goes on with an evaluation that was interrupted, and says so when it is complete.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from typing import TYPE_CHECKING

from espalier.config import load
from espalier.console import say
from espalier.errors import run_main
from evaluation.config import EvaluateConfig, EvaluateOptions

if TYPE_CHECKING:
    from evaluation.backends import Backend
    from evaluation.plan import Plan
    from evaluation.scores import Scores


def main(argv: list[str]) -> int:
    config, options = load(EvaluateConfig, argv, prog="python evaluation/run.py", doc=__doc__, options=EvaluateOptions)
    if options.list_suites:
        return list_suites()
    return evaluate(config, options)


def list_suites() -> int:
    """Say which suites come with Espalier."""
    from espalier.console import table
    from evaluation.suite import builtin_suites, load_suite

    suites = [load_suite(name) for name in builtin_suites()]
    table(["suite", "version", "what it asks"], [[each.name, each.version, each.description] for each in suites])
    return 0


def evaluate(config: EvaluateConfig, options: EvaluateOptions) -> int:
    """Ask every case of every model that has not answered yet, then write the report; returns the exit code."""
    from evaluation.conclude import announce, conclude
    from evaluation.plan import make_plan
    from evaluation.scores import Scores

    plan = make_plan(config)
    with Scores.open(plan.name, plan.identity, redo=options.redo) as scores:
        if scores.complete:
            changed = "; the evaluator's code has changed since, and --redo scores again" if scores.code_changed else ""
            say(f"scores {plan.name} are already complete: {scores.folder / 'report.md'}{changed}")
            return 0
        done = scores.mend([backend.name for backend in plan.backends], plan.cases)
        for backend in plan.backends:
            ask(plan, backend, scores, done[backend.name], config.seed)
        announce(conclude(plan, config, options, scores))
    return 0


def ask(plan: "Plan", backend: "Backend", scores: "Scores", chunks_done: int, seed: int) -> None:
    """Ask one model what it was not asked before, keeping the records chunk by chunk."""
    from espalier.console import progress
    from evaluation.play import chunks, play

    portions = chunks(plan.cases)
    count = [sum(1 + len(case.script) for case in chunk) for chunk in portions]
    given = sum(count[:chunks_done])
    if chunks_done == len(portions):
        return
    with progress(sum(count), backend.name, done=given) as bar:

        def on_turn(replies: int) -> None:
            nonlocal given
            given += replies
            bar.update(given, {})

        for chunk in portions[chunks_done:]:
            scores.append(play(backend, chunk, plan.metrics, seed=seed, on_turn=on_turn))
    backend.close()


if __name__ == "__main__":
    run_main(main)
