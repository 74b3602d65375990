"""From records to what people read: summary, report, log, and a few lines on the terminal."""

from __future__ import annotations

import html
import re
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from espalier import console, records
from espalier.identity import versions
from espalier.report import percent
from evaluation.backends import LocalModel
from evaluation.config import EvaluateConfig, EvaluateOptions, command
from evaluation.figures import Results, summarise
from evaluation.lineage import trace
from evaluation.plan import Plan
from evaluation.publish import publish
from evaluation.report import Material, conclusions, write_report
from evaluation.report.verdict import points
from evaluation.scores import Scores


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What an evaluation came to."""

    material: Material
    """What the report was made of."""
    report: Path
    """The report."""
    published: Path | None
    """Its copy in the written memory."""


def conclude(plan: Plan, config: EvaluateConfig, options: EvaluateOptions, scores: Scores) -> Outcome:
    """Writes summary, report and log, then seals the scores."""
    material = Material(
        name=plan.name,
        command=command(config),
        suite=plan.suite,
        metrics=plan.metrics,
        results=Results(scores.read(), plan.contestants, plan.baseline, config.seed),
        lineages={each.name: trace(each.ref) for each in plan.backends if isinstance(each, LocalModel)},
        identities={each.name: each.identity for each in plan.backends},
        mix=f"{plan.mix.name} ({plan.mix.content_hash[:12]})" if plan.mix else None,
        seed=config.seed,
    )
    summary = {
        "suite": plan.suite.name,
        "version": plan.suite.version,
        "cases": len(plan.cases),
        "baseline": plan.baseline,
        "decides": plan.suite.main_metric,
        "contestants": summarise(material.results, plan.metrics),
    }
    records.write_json(scores.folder / "summary.json", summary)
    write_report(material, scores.folder)
    details = {
        "name": plan.name,
        "command": material.command,
        "conclusions": conclusions(material),
        **summary,
        "identity": plan.identity,
        "lineage": {name: asdict(lineage) for name, lineage in material.lineages.items()},
    }
    records.write_json(scores.folder / "report.json", details)
    published = None
    if options.publish:
        when = options.date or date.today().isoformat()
        published = publish(scores.folder, plan.name, date=when, headline=_log_line(material))
    scores.finish({"packages": versions(), "baseline": plan.baseline, "decides": plan.suite.main_metric})
    return Outcome(material=material, report=scores.folder / "report.md", published=published)


def announce(outcome: Outcome) -> None:
    """Says what came of it: the verdict, the table of measures, where the report lies."""
    material = outcome.material
    for paragraph in conclusions(material):
        console.say()
        console.say(html.unescape(re.sub(r"\\(.)|\*", r"\1", paragraph)))
    console.say()
    rows = []
    for metric in material.metrics:
        found = [material.results.estimate(each, metric.name) for each in material.results.contestants]
        if found[0]:
            rows.append([metric.label, found[0].num_cases, *(percent(each.value) if each else "" for each in found)])
    console.table(["measure", "n", *(each.name for each in material.results.contestants)], rows)
    console.say()
    console.say(f"report: {outcome.report}")
    if outcome.published:
        console.say(f"copied to: {outcome.published}")


def _log_line(material: Material) -> str:
    """The figures that decide, in one line."""
    metric = material.headline
    parts = []
    for each in [material.results.baseline, *material.candidates]:
        found = material.results.estimate(each, metric.name)
        compared = material.results.compare(each, metric.name) if each != material.results.baseline else None
        gap = compared.difference if compared else None
        beside = f" ({points(gap.value)}, 95 % interval {points(gap.low)} to {points(gap.high)})" if gap else ""
        parts.append(f"{each.name} {percent(found.value) if found else '–'}{beside}")
    return f"{material.suite.name} v{material.suite.version}, {metric.label}: {'; '.join(parts)}"
