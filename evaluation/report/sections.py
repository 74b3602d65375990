"""The tables: every column, every comparison, what is missing, and where models differ by group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence

from espalier.report import Markup, escape, table
from evaluation.backends.opening import openers
from evaluation.comparison.figures import Contestant, Coverage, leader
from evaluation.comparison.formats import between, chance, gap, number, shown, size
from evaluation.comparison.tables import Scope, first_reply, in_dialogue, in_group
from evaluation.metrics.base import Column
from evaluation.report.examples import FORM
from evaluation.report.material import Material
from evaluation.report.tried import why_withheld

_REASONS_SHOWN = 3


def measures(material: Material) -> str:
    """Every column of single replies for everyone, and what each means."""
    shown = [each for each in material.results.contestants if not each.kind or each in material.strongest_controls]
    rows = [row(material, metric.label, metric, first_reply, shown) for metric in material.of_replies]
    notes = rules(material, [each for each in shown if each.control])
    return (
        "## All measures\n\n"
        "First replies only: means with 95 % intervals, of shares in percent; n is the number of replies a measure "
        "applies to.\n\n"
        + (f"Beside the models stands what shows the worth of a figure:\n\n{notes}\n" if notes else "")
        + full_table(material, "measure", rows, shown)
        + "\n"
        + "".join(f"- {meaning(metric)}\n" for metric in material.of_replies)
    )


def rules(material: Material, contestants: Sequence[Contestant]) -> str:
    """What each rule and control among them does, a line each."""
    known = {form: opener.what for form, opener in openers().items()}
    said = {each.name: f"is {escape(each.label)}" if each.kind else known.get(each.name, "") for each in contestants}
    return "".join(f"- `{name}` {what}{_template(material, name)}\n" for name, what in said.items() if what)


def meaning(metric: Column) -> str:
    """What a column is, in one line."""
    better = "" if metric.better == "neither" else f"; {metric.better} is better"
    ends = f"{metric.low:g} up" if metric.high == float("inf") else f"{metric.low:g} to {metric.high:g}"
    return f"*{escape(metric.label)}* (`{metric.name}`, {ends}{better}): {escape(metric.description)}"


def _template(material: Material, rule: str) -> str:
    template = material.identities[rule].get("template")
    return f": {escape(template)}" if template else ""


def gaps(material: Material) -> str:
    """Replies and verdicts that there are not, by model and column; empty where all are there."""
    results = material.results
    rows: list[list[object]] = []
    for each in material.without_controls:
        found: dict[str, Coverage] = {c.name: results.coverage(each, c.name) for c in material.metrics}
        failed = max((coverage.failed for coverage in found.values()), default=0)
        if failed:
            rows.append([each.name, "every measure", None, None, failed])
        for column in material.metrics:
            if found[column.name].abstained:
                coverage = found[column.name]
                rows.append([each.name, column.label, coverage.measured, coverage.abstained, coverage.failed])
    if not rows:
        return ""
    return (
        "## What is missing\n\nA reply that failed, or a verdict that a judge or a measure withheld, is no zero: it "
        "takes part in no figure, and its pair in no comparison.\n\n"
        + table(["model", "measure", "n", "abstained", "no reply"], rows)
        + _reasons(material)
    )


def _reasons(material: Material) -> str:
    lines = []
    for each in material.without_controls:
        if len(each.members) == 1:
            reasons = Counter(r.error for r in material.results.records(each.name) if r.finish == "error")
            most = sorted(reasons.items(), key=lambda found: (-found[1], found[0]))
            lines += [
                f"- {escape(each.name)}, {count:,} times: {escape(why)}\n" for why, count in most[:_REASONS_SHOWN]
            ]
    return "\nWhy there is no reply:\n\n" + "".join(lines) if lines else ""


def comparisons(material: Material) -> str:
    """Each candidate against the baseline on each column."""
    results = material.results
    corrected, won = results.corrected(material.candidates), why_withheld(material)
    rows = [
        found
        for candidate in material.candidates
        for metric in material.metrics
        if (found := _comparison(material, candidate, metric, corrected, won))
    ]
    if not rows:
        return ""
    withheld = (
        " *Withheld* stands where a control does as well as good replies, or a model was trained to please the judge."
        if won
        else ""
    )
    headers = ["model", "measure", "difference", "95 % interval", "p", "verdict", "d", "wins − losses", "detectable"]
    return (
        f"## Compared with {escape(results.baseline.name)}, reply by reply\n\n"
        "Differences of shares in points of a hundred, of all else in the measure's unit. *p* is that of a permutation "
        f"test, corrected by Holm's method for all {len(corrected):,} comparisons that have a better side; *better* "
        "and *worse* stand where it is below .05 and the interval leaves out 0. *d* is the mean difference in standard "
        "deviations of the differences (d_z). *Wins − losses* is the share of replies that scored higher than the "
        "baseline's reply to the same case, less the share that scored lower, and for measures that are mere steps "
        "the better size of effect. *Detectable* is the true difference that cases like these find 4 times in 5."
        f"{withheld}\n\n" + table([*headers, "higher", "same", "lower", "n"], rows)
    )


def _comparison(
    material: Material,
    candidate: Contestant,
    metric: Column,
    corrected: Mapping[tuple[str, str], float],
    won: Container[str],
) -> list[object]:
    found = material.results.compare(candidate, metric.name)
    if found is None:
        return []
    difference = found.difference
    p_value = corrected.get((candidate.name, metric.name))
    word = None if p_value is None else {1: "better", 0: "cannot tell", -1: "worse"}[leader(metric, found, p_value)]
    word = "withheld" if word and metric.name in won else word
    effect = None if found.effect_size is None else number(found.effect_size, 2, sign="+")
    return [
        candidate.name,
        metric.label,
        gap(metric, difference.value),
        between(metric, difference),
        None if p_value is None else chance(p_value),
        word,
        effect,
        number(found.dominance, 2, sign="+"),
        size(metric, found.detectable),
        found.higher,
        found.same,
        found.lower,
        difference.num_cases,
    ]


def by_group(material: Material, kind: str, title: str, *, besides: Sequence[str] = ()) -> str:
    """The deciding column for each group of a kind, and how far each candidate is from the baseline in it.

    Groups that stand among those of the kinds `besides` already are left out.
    """
    metric, results = material.headline, material.results
    known = {group for other in besides for group in results.groups(other)}
    groups = [group for group in material.groups(kind) if group not in known]
    rows = [
        [*found, *(_gap(material, each, metric, in_group(kind, group)) for each in material.candidates)]
        for group in groups
        if (found := row(material, words(group), metric, in_group(kind, group)))
    ]
    if not rows:
        return ""
    label = escape(metric.label)
    header = title.removeprefix("By ")
    order = "" if metric.better == "neither" else "; the weakest first"
    against = f", less {results.baseline.name}"
    differences = [f"{each.name}{against}" for each in material.candidates]
    return (
        f"## {title}\n\n{label[:1].upper()}{label[1:]}{order}. Each group's interval stands for itself: of "
        "twenty, one may miss.\n\n" + table([header, "n", *_names(material), *differences], rows)
    )


def _gap(material: Material, candidate: Contestant, metric: Column, scope: Scope) -> Markup | None:
    found = material.results.compare(candidate, metric.name, scope)
    return Markup(f"{gap(metric, found.difference.value)} ({between(metric, found.difference)})") if found else None


def by_strategy(material: Material) -> str:
    """For each move, how often the reply keeps every rule."""
    good = next((column for column in material.metrics if column.name == "good_reply"), None)
    if good is None:
        return ""
    rules = {r.truth.strategy: r.truth.rule for r in material.results.records(material.reference) if r.truth}
    rows = []
    for group in material.results.groups("strategy"):
        found = row(material, words(group), good, in_group("strategy", group))
        if found:
            rows.append([found[0], FORM[rules[group]], *found[1:]])
    if not rows:
        return ""
    return (
        "## By move\n\nReplies that keep every rule of a good reply at once: they give the corrected form, or keep it "
        "back, as the move does.\n\n" + table(["move", "the corrected form", "n", *_names(material)], rows)
    )


def row(material: Material, label: str, metric: Column, scope: Scope, who: Sequence[Contestant] = ()) -> list[object]:
    """Label, number of replies and one mean per contestant; empty where the column applies to nothing.

    `who` are by default all but the controls.
    """
    found = [material.results.estimate(each, metric.name, scope) for each in who or material.without_controls]
    if not any(found):
        return []
    numbers = [each.num_cases if each else 0 for each in found[: len(material.without_controls)]]
    count: object = numbers[0] if len(set(numbers)) == 1 else " / ".join(f"{each:,}" for each in numbers)
    return [label, count, *(shown(metric, each) for each in found)]


def full_table(material: Material, header: str, rows: Sequence[list[object]], who: Sequence[Contestant] = ()) -> str:
    """A table with a column for each contestant, of the rows that `row` made for the same."""
    names = [each.name for each in who] or _names(material)
    return table([header, "n", *names], [each for each in rows if each])


def words(name: str) -> str:
    """A group's name for a reader."""
    return name.replace("_", " ")


