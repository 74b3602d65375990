"""What a report rests on: where the models come from, whether they met the cases before, how sure the figures are."""

from __future__ import annotations

from collections.abc import Mapping

from espalier.report import escape, percent, table
from evaluation.cases.trained_on import Lineage, count_verdicts
from evaluation.comparison.paired import MANY
from evaluation.comparison.resampling import RESAMPLES
from evaluation.report.material import Material

_NAMED = 12
"""Cases named of those seen; `report.json` names them all."""


def where_from(material: Material) -> str:
    """Each model with its ancestors and mixes, and what is known of its having met the cases before."""
    if not material.lineages:
        return ""
    rows = []
    for name, lineage in material.lineages.items():
        mixes = ", ".join(f"{mix} ({content[:12]})" for mix, content in lineage.mixes.items()) or None
        content = str(material.identities[name].get("content_hash", ""))[:12] or None
        ancestors = ", ".join(lineage.ancestors) or None
        rows.append([name, content, ancestors, mixes, _trained(lineage), _bits_per_byte(lineage)])
    headers = ["model", "content", "descends from", "trained on mixes", "parameters trained", "held-out bits per byte"]
    notes = [*leaks(material), *_unknowns(material), *_where_seen(material)]
    if not notes and _combinations(material):
        notes = ["No model's lineage was trained on a combination that it is asked about here."]
    return "## Where the models come from\n\n" + table(headers, rows) + "".join(f"\n{note}\n" for note in notes)


def cautions(material: Material) -> list[str]:
    """What a reader must know before the figures: cases that were seen, models that are one and the same."""
    return [*_partial(material), *leaks(material), *_twins(material)]


def _partial(material: Material) -> list[str]:
    """That a model was trained to please who judges it."""
    columns: dict[str, list[str]] = {}
    for column in material.metrics:
        if column.name in material.partial:
            columns.setdefault(material.partial[column.name], []).append(f"“{escape(column.label)}”")
    return [
        f"**Caution: {escape(why)}: its figures say that training did what it was told, and decide nothing "
        f"({', '.join(labels)}).**"
        for why, labels in columns.items()
    ]


def leaks(material: Material) -> list[str]:
    """A warning for each model that may have seen cases in training."""
    combinations = _combinations(material)
    counts = {name: count_verdicts(each, combinations)["seen"] for name, each in material.lineages.items()}
    by_combination = [
        f"**Caution: {escape(name)} was trained on a mix that does not hold out the combinations of {count:,} of these "
        f"{len(combinations):,} cases. It may have seen them, so its figures are not of unseen cases.**"
        for name, count in counts.items()
        if count
    ]
    total = len({record.case for record in material.results.records(material.reference)})
    by_words = [
        f"**Caution: the words of {len(found):,} of these {total:,} cases stand in a mix that {escape(name)} descends "
        "from. It may have seen them, so its figures are not of unseen cases.**"
        for name, found in material.seen.items()
        if found
    ]
    by_judge = [
        f"**Caution: {len(found):,} of these {total:,} cases stand in a mix that {escape(name)}, which judges, "
        "descends from. What it says of replies to them it may have learned from replies to them.**"
        for name, found in material.judges_seen.items()
        if found
    ]
    return by_combination + by_words + by_judge


def _where_seen(material: Material) -> list[str]:
    """Which cases' words stand in which mix."""
    notes = []
    for name, found in {**material.seen, **material.judges_seen}.items():
        for mix in sorted(set(found.values())):
            cases = [escape(case) for case, place in found.items() if place == mix]
            more = f" and {len(cases) - _NAMED:,} more" if len(cases) > _NAMED else ""
            notes.append(f"{escape(name)} may have met in {escape(mix)}: {', '.join(cases[:_NAMED])}{more}.")
    return notes


def _twins(material: Material) -> list[str]:
    """Models that are the same to the last bit."""
    by_content: dict[str, list[str]] = {}
    for each in material.models:
        content = material.identities.get(each.name, {}).get("content_hash")
        if content:
            by_content.setdefault(str(content), []).append(each.name)
    return [
        f"**Caution: {escape(' and '.join(names))} have the same content: they are one model under "
        f"{'two' if len(names) == 2 else 'several'} names, and no difference between them is one of teaching.**"
        for names in by_content.values()
        if len(names) > 1
    ]


def _unknowns(material: Material) -> list[str]:
    combinations = _combinations(material)
    counts = {name: count_verdicts(each, combinations)["unknown"] for name, each in material.lineages.items()}
    return [
        f"Whether {escape(name)} has seen the combinations of {count:,} of these {len(combinations):,} cases in "
        "training is not known: its lineage, or a mix in it, is not all here."
        for name, count in counts.items()
        if count
    ]


def _combinations(material: Material) -> list[tuple[str, ...]]:
    records = material.results.records(material.reference)
    return [record.combination for record in records if record.turn == 0 and record.combination]


def _trained(lineage: Lineage) -> str | None:
    trained, total = lineage.summary.get("parameters_trained"), lineage.summary.get("parameters")
    return f"{trained:,} of {total:,} ({percent(trained / total)})" if trained and total else None


def _bits_per_byte(lineage: Lineage) -> str | None:
    """What the model's run reached on held-out rows that fit its context, beside the floor of their source."""
    fit = lineage.summary.get("heldout", {}).get("valid", {}).get("fit", {})
    if not fit.get("bits_per_byte"):
        return None
    floor = fit.get("floor")
    beside = f", {percent(fit['bits_per_byte'] / floor - 1)} over the floor of {floor:.4f}" if floor else ""
    return f"{fit['bits_per_byte']:.4f}{beside}"


def limits(material: Material) -> str:
    """How replies were made, what the intervals cover, and the command."""
    generation = material.suite.generation
    drawn = (
        "the likeliest token each time" if generation.temperature == 0 else f"temperature {generation.temperature:g}"
    )
    replies = "One reply" if generation.samples == 1 else f"{generation.samples:,} replies"
    lines = [
        escape(material.suite.truth),
        f"{replies} to each case: {drawn}, at most {generation.max_new_tokens} tokens.",
        "The intervals allow for which cases were drawn; cases of one cluster, and several replies to one case, count "
        "as one group. Shares have Wilson intervals on the effective number of cases, other means Student's t on the "
        f"variance between groups, differences a paired bootstrap over groups ({RESAMPLES:,} resamples).",
        f"The permutation test lets the two models change places within groups, {RESAMPLES:,} times, or in every way "
        f"where those are at most 2^14. Above {MANY:,} groups, test and bootstrap give way to their normal limits.",
        "They do not allow for another training run of the same recipe, unless several are pooled.",
        f"The cases come from mix {escape(material.mix)}." if material.mix else "The cases are listed in the suite.",
        _evaluator(material.evaluator),
    ]
    body = "".join(f"- {line}\n" for line in lines if line)
    return f"## What this rests on\n\n{body}\nThe same again:\n\n```\n{material.command}\n```\n"


def _evaluator(found: Mapping[str, str]) -> str:
    """The pin, whole, and by which part it differs from another report's."""
    parts = ", ".join(f"{part} {content[:8]}" for part, content in found.items() if part != "pin")
    return f"The evaluator is `{found['pin']}` ({parts}); `--pin` refuses any other." if found else ""
