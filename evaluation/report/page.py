"""The page from top to bottom."""

from __future__ import annotations

import textwrap
from pathlib import Path

from espalier.records import write_text
from espalier.report import escape, interval_bars
from evaluation.report import examples, provenance, sections
from evaluation.report.material import Material
from evaluation.report.verdict import alone, verdict
from evaluation.stats import Estimate

_ASIDES = ("good_reply", "corrected_absent", "explicit_correction")


def write_report(material: Material, folder: Path) -> None:
    """Writes `report.md` and its picture, which is named after the scores, into `folder`."""
    picture = _draw(material, folder / f"{material.name}.png")
    parts = [
        _opening(material, picture.name),
        _before_and_after(material),
        sections.measures(material),
        sections.comparisons(material),
        sections.by_group(material, "error", "By kind of mistake"),
        sections.by_strategy(material),
        sections.by_group(material, "split", "By kind of hold-out"),
        sections.dialogues(material),
        _failures(material),
        provenance.where_from(material),
        provenance.limits(material),
    ]
    write_text(folder / "report.md", "\n".join(part for part in parts if part))


def conclusions(material: Material) -> list[str]:
    """One paragraph of verdict per candidate; one on the baseline where it is alone."""
    asides = [metric for name in _ASIDES for metric in material.metrics if metric.name == name]
    found = [verdict(material.results, each, material.headline, asides) for each in material.candidates]
    return found or [alone(material.results, material.headline)]


def _opening(material: Material, picture: str) -> str:
    names = " and ".join(each.name for each in material.candidates)
    baseline = material.results.baseline.name
    title = f"{names} against {baseline}" if names else baseline
    paragraphs = "\n\n".join(conclusions(material))
    suite = material.suite
    return (
        f"# {escape(title)}: {escape(suite.name)}, version {suite.version}\n\n{paragraphs}\n\n"
        f"{escape(suite.description)}\n\n![Share of replies by measure and model]({picture})\n"
    )


def _draw(material: Material, path: Path) -> Path:
    """A bar per measure and contestant, with intervals."""
    results = material.results
    shown = [
        metric
        for metric in material.metrics
        if (metric.low, metric.high) == (0, 1) and results.estimate(results.baseline, metric.name)
    ]
    series = {
        contestant.name: [_triple(results.estimate(contestant, metric.name)) for metric in shown]
        for contestant in results.contestants
    }
    notes = {"lower": " (fewer is better)", "neither": " (neither is better)", "higher": ""}
    labels = [textwrap.fill(metric.label + notes[metric.better], 34) for metric in shown]
    return interval_bars(
        labels, series, path, title=f"Suite {material.suite.name}", unit="share of replies, 95 % interval"
    )


def _before_and_after(material: Material) -> str:
    models = [each.members[0] for each in (material.results.baseline, *material.candidates)]
    found = examples.before_and_after(material.results, models, material.seed)
    return (
        "## The same words, every model's reply\n\n"
        "One case for each move, drawn by lot and not by result. ✓: the corrected form is given, or kept back, as the "
        f"move asks; ✗: it is not; neither: the move leaves it open, or none is known.\n\n{found}"
    )


def _failures(material: Material) -> str:
    who = (material.candidates or [material.results.baseline])[-1]
    found, total = examples.failures(material.results, who, material.headline, material.seed)
    if not total:
        return ""
    label = escape(material.headline.label)
    note = f"{total:,} first replies miss it ({label}). Some of them, drawn by lot:"
    return f"## Where {escape(who.name)} still fails\n\n{note}\n\n{found}"


def _triple(found: Estimate | None) -> tuple[float, float, float] | None:
    return (found.value, found.low, found.high) if found else None