def _names(material: Material) -> list[str]:
    return [each.name for each in material.without_controls]


def dialogues(material: Material) -> str:
    """What whole dialogues come to, then every turn of them; empty where none was played."""
    results = material.results
    if not any(
        record.num_turns > 1
        for each in material.without_controls
        for m in each.members
        for record in results.records(m)
    ):
        return ""
    rows = [row(material, column.label, column, first_reply) for column in material.of_dialogues]
    in_role = next((column for column in material.metrics if column.name == "in_role"), None)
    if in_role is not None:
        whole = [results.dialogues(each, "in_role") for each in material.without_controls]
        played = max((found.num_cases for found in whole if found), default=0)
        if played:
            label = "whole dialogues answered in role to the end"
            rows.append([label, played, *(shown(in_role, found) for found in whole)])
    for column in material.of_replies:
        if column.better != "neither" and column.name != "parses":
            rows.append(row(material, f"turns: {column.label}", column, in_dialogue))
    notes = "".join(f"- {meaning(column)}\n" for column in material.of_dialogues)
    simulated = any(column.name == "turns_to_self_correction" for column in material.of_dialogues)
    learner = (
        "A learner's turns are fixed beforehand, or made by a simulated learner in answer to the tutor"
        if simulated
        else "The learner's turns are fixed beforehand"
    )
    return (
        f"## Dialogues played to the end\n\n{learner}; the tutor's turns in the history are the model's own. "
        "What is said of whole dialogues counts dialogues, what is said of turns counts replies.\n\n"
        + full_table(material, "measure", rows)
        + (f"\n{notes}" if notes else "")
    )
