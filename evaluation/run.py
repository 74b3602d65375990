"""Compare models on a suite of cases: who teaches better, and how sure is that?

    python evaluation/run.py --models basil-trunk basil-core [--suite recast] [--any_key VALUE ...]
    python evaluation/run.py --list-suites

The first model is the baseline. Every reply is kept in the cache as it comes, so the same command goes on with an
evaluation that was interrupted. Records, report.md and page.html lie in scores/NAME/; report.md is copied to
agents/reports/. With --gate the exit code is 1 where a condition does not hold, with --pin 2 where the evaluator, its
code, cases, judges and controls, is not the one whose hash --print_pin gave.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from typing import TYPE_CHECKING

from espalier.command_line.config import load
from espalier.command_line.console import say
from espalier.errors import UserError, run_main
from espalier.models import devices
from evaluation.config import EvaluateConfig, EvaluateOptions

if TYPE_CHECKING:
    from evaluation.backends.base import Backend
    from evaluation.cache import Cache
    from evaluation.plan import Plan
    from evaluation.scoring.records import Record


def main(argv: list[str]) -> int:
    config, options = load(EvaluateConfig, argv, prog="python evaluation/run.py", doc=__doc__, options=EvaluateOptions)
    if options.list_suites:
        return list_suites()
    if options.export_template:
        return export_template()
    if options.validate_:
        return validate(options.validate_, config, options.gate)
    if options.pin is None and any(word.partition("=")[0] == "--pin" for word in argv):
        # An unset variable in a script must not turn the guard off.
        raise UserError("--pin: is empty; it wants 12 to 64 hexadecimal digits, as --print_pin says them")
    if options.print_pin:
        return print_pin(config, options)
    return evaluate(config, options)


def list_suites() -> int:
    """Say which suites come with Espalier."""
    from espalier.command_line.console import table
    from espalier.suite_file import builtin_suites
    from evaluation.cases.suite import load_suite

    suites = [load_suite(name) for name in builtin_suites()]
    rows = [[each.name, each.version, len(each.cases) or "of a mix", each.description] for each in suites]
    table(["suite", "version", "cases", "what it asks"], rows)
    return 0


def export_template() -> int:
    """Print a suite to start from."""
    say((Path(__file__).parent / "suite_template.yaml").read_text(encoding="utf-8").rstrip())
    return 0


def validate(choice: str, config: EvaluateConfig, gates: list[str]) -> int:
    """Say what is in a suite. UserError lists all that is wrong with it, or says which gate cannot be on it."""
    from evaluation.cases.suite import describe, load_suite
    from evaluation.gate import check_names, parse_gate
    from evaluation.plan import column_names
    from evaluation.scoring.columns import known_columns
    from evaluation.scoring.own_metrics import load_metrics

    known = known_columns(load_metrics(config.metrics))
    suite = load_suite(choice, known)
    columns = [known[name] for name in column_names(suite)]
    check_names([parse_gate(text) for text in gates], columns, config.models, {})
    say(describe(suite))
    return 0


def print_pin(config: EvaluateConfig, options: EvaluateOptions) -> int:
    """Print what `--pin` takes; UserError where it is given and another's."""
    from evaluation.pin import held_to
    from evaluation.plan import read_questions

    evaluator = read_questions(config).evaluator
    with held_to(options.pin, evaluator):
        say(evaluator.pin)
    return 0


def evaluate(config: EvaluateConfig, options: EvaluateOptions) -> int:
    """Compare the models by the evaluator that is asked for; returns the exit code. UserError for another's pin."""
    from evaluation.pin import held_to
    from evaluation.plan import make_plan, read_questions

    if not config.models:
        raise UserError("name at least one model: --models basil-trunk basil-core (espalier runs lists the runs)")
    if config.engine != "ray":
        devices.check_here(config.device)
    questions = read_questions(config)
    with held_to(options.pin, questions.evaluator):
        return compare(make_plan(config, questions), config, options)


