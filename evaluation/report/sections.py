"""The tables: every measure, every comparison, and where they differ by mistake, move and hold-out."""

from __future__ import annotations

from collections.abc import Sequence

from espalier.report import Markup, escape, percent, table
from evaluation.figures import Where, first_reply, in_dialogue, in_group
from evaluation.metrics.base import Metric
from evaluation.report.examples import FORM
from evaluation.report.material import Material
from evaluation.report.verdict import leader, points
from evaluation.stats import Estimate

_RULES = {
    "rule:copy": "copies the learner's sentence, mistake and all, into the commonest recast of the training rows",
    "rule:reference": "gives the reply that the curriculum itself gave: the most that these measures allow",
}


def measures(material: Material) -> str:
    """Every measure for everyone, and what each means."""
    rows = [_row(material, metric.label, metric.name, first_reply) for metric in material.metrics]
    rules = [each.name for each in material.results.contestants if each.control]
    notes = "".join(f"- `{name}` {_RULES.get(name, '')}{_template(material, name)}\n" for name in rules)
    return (
        "## All measures\n\n"
        "First replies only: shares with 95 % intervals; n is the number of replies a measure applies to.\n\n"
        + _table(material, "measure", rows)
        + "\n"
        + "".join(f"- {_meaning(metric)}\n" for metric in material.metrics)
        + (f"\nRules stand beside the models to show what a figure is worth:\n\n{notes}" if notes else "")
    )


def _meaning(metric: Metric) -> str:
    better = "" if metric.better == "neither" else f"; {metric.better} is better"
    head = f"*{escape(metric.label)}* (`{metric.name}`, {metric.low:g} to {metric.high:g}{better})"
    return f"{head}: {escape(metric.description)}"


def _template(material: Material, rule: str) -> str:
    template = material.identities[rule].get("template")
    return f": {escape(template)}" if template else ""


def comparisons(material: Material) -> str:
    """Each candidate against the baseline on each measure."""
    rows = []
    for candidate in material.candidates:
        for metric in material.metrics:
            found = material.results.compare(candidate, metric.name)
            if found:
                gap = found.difference
                word = {1: "better", 0: "cannot tell", -1: "worse"}[leader(metric, found)]
                rows.append(
                    [
                        candidate.name,
                        metric.label,
                        points(gap.value),
                        f"{points(gap.low)} to {points(gap.high)}",
                        None if metric.better == "neither" else word,
                        found.higher,
                        found.same,
                        found.lower,
                        gap.num_cases,
                    ]
                )
    if not rows:
        return ""
    headers = ["model", "measure", "difference", "95 % interval", "verdict", "higher", "same", "lower", "n"]
    return (
        f"## Compared with {escape(material.results.baseline.name)}, reply by reply\n\n"
        "Differences in points of a hundred. Higher, same and lower count the replies that scored above, equal to or "
        "below the baseline's reply to the same case. Each interval stands for itself: of twenty, one may miss.\n\n"
        + table(headers, rows)
    )


def by_group(material: Material, kind: str, title: str) -> str:
    """The deciding measure for each group of a kind."""
    metric = material.headline
    groups = material.groups(kind)
    rows = [_row(material, _words(group), metric.name, in_group(kind, group)) for group in groups]
    if not any(rows):
        return ""
    label = escape(metric.label)
    header = title.removeprefix("By ")
    return f"## {title}\n\n{label[:1].upper()}{label[1:]}; the weakest first.\n\n" + _table(material, header, rows)


def by_strategy(material: Material) -> str:
    """For each move, how often the reply keeps every rule."""
    rules = {r.truth.strategy: r.truth.rule for r in material.results.records(material.reference) if r.truth}
    rows = []
    for group in material.results.groups("strategy"):
        row = _row(material, _words(group), "good_reply", in_group("strategy", group))
        if row:
            rows.append([row[0], FORM[rules[group]], *row[1:]])
    if not rows:
        return ""
    return (
        "## By move\n\nReplies that keep every rule of a good reply at once: they give the corrected form, or keep it "
        "back, as the move does.\n\n" + table(["move", "the corrected form", "n", *_names(material)], rows)
    )


def dialogues(material: Material) -> str:
    """Dialogues played to their end with the model's own replies in the history."""
    results = material.results
    played = results.dialogues(results.baseline, "in_role")
    if played is None:
        return ""
    whole = [_text(results.dialogues(each, "in_role")) for each in results.contestants]
    rows: list[list[object]] = [["whole dialogues answered in role to the end", played.num_cases, *whole]]
    for metric in material.metrics:
        if metric.better != "neither" and metric.name != "parses":
            rows.append(_row(material, f"turns: {metric.label}", metric.name, in_dialogue))
    return (
        "## Dialogues played to the end\n\nThe learner's turns are fixed beforehand; the tutor's turns in the history "
        "are the model's own.\n\n" + _table(material, "measure", rows)
    )


def _row(material: Material, label: str, metric: str, where: Where) -> list[object]:
    """Label, number of replies and one share per contestant; empty where the measure applies to nothing."""
    found = [material.results.estimate(each, metric, where) for each in material.results.contestants]
    return [label, found[0].num_cases, *map(_text, found)] if found and found[0] else []


def _table(material: Material, header: str, rows: Sequence[list[object]]) -> str:
    return table([header, "n", *_names(material)], [row for row in rows if row])


def _names(material: Material) -> list[str]:
    return [each.name for each in material.results.contestants]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _text(found: Estimate | None) -> Markup | None:
    return Markup(f"{percent(found.value)} ({100 * found.low:.1f}–{100 * found.high:.1f})") if found else None
