"""From records to what people read: summary, report, page, log, and a few lines on the terminal.

The written memory is agents/: a report's page and pictures go to agents/reports/, one line to agents/RUNLOG.md.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from espalier.artifacts import records
from espalier.artifacts.identity import versions
from espalier.artifacts.paths import agents_dir
from espalier.artifacts.records import write_text
from espalier.command_line import console
from espalier.memory.runlog import note
from evaluation.cache import Cache
from evaluation.cases.seen import seen_cases
from evaluation.cases.trained_on import Lineage, trace
from evaluation.circular import decide_nothing, judges_lineages, pleased
from evaluation.comparison.figures import Results
from evaluation.comparison.formats import value
from evaluation.comparison.summary import summarise
from evaluation.config import EvaluateConfig, EvaluateOptions, command
from evaluation.gate import Gate, Reliable, check, check_names, parse_gate
from evaluation.judges import calibration
from evaluation.judges.base import JUDGED
from evaluation.junit import write_junit
from evaluation.plan import Plan
from evaluation.report import Material, conclusions, learners, log_line, visibility, write_report
from evaluation.report.examples import choices
from evaluation.report.side_by_side import write_side_by_side
from evaluation.report.tried import for_page, not_made, tried, why_withheld, won_by
from evaluation.report.trust import read_by
from evaluation.report.web.page import write_page
from evaluation.scoring.pedagogy import PEDAGOGY
from evaluation.scoring.pedagogy import columns as pedagogy_columns
from evaluation.scoring.records import Record
from evaluation.scoring.scores import Scores


def gather(plan: Plan, config: EvaluateConfig, found: Sequence[Record], cache: Cache, *, pinned: bool) -> Material:
    """Everything the report is made of."""
    lineages = _lineages(plan)
    judges = plan.judge.names if plan.judge else ()
    calibrations = {name: calibration.read(name) for name in (*judges, calibration.METRICS_ALONE)}
    return Material(
        name=plan.name,
        command=command(config, plan.evaluator.pin if pinned else None),
        suite=plan.suite,
        metrics=plan.columns,
        results=Results(found, plan.contestants, plan.baseline, plan.columns, seed=config.seed),
        lineages=lineages,
        identities={each.name: each.identity for each in plan.backends},
        mix=f"{plan.mix.name} ({plan.mix.content_hash[:12]})" if plan.mix else None,
        seed=config.seed,
        judges=judges,
        calibrations={name: facts for name, facts in calibrations.items() if facts},
        missing=plan.missing,
        evaluator=plan.evaluator.summary,
        seen={name: seen_cases(lineage, plan.cases, cache) for name, lineage in lineages.items()},
        judges_seen={
            name: met
            for name, lineage in judges_lineages(_judging(plan)).items()
            if (met := seen_cases(lineage, plan.cases, cache))
        },
        partial=_partial(plan, lineages),
    )


def _lineages(plan: Plan) -> dict[str, Lineage]:
    return {each.name: trace(each.ref) for each in plan.backends if each.ref is not None}


def _judging(plan: Plan) -> Mapping[str, str]:
    return plan.evaluator.judges if plan.judge else {}


def _partial(plan: Plan, lineages: Mapping[str, Lineage]) -> dict[str, str]:
    return decide_nothing(pleased(lineages, _judging(plan)), plan.columns, plan.missing)


def read_gates(options: EvaluateOptions, plan: Plan) -> list[Gate]:
    """The gates of the command line. UserError for one that names what there is not, or what may not decide."""
    gates = [parse_gate(text) for text in options.gate]
    check_names(gates, plan.columns, [each.name for each in plan.contestants], _reliable(plan))
    return gates


def check_gates(gates: Sequence[Gate], plan: Plan, material: Material) -> Material:
    """The material with what became of the gates."""
    won = {name: won_by(bar) for name, bar in material.won.items()} if gates else {}
    return replace(material, gates=check(gates, material.results, _reliable(plan), won))


def _reliable(plan: Plan) -> Reliable:
    """Which judged columns may decide: those that every judge at work was shown to be reliable on."""
    found: dict[str, tuple[bool, str]] = {}
    for column in plan.columns:
        if column.name in plan.missing or (
            column.name == PEDAGOGY.name and set(pedagogy_columns()) & set(plan.missing)
        ):
            found[column.name] = (False, "no judge at work gives it, or a part of it")
        elif column.name in JUDGED:
            for name in plan.judge.names if plan.judge else ():
                known = calibration.reliable(name).get(column.name, (False, f"judge {name} was not calibrated on it"))
                found[column.name] = min(found.get(column.name, known), known)
    partial = _partial(plan, _lineages(plan))
    return found | {name: (False, why) for name, why in partial.items()}


def conclude(material: Material, plan: Plan, scores: Scores) -> None:
    """Writes records, summary, report and page, and seals the scores."""
    suite = plan.suite
    summary: dict[str, Any] = {
        "suite": suite.name,
        "version": suite.version,
        "cases": len(plan.cases),
        "baseline": plan.baseline,
        "decides": material.headline.name,
        "better": material.headline.better,
        "missing": list(plan.missing),
        "tried": tried(material),
        "contestants": summarise(material.results, material.strongest_controls),
    }
    records.write_json(scores.path("summary.json"), summary)
    write_report(material, scores.folder)
    details = {
        "name": plan.name,
        "command": material.command,
        "conclusions": conclusions(material),
        **summary,
        "identity": plan.identity,
        "evaluator": material.evaluator,
        "lineage": {name: lineage.facts for name, lineage in material.lineages.items()},
        "seen": material.seen,
        **({"judges_seen": material.judges_seen} if material.judges_seen else {}),
        **({"decide_nothing": material.partial} if material.partial else {}),
        "calibrations": material.calibrations,
        "visibility": {name: asdict(seen) for name, seen in visibility.visibility(material).items()},
    }
    records.write_json(scores.path("report.json"), details)
    beside, strongest = material.without_controls, material.bar.margins[:1]
    won = why_withheld(material)
    models = [member for each in beside if len(each.members) == 1 for member in each.members]
    ordered = sorted(models, key=lambda name: name != plan.baseline)
    all_records = material.results.all_records
    write_page(
        scores.folder,
        title=f"{suite.name}, version {suite.version}",
        conclusions=[*conclusions(material), *visibility.cautions(material)],
        summary={each.name: summary["contestants"][each.name] for each in [*beside, *material.strongest_controls]},
        columns=material.metrics,
        records=all_records,
        models=[*ordered, *(margin.control.name for margin in strongest)],
        seen=material.seen,
        facts=[("command", material.command), ("suite", suite.description), ("what is known", suite.truth)],
        decides=material.headline.name,
        cautions=won | material.unreliable,
        withheld=won,
        tried=for_page(material),
        learners=learners.for_page(material),
    )
    write_side_by_side(scores.path("side-by-side.txt"), records=all_records, models=ordered, columns=material.metrics)
    decides = material.headline.name
    reached = {
        each.name: one
        for each in plan.contestants
        if not each.control and (one := material.results.estimate(each, decides))
    }
    headline = {name: one.value for name, one in reached.items()}
    intervals = {name: [one.low, one.high] for name, one in reached.items()}
    facts = {"packages": versions(), "evaluator": material.evaluator, "baseline": plan.baseline}
    why = material.partial.get(decides) or (won_by(material.bar) if material.bar.unbeaten else "")
    withheld = {"withheld": why} if why else {}
    chosen = {"choices": found} if (found := choices(material)) else {}
    scores.finish({**facts, "decides": decides, "headline": headline, "intervals": intervals, **withheld, **chosen})


def announce(material: Material, folder: Path, published: Path | None) -> None:
    """Says what came of it: the verdict, the table of columns, what failed, where the report lies."""
    for paragraph in conclusions(material):
        console.say()
        console.say(html.unescape(re.sub(r"\\(.)|\*", r"\1", paragraph)))
    console.say()
    results = material.results
    shown = [*material.without_controls, *(margin.control for margin in material.bar.margins[:1])]
    rows = []
    for column in material.metrics:
        found = [results.estimate(each, column.name) for each in shown]
        if any(found):
            number = next(each.num_cases for each in found if each)
            rows.append([column.label, number, *(value(column, each.value) if each else "" for each in found)])
    console.table(["measure", "n", *(each.name for each in shown)], rows)
    console.say()
    for each in results.contestants:
        failed = [record for member in each.members for record in results.records(member) if record.finish == "error"]
        if failed and len(each.members) == 1 and not each.control:
            console.say(f"note: {each.name} gave no reply {len(failed):,} times, such as: {failed[0].error}")
    if not_made(material):
        console.say(f"note: {not_made(material)}")
    for warning in visibility.warnings(material):
        console.say(f"note: {warning}")
    for line in read_by(material):
        console.say(f"note: {line}")
    if material.missing:
        console.say(f"note: no judge gives {', '.join(material.missing)}; the report says how to train one")
    for outcome in material.gates:
        console.say(f"gate {'passed' if outcome.passed else 'FAILED'}: {outcome.text} ({outcome.why})")
    console.say(f"report: {folder / 'report.md'}")
    console.say(f"page:   {folder / 'page.html'}")
    if published:
        console.say(f"copied to: {published}")


def exit_code(material: Material, options: EvaluateOptions) -> int:
    """1 where a gate does not hold, 0 otherwise; writes the JUnit file if one is asked for."""
    if options.junit:
        write_junit(Path(options.junit), material.name, material.results, material.gates)
    return int(not all(outcome.passed for outcome in material.gates))


def publish(folder: Path, material: Material) -> Path:
    """Copies `report.md` and the pictures of finished scores to the written memory, and notes them; returns the page.

    The same scores published again leave the log as it is.
    """
    reports = agents_dir() / "reports"
    reports.mkdir(parents=True, exist_ok=True)
    for picture in sorted(folder.glob("*.png")):
        (reports / picture.name).write_bytes(picture.read_bytes())
    page = reports / f"{material.name}.md"
    write_text(page, (folder / "report.md").read_text(encoding="utf-8"))
    note(f"scores:{material.name}", figures=log_line(material), page=f"reports/{page.name}")
    return page