def compare(plan: "Plan", config: EvaluateConfig, options: EvaluateOptions) -> int:
    """Ask every model what it was not asked before, judge, compare, report; returns the exit code."""
    from evaluation.backends.versions import tell_of_change
    from evaluation.backends.weights import Weights
    from evaluation.cache import Cache
    from evaluation.conclude import announce, check_gates, conclude, exit_code, gather, publish, read_gates
    from evaluation.scoring.scores import Scores

    made_in = options.made_in(plan.name)
    gates = read_gates(options, plan)
    scored = Scores.open(
        plan.name, plan.identity, plan.evaluator, parents=plan.parents, made_in=made_in, redo=options.redo
    )
    with scored as scores, Cache() as cache:
        if scores.complete:
            since = (
                f"; the evaluator has changed since ({scores.changed}), and --redo scores again"
                if scores.changed
                else ""
            )
            say(f"scores {plan.name} are already complete: {scores.path('report.md')}{since}")
            material = gather(plan, config, scores.read(), cache, pinned=bool(options.pin))
        else:
            tell_of_change(
                cache, {each.computed_by: each.generator for each in plan.backends if isinstance(each, Weights)}
            )
            records = [record for backend in plan.backends for record in ask(plan, backend, cache, config.seed)]
            records = judge(plan, records, cache)
            scores.write(records)
            material = gather(plan, config, records, cache, pinned=bool(options.pin))
            conclude(material, plan, scores)
        published = publish(scores.folder, material) if options.publish else None
        material = check_gates(gates, plan, material)
        announce(material, scores.folder, published)
    return exit_code(material, options)


def ask(plan: "Plan", backend: "Backend", cache: "Cache", seed: int) -> "list[Record]":
    """One model's records: what was answered before from the cache, the rest asked now."""
    from espalier.command_line.console import progress
    from evaluation.play import num_replies, play

    samples = plan.suite.generation.samples
    total = num_replies(plan.asked(backend)) * samples
    before = 0
    with progress(total, backend.name) as bar:

        def on_reply(answered: int, from_cache: int) -> None:
            nonlocal before
            # What the cache or a rule answers takes no time, and no lines.
            if backend.is_model and not backend.interactive and (from_cache == before or answered == total):
                bar.update(answered, {"from the cache": from_cache} if from_cache else {})
            before = from_cache

        try:
            return play(
                backend,
                plan.asked(backend),
                plan.columns,
                cache=cache,
                seed=seed,
                samples=samples,
                learner=plan.learner,
                on_reply=on_reply,
            )
        finally:
            backend.close()


def judge(plan: "Plan", records: "list[Record]", cache: "Cache") -> "list[Record]":
    """The records with what the judges say of them."""
    from espalier.command_line.console import progress
    from evaluation.scoring.verdicts import add_pedagogy, add_verdicts

    if plan.judge is None or not plan.dimensions:
        return tell_language(plan, records, cache)
    with progress(len(records), f"judged by {plan.judge.name}") as bar:
        judged = add_verdicts(
            records, plan.judge, plan.dimensions, cache=cache, on_verdict=lambda number: bar.update(number, {})
        )
    return add_pedagogy(tell_language(plan, judged, cache))


def tell_language(plan: "Plan", records: "list[Record]", cache: "Cache") -> "list[Record]":
    """The records with what a language model says of whether they are language, where one was asked for."""
    from espalier.command_line.console import progress
    from evaluation.scoring.fluency import add_fluency, num_texts

    if plan.reader is None:
        return records
    models = [backend.name for backend in plan.backends if backend.is_model]
    with progress(num_texts(records, models), f"read by {plan.reader.name}") as bar:
        try:
            return add_fluency(
                records, plan.reader, models=models, cache=cache, on_text=lambda number: bar.update(number, {})
            )
        finally:
            plan.reader.close()


if __name__ == "__main__":
    run_main(main)
