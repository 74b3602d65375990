"""What a report rests on: where the models come from, whether they met the cases before, how sure the figures are."""

from __future__ import annotations

from espalier.report import escape, percent, table
from evaluation.lineage import Lineage, count_verdicts
from evaluation.report.material import Material
from evaluation.stats import RESAMPLES


def where_from(material: Material) -> str:
    """Each model with its ancestors and mixes, and a warning where it has met what it is asked about."""
    first = material.results.baseline.members[0]
    combinations = [r.combination for r in material.results.records(first) if r.turn == 0 and r.combination]
    rows, warnings = [], []
    for name, lineage in material.lineages.items():
        mixes = ", ".join(f"{mix} ({content[:12]})" for mix, content in lineage.mixes.items()) or None
        content = material.identities[name]["content_hash"][:12]
        rows.append([name, content, ", ".join(lineage.ancestors) or None, mixes, _bits_per_byte(lineage)])
        warnings += _warnings(name, lineage, combinations)
    if combinations and not warnings:
        warnings = ["No model's lineage was trained on a combination that it is asked about here."]
    headers = ["model", "content", "descends from", "trained on mixes", "held-out bits per byte"]
    notes = "".join(f"\n{warning}\n" for warning in warnings)
    return "## Where the models come from\n\n" + table(headers, rows) + notes


def _warnings(name: str, lineage: Lineage, combinations: list[tuple[str, ...]]) -> list[str]:
    verdicts = count_verdicts(lineage, combinations)
    found = []
    if verdicts["seen"]:
        found.append(
            f"**{escape(name)} was trained on a mix that does not hold out the combinations of {verdicts['seen']:,} of "
            f"these {len(combinations):,} cases: it may have seen them, and its figures are not of unseen cases.**"
        )
    if verdicts["unknown"]:
        found.append(
            f"Whether {escape(name)} has seen the combinations of {verdicts['unknown']:,} of these "
            f"{len(combinations):,} cases in training is not known."
        )
    return found


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
    lines = [
        escape(material.suite.truth),
        f"One reply to each case: {drawn}, at most {generation.max_new_tokens} tokens.",
        "The intervals allow for which cases were drawn. Cases that share a verb and an object count as one group. "
        "Shares have Wilson intervals on the effective number of cases, differences a paired bootstrap over groups "
        f"({RESAMPLES:,} resamples).",
        "They do not allow for another training run of the same recipe, unless several are pooled.",
        f"The cases come from mix {escape(material.mix)}." if material.mix else "The cases are listed in the suite.",
    ]
    body = "".join(f"- {line}\n" for line in lines if line)
    return f"## What this rests on\n\n{body}\nThe same again:\n\n```\n{material.command}\n```\n"
